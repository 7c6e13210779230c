import Economics
import PromptCaching
import Values

/// What a call has to gain by waiting until another has written what they share, and what it writes itself.
struct PrefixStake: Sendable {
    struct Prefix: Sendable, Hashable {
        let name: UInt64
        /// From the beginning of the prompt.
        let tokens: Int
    }

    /// What a token is worth that is found rather than processed.
    private enum Worth {
        /// So many pico-dollars for a thousand thousandths of a token; of those up to `written` the price of writing is saved, too.
        case money(price: Money, thousandths: Int, written: Int, writtenThousandths: Int)
        /// The server's time alone: it charges by none, or by the hour.
        case time(prompt: Int)
    }

    /// What it could find in the cache beyond what it finds in any case, from the beginning of the prompt on.
    let prefixes: [Prefix]
    /// The names of what it writes.
    let writes: [UInt64]
    /// The tokens that it finds in any case.
    let known: Int
    private let worth: Worth
    /// Of a second.
    private let latencyPrice: Money

    /// Shorter prefixes are processed sooner than the first token of another answer comes.
    private static let leastForTime = 256

    /// - Parameters:
    ///   - sheet: what its model charges; `nil`: it has no price.
    ///   - latencyPrice: what a second of waiting is worth.
    ///   - beyond: the tokens of the prefix that it has waited for already.
    /// - Returns: `nil` where there is nothing to wait for nor to be waited for: no cache that can be read as soon as an answer begins, no
    ///   prefix that could be in it, or a run that is kept apart for comparison.
    init?(_ plan: CachePlan, _ rules: CacheRules, _ sheet: PriceSheet?, latencyPrice: Money, beyond: Int = 0) {
        // What settles late is not there when an answer begins.
        if plan.isHeldOut || rules.entries == .units { return nil }
        let known = max(plan.cached, beyond)
        prefixes = plan.ends.filter { $0.tokens > known && $0.tokens >= plan.leastTokens }.map { Prefix(name: $0.name, tokens: $0.tokens) }
        if prefixes.isEmpty { return nil }
        let marked = plan.marks.map { plan.ends[$0.end] }
        if case .marks = rules.entries {
            writes = marked.filter { $0.tokens > known }.map(\.name)
        } else {
            writes = prefixes.map(\.name)
        }
        self.known = known
        self.latencyPrice = latencyPrice
        if rules.readPrice == 0 || sheet?.isMachineTime == true {
            worth = .time(prompt: plan.ends.last!.tokens)
        } else {
            let writePrice = (plan.marks.last.flatMap { mark in rules.lifetimes.first { $0.span == mark.lifetime } } ?? rules.lifetimes.last)?.writePrice ?? 1
            let price = sheet?.row(.input, promptTokens: plan.ends.last!.tokens)?.price ?? .zero
            worth = .money(
                price: price, thousandths: Self.thousandths(1 - rules.readPrice), written: marked.last?.tokens ?? 0,
                writtenThousandths: Self.thousandths(writePrice - rules.readPrice))
        }
    }

    private static func thousandths(_ multiple: Double) -> Int { Int((multiple * 1000).rounded()) }

    /// Whether finding a prefix is worth waiting so long for it.
    func isWorth(waiting span: TimeSpan, for prefix: Prefix) -> Bool {
        let tokens = prefix.tokens - known
        switch worth {
        case .time(let prompt): return tokens >= Self.leastForTime && 2 * tokens >= prompt - known
        case .money(let price, let thousandths, let written, let writtenThousandths):
            // Both in thousandths of a pico-dollar, which no price and no length takes beyond the range.
            let gain = Int128(price.picoDollars) * Int128(tokens) * Int128(written >= prefix.tokens ? writtenThousandths : thousandths)
            return gain > 0 && gain >= Int128(latencyPrice.picoDollars) * Int128(span.milliseconds)
        }
    }

    /// Of what its server has to process of its prompt before it begins to answer.
    var isTimeAlone: Bool { if case .time = worth { true } else { false } }
}
