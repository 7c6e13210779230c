import PromptCaching
import Values
import WorkflowModel

/// What `try prompt` prints: the segments of a model step as they would be sent.
///
/// There is no tokenizer: tokens are upper bounds, the ones that reservations are made by.
public struct PromptReport: Sendable {
    public let step: String
    public let tier: String
    /// The tier's first model.
    public let model: String
    public let segments: [PromptSegment]
    /// The most tokens of each segment's text, in their order.
    public let segmentTokens: [Int]
    /// The most tokens of all texts with what joins them, of the schema, and of the chat template.
    public let bound: (text: Int, schema: Int, template: Int)
    /// What `max_input_tokens` is held against, and that limit.
    public let estimate: Int
    public let maxInputTokens: Int?
    /// The element of `for_each` that is shown, and how many there are where that is known.
    public let item: (index: Int, count: Int?)?

    public init(
        step: String, tier: String, model: String, segments: [PromptSegment], segmentTokens: [Int],
        bound: (text: Int, schema: Int, template: Int), estimate: Int, maxInputTokens: Int?, item: (index: Int, count: Int?)?
    ) {
        self.step = step
        self.tier = tier
        self.model = model
        self.segments = segments
        self.segmentTokens = segmentTokens
        self.bound = bound
        self.estimate = estimate
        self.maxInputTokens = maxInputTokens
        self.item = item
    }

    private var bytes: Int { segments.reduce(0) { $0 + $1.text.utf8.count } }
    private var tokensAtMost: Int { bound.text + bound.schema + bound.template }
    private var messages: [PromptMessage] { PromptMessage.messages(of: segments) }

    /// The texts under a heading each, then what all of it comes to.
    public func text(style: TextStyle) -> String {
        var lines: [String] = []
        func say(_ text: String, _ tint: Tint? = nil) { lines += text.wrapped(to: style.width).map { StyledText($0, tint).line(style) } }
        for (segment, tokens) in zip(segments, segmentTokens) {
            let heading = "[\(segment.role.rawValue)\(style.dot)\(segment.origin)\(style.dot)\(segment.stability.name)]  "
                + "\(Figures.counted(segment.text.utf8.count, "byte")), at most \(Figures.counted(tokens, "token"))"
            say(heading + (segment.startsMessage ? "" : "  (joins the message above)"), .cyan)
            say(segment.text)
            lines.append("")
        }
        let position = item.map { " for item \($0.index)" + ($0.count.map { " of \(Figures.count($0))" } ?? "") } ?? ""
        say("\(step)\(position): \(Figures.counted(segments.count, "segment")) in \(Figures.counted(messages.count, "message")) to \(model) (tier \(tier)), \(Figures.counted(bytes, "byte"))", .bold)
        let schema = bound.schema > 0 ? " + \(Figures.count(bound.schema)) of the schema" : ""
        say("at most \(Figures.counted(tokensAtMost, "token")): \(Figures.count(bound.text)) of text\(schema) + \(Figures.count(bound.template)) of the chat template")
        let isOver = maxInputTokens.map { estimate > $0 } ?? false
        let limit = maxInputTokens.map { ", which \(isOver ? "passes" : "is within") max_input_tokens \(Figures.count($0))" } ?? ""
        say("estimated \(Figures.counted(estimate, "token")) (four bytes each)\(limit)", isOver ? .red : nil)
        return lines.map { $0 + "\n" }.joined()
    }

    /// The texts exactly, and the same figures.
    public var json: JSONValue {
        [
            "step": .string(step), "tier": .string(tier), "model": .string(model), "item": .number(item?.index),
            "segments": .array(zip(segments, segmentTokens).map { segment, tokens in
                [
                    "role": .string(segment.role.rawValue), "origin": .string(segment.origin), "class": .string(segment.stability.name),
                    "starts_message": .bool(segment.startsMessage), "bytes": .number(segment.text.utf8.count), "tokens_at_most": .number(tokens),
                    "hash": .hash(segment.hash), "text": .string(segment.text),
                ]
            }),
            "messages": .array(messages.map { ["role": .string($0.role.rawValue), "content": .string($0.text)] }),
            "bytes": .number(bytes), "tokens_at_most": .number(tokensAtMost), "schema_tokens_at_most": .number(bound.schema),
            "template_tokens_at_most": .number(bound.template), "tokens_estimated": .number(estimate), "max_input_tokens": .number(maxInputTokens),
        ]
    }
}
