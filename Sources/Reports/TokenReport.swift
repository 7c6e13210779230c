import Economics
import Values
import WorkflowModel

/// What `try tokens` prints.
public struct TokenReport: Sendable {
    public let model: String
    public let bytes: Int
    public let tokens: PromptTokens
    /// The most that it can have by its bytes, and by all that is known.
    public let byteBound: Int
    public let bound: Int
    /// What the model's earlier prompts came to; `nil`: too few are known.
    public let ratio: TokenRatio?
    /// As input; `nil`: no price is known.
    public let cost: Money?
    public let boundCost: Money?
    public let notes: [String]

    public init(
        model: String, bytes: Int, tokens: PromptTokens, byteBound: Int, bound: Int, ratio: TokenRatio?, cost: Money?, boundCost: Money?, notes: [String]
    ) {
        self.model = model
        self.bytes = bytes
        self.tokens = tokens
        self.byteBound = byteBound
        self.bound = bound
        self.ratio = ratio
        self.cost = cost
        self.boundCost = boundCost
        self.notes = notes
    }

    public func text(style: TextStyle) -> String {
        var table = Table([.init("", floor: 10), .init("tokens", .trailing), .init("as input", .trailing), .init("how it is known", expendable: 1)])
        func row(_ name: String, _ count: Int, _ cost: Money?, _ how: String) {
            table.add([StyledText(name), StyledText(Figures.count(count)), StyledText(cost?.displayText ?? "unpriced", cost == nil ? .yellow : nil), StyledText(how, .dim)])
        }
        row(tokens.way.name, tokens.tokens, cost, tokens.way.explanation)
        row("at most", bound, boundCost, bound < byteBound ? "by the count; \(Figures.count(byteBound)) by its bytes" : "by its bytes")
        var text = table.text(style) + "\(Figures.count(bytes)) bytes for \(model)\n"
        if let ratio, tokens.way != .learned(ratio) { text += "earlier prompts: \(PromptTokens.Way.learned(ratio).explanation)\n" }
        for note in notes { text += "note: \(note)\n" }
        return text
    }

    public var json: JSONValue {
        [
            "model": .string(model), "bytes": .number(bytes), "tokens": .number(tokens.tokens), "known_by": tokens.way.json, "most_tokens": .number(bound),
            "most_tokens_by_bytes": .number(byteBound), "learned": ratio.map { PromptTokens.Way.json($0) } ?? .null, "input_cost_usd": .money(cost),
            "most_input_cost_usd": .money(boundCost), "notes": .array(notes.map(JSONValue.string)),
        ]
    }
}

extension PromptTokens.Way {
    /// `counted`, `learned`, `estimated`.
    public var name: String {
        switch self {
        case .estimate: "estimated"
        case .learned: "learned"
        case .counted: "counted"
        }
    }

    public var explanation: String {
        switch self {
        case .estimate: "four bytes a token"
        case .learned(let ratio):
            "\(TokenRatio.text(ratio.thousandths)) bytes a token in \(Figures.counted(ratio.calls, "call")), from \(TokenRatio.text(ratio.low)) to \(TokenRatio.text(ratio.high)) in four of five"
        case .counted(.proved): "by its server, exactly"
        case .counted(.learned): "by its vendor's estimate"
        }
    }

    var json: JSONValue {
        switch self {
        case .estimate: ["way": .string(name)]
        case .learned(let ratio): .object(Self.json(ratio).objectValue!.with("way", .string(name)))
        case .counted(let basis): ["way": .string(name), "basis": .string(basis.rawValue)]
        }
    }

    static func json(_ ratio: TokenRatio) -> JSONValue {
        [
            "calls": .number(ratio.calls), "bytes_per_token": .string(TokenRatio.text(ratio.thousandths)), "low": .string(TokenRatio.text(ratio.low)),
            "high": .string(TokenRatio.text(ratio.high)),
        ]
    }
}
