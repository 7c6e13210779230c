import Economics
import Values
import WorkflowModel

extension MoneySum {
    /// In pico-dollars. 128 bits hold every sum of two 64-bit limbs.
    var exact: Int128 { Int128(dollars) * 1_000_000_000_000 + Int128(picoDollars) }

    init(exact: Int128) {
        self.init(dollars: Int64(exact / 1_000_000_000_000), picoDollars: Int64(exact % 1_000_000_000_000))
    }

    /// An equal share, rounded once to the pico-dollar, half to even; `nil` of nothing.
    func divided(by count: Int) -> MoneySum? {
        guard count > 0 else { return nil }
        let divisor = Int128(count)
        var (quotient, remainder) = exact.quotientAndRemainder(dividingBy: divisor)
        if remainder < 0 { quotient -= 1; remainder += divisor }
        if remainder * 2 > divisor || (remainder * 2 == divisor && quotient % 2 != 0) { quotient += 1 }
        return MoneySum(exact: quotient)
    }
}

/// What a set of calls came to, and how many tokens they took.
struct Tally {
    var spending = Spending()
    var input = 0
    var cached = 0
    var output = 0
    var reportsTokens = false

    init() {}

    init(_ calls: some Sequence<CallRecord>, folded: [FoldedCalls] = []) {
        for calls in folded {
            spending.add(calls.count, calls.state, cost: calls.cost, held: calls.held, isEstimate: calls.isEstimate)
            count(calls.inputTokens, calls.outputTokens)
            cached += calls.cacheReadTokens
        }
        for call in calls {
            add(call.countedState, cost: call.cost, held: call.held, input: call.inputTokens, output: call.outputTokens, isEstimate: call.isEstimated)
            cached += call.cacheReadTokens ?? 0
        }
    }

    mutating func add(_ state: CallState, cost: Money?, held: Money?, input: Int?, output: Int?, isEstimate: Bool = false) {
        spending.add(state, cost: cost, held: held, isEstimate: isEstimate)
        count(input, output)
    }

    private mutating func count(_ input: Int?, _ output: Int?) {
        self.input += input ?? 0
        self.output += output ?? 0
        if input != nil || output != nil { reportsTokens = true }
    }

    func costText(_ style: TextStyle) -> String { spending.cell(style) }

    func tokensText(_ style: TextStyle) -> String {
        reportsTokens ? Figures.tokens(input: input, cached: 0, output: output, style) : ""
    }
}

extension CallRecord {
    var isCount: Bool { purpose == CallPurpose.count.rawValue }

    /// The state by which it counts in a sum: of a count of tokens nothing is owed, also where it is under way or its end is lost.
    var countedState: CallState { isCount && (state == .held || state == .unknown) ? .void : state }

    var isUnpriced: Bool { Spending.isUnpriced(state, hasCost: cost != nil, hasHold: held != nil) }
}

enum Figures {
    /// `12,345`.
    static func count(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return (value < 0 ? "-" : "") + String(digits)
    }

    static func counted(_ value: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// What was cut of a value: `docs, 4,200 bytes to 1,100`.
    static func cut(_ key: String, from before: Int, to after: Int) -> String {
        "\(key), \(counted(before, "byte")) to \(count(after))"
    }

    /// `412 (380 cached)→18`.
    static func tokens(input: Int, cached: Int, output: Int, _ style: TextStyle) -> String {
        count(input) + (cached > 0 ? " (\(count(cached)) cached)" : "") + style.arrow + count(output)
    }

    /// With one decimal; more than nothing never reads as nothing, less than all never as all.
    static func percent(_ part: Int128, of whole: Int128) -> String? {
        guard whole > 0 else { return nil }
        var permille = (part * 2000 + whole) / (whole * 2)
        if permille == 0, part > 0 { return "<0.1 %" }
        if permille == 1000, part < whole { permille = 999 }
        return "\(permille / 10).\(permille % 10) %"
    }

    /// Time between two moments; a clock that went back gives none.
    static func span(_ start: Timestamp?, _ end: Timestamp?) -> TimeSpan? {
        guard let start, let end else { return nil }
        return end.elapsed(since: start)
    }

    /// Packs pieces into lines; a piece that is too long for a line is wrapped.
    static func flow(_ pieces: [StyledText], _ style: TextStyle, indent: Int = 0) -> [StyledText] {
        var lines: [StyledText] = []
        for piece in pieces where !piece.isEmpty {
            if let last = lines.last, last.width + 3 + piece.width <= style.width ?? .max {
                lines[lines.count - 1] = last + "   " + piece
            } else {
                lines += piece.wrapped(style)
            }
        }
        return lines
    }

    /// A failure as the ledger keeps it, as a heading and the lines below it.
    static func failure(_ value: JSONValue) -> (kind: String?, text: String, details: [String]) {
        let kind = value["kind"]?.stringValue
        guard let message = value["message"]?.stringValue else { return (kind, value.jsonText, []) }
        let details = value["details"]?.arrayValue?.map { $0.stringValue ?? $0.jsonText } ?? []
        return (kind, (kind.map { $0 + ": " } ?? "") + message, details)
    }
}

extension StyledText {
    /// Itself when it fits; else wrapped, in its first tint.
    func wrapped(_ style: TextStyle) -> [StyledText] {
        guard let limit = style.width, width > limit else { return [self] }
        return rendered(.plain).wrapped(to: limit).map { StyledText($0, spans.first?.tint) }
    }
}

extension JSONValue {
    static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    static func number(_ value: Int?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }
    static func time(_ value: Timestamp?) -> JSONValue { text(value?.rfc3339) }
    static func span(_ value: TimeSpan?) -> JSONValue { value.map { .int($0.milliseconds) } ?? .null }
    static func money(_ value: Money?) -> JSONValue { value?.json ?? .null }
    static func hash(_ value: ContentHash?) -> JSONValue { text(value?.hex) }
}
