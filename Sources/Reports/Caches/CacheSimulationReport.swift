import PromptCaching
import Values

/// What `cache simulate` prints: what a log of requests would have cost under a provider's cache.
public struct CacheSimulationReport: Sendable {
    private let results: [(policy: CachePolicy, result: CacheSimulation)]
    private let rules: CacheRules

    /// - Parameter results: one at least, all of the same log.
    public init(_ results: [(CachePolicy, CacheSimulation)], rules: CacheRules) {
        self.results = results.map { (policy: $0.0, result: $0.1) }
        self.rules = rules
    }

    public func text(style: TextStyle) -> String {
        guard let any = results.first?.result, any.requests > 0 else { return "the log has no request\n" }
        var table = Table([
            .init("marks", floor: 8), .init("cost", .trailing), .init("read", .trailing), .init("written", .trailing, expendable: 2),
            .init("in vain", .trailing, expendable: 1), .init("efficiency", .trailing, expendable: 3),
        ])
        for (policy, result) in results {
            table.add([
                StyledText(policy.rawValue, policy == .planned ? .bold : nil), StyledText(Self.ratio(result.relativeCost) ?? style.dash),
                share(result.readTokens, of: result.inputTokens, style), share(result.writtenTokens, of: result.inputTokens, style),
                result.wastedTokens.map { share($0, of: result.writtenTokens, style) } ?? StyledText(style.dash), share(result.readTokens, of: policy == .none ? 0 : result.reachableTokens, style),
            ])
        }
        var lines = table.lines(style)
        lines += [
            "",
            "\(Figures.counted(any.requests, "request")), \(Figures.count(any.inputTokens)) tokens of input, under the rules of \(rules.name)",
            "\(percent(any.sharedTokens, any, style)) of them stand in prefixes that came before, \(percent(any.reachableTokens, any, style)) in such as these rules keep",
            "with marks set in knowledge of what comes it would have cost \(Self.ratio(any.relativeLeastCost) ?? style.dash) at least; 1 is without a cache",
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    /// Four decimals: these are compared with other simulators.
    private static func ratio(_ value: Double?) -> String? {
        value.map { value in
            let units = Int((min(value, 1e9) * 10_000).rounded())
            let decimals = String(units % 10_000)
            return "\(units / 10_000)." + String(repeating: "0", count: 4 - decimals.utf8.count) + decimals
        }
    }

    private func percent(_ part: Int, _ result: CacheSimulation, _ style: TextStyle) -> String { Figures.percent(Int128(part), of: Int128(result.inputTokens)) ?? style.dash }

    private func share(_ part: Int, of whole: Int, _ style: TextStyle) -> StyledText {
        StyledText(Figures.percent(Int128(part), of: Int128(whole)) ?? style.dash)
    }

    /// Costs are shares of that without a cache.
    public var json: JSONValue {
        guard let (policy, result) = results.first else { return .null }
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.double) ?? .null }
        return [
            "requests": .number(result.requests), "input_tokens": .number(result.inputTokens), "read_tokens": .number(result.readTokens),
            "written_tokens": .number(result.writtenTokens), "u_inf": number(result.sharedRatio), "u_tau": number(result.reachableRatio),
            "efficiency": number(result.efficiency), "cost": number(result.relativeCost), "cost_no_cache": .double(1), "cost_bound": number(result.relativeLeastCost),
            "wasted_write_share": number(result.wastedShare), "policy": .string(policy.rawValue), "rules": .string(rules.name),
        ]
    }
}
