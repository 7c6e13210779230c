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
    /// The most tokens of each segment, in their order; `nil` where that is not known.
    public let segmentTokens: [Int?]
    /// The most tokens of all texts with what joins them, of the schema, and of the chat template.
    public let bound: (text: Int, schema: Int, template: Int)
    /// The attachments that are not part of it: nothing but the model's context window bounds them.
    public let unbounded: [String]
    /// What `max_input_tokens` is held against, and that limit.
    public let estimate: Int
    public let maxInputTokens: Int?
    /// The element of `for_each` that is shown, and how many there are where that is known.
    public let item: (index: Int, count: Int?)?
    /// The values that were cut so that it fits.
    public let trimmed: [TrimmedValue]

    public init(
        step: String, tier: String, model: String, segments: [PromptSegment], segmentTokens: [Int?],
        bound: (text: Int, schema: Int, template: Int), unbounded: [String] = [], estimate: Int, maxInputTokens: Int?, item: (index: Int, count: Int?)?,
        trimmed: [TrimmedValue] = []
    ) {
        self.step = step
        self.tier = tier
        self.model = model
        self.segments = segments
        self.segmentTokens = segmentTokens
        self.bound = bound
        self.unbounded = unbounded
        self.estimate = estimate
        self.maxInputTokens = maxInputTokens
        self.item = item
        self.trimmed = trimmed
    }

    private static func bytes(_ segment: PromptSegment) -> Int { segment.attachment?.bytes.count ?? segment.text.utf8.count }
    private var bytes: Int { segments.reduce(0) { $0 + Self.bytes($1) } }
    private var tokensAtMost: Int { bound.text + bound.schema + bound.template }
    private var messages: [PromptMessage] { PromptMessage.messages(of: segments) }

    /// The texts under a heading each, then what all of it comes to.
    public func text(style: TextStyle) -> String {
        var lines: [String] = []
        func say(_ text: String, _ tint: Tint? = nil) { lines += text.wrapped(to: style.width).map { StyledText($0, tint).line(style) } }
        for (segment, tokens) in zip(segments, segmentTokens) {
            let heading =
                "[\(segment.role.rawValue)\(style.dot)\(segment.origin)\(style.dot)\(segment.stability.name)]  "
                + "\(Figures.counted(Self.bytes(segment), "byte")), " + (tokens.map { "at most \(Figures.counted($0, "token"))" } ?? "tokens not known")
            say(heading + (segment.startsMessage ? "" : "  (joins the message above)"), .cyan)
            say(segment.attachment.map(Self.description) ?? segment.text)
            lines.append("")
        }
        let position = item.map { " for item \($0.index)" + ($0.count.map { " of \(Figures.count($0))" } ?? "") } ?? ""
        say("\(step)\(position): \(Figures.counted(segments.count, "segment")) in \(Figures.counted(messages.count, "message")) to \(model) (tier \(tier)), \(Figures.counted(bytes, "byte"))", .bold)
        let schema = bound.schema > 0 ? " + \(Figures.count(bound.schema)) of the schema" : ""
        say("at most \(Figures.counted(tokensAtMost, "token")): \(Figures.count(bound.text)) of text\(schema) + \(Figures.count(bound.template)) of the chat template")
        if !unbounded.isEmpty { say("and what \(unbounded.joined(separator: ", ")) may be billed as, which only the model's context window bounds: say max_tokens", .yellow) }
        let isOver = maxInputTokens.map { estimate > $0 } ?? false
        let limit = maxInputTokens.map { ", which \(isOver ? "passes" : "is within") max_input_tokens \(Figures.count($0))" } ?? ""
        say("estimated \(Figures.counted(estimate, "token")) (four bytes each)\(limit)", isOver ? .red : nil)
        for value in trimmed { say("cut to fit: " + Figures.cut(value.key, from: value.before, to: value.after), .yellow) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// `scan.png: image/png, 640 x 480 pixels, detail low, sha256 5f1c…`.
    private static func description(_ attachment: PromptAttachment) -> String {
        var parts = [attachment.type.rawValue]
        if let size = attachment.size { parts.append("\(size.width) x \(size.height) pixels") }
        if let detail = attachment.detail { parts.append("detail \(detail.rawValue)") }
        return "\(attachment.name): \(parts.joined(separator: ", ")), sha256 \(attachment.hash.hex)"
    }

    private static func json(_ attachment: PromptAttachment) -> JSONValue {
        [
            "kind": .string(attachment.kind.rawValue), "name": .string(attachment.name), "media_type": .string(attachment.type.rawValue),
            "width": .number(attachment.size?.width), "height": .number(attachment.size?.height), "detail": .text(attachment.detail?.rawValue),
        ]
    }

    /// A text as it is sent; of parts a list, in which an attachment stands by its hash.
    private static func content(_ message: PromptMessage) -> JSONValue {
        if message.parts.isEmpty { return .string(message.text) }
        return .array(
            message.parts.map { part in
                switch part {
                case .text(let text): ["type": "text", "text": .string(text)]
                case .attachment(let attachment): ["type": .string(attachment.kind.rawValue), "name": .string(attachment.name), "hash": .hash(attachment.hash)]
                }
            })
    }

    /// The texts exactly, and the same figures.
    public var json: JSONValue {
        [
            "step": .string(step), "tier": .string(tier), "model": .string(model), "item": .number(item?.index),
            "segments": .array(
                zip(segments, segmentTokens).map { segment, tokens in
                    [
                        "role": .string(segment.role.rawValue), "origin": .string(segment.origin), "class": .string(segment.stability.name),
                        "starts_message": .bool(segment.startsMessage), "bytes": .number(Self.bytes(segment)), "tokens_at_most": .number(tokens),
                        "hash": .hash(segment.hash), "text": segment.attachment == nil ? .string(segment.text) : .null,
                        "attachment": segment.attachment.map(Self.json) ?? .null,
                    ]
                }),
            "messages": .array(messages.map { ["role": .string($0.role.rawValue), "content": Self.content($0)] }),
            "bytes": .number(bytes), "tokens_at_most": .number(tokensAtMost), "schema_tokens_at_most": .number(bound.schema),
            "template_tokens_at_most": .number(bound.template), "tokens_estimated": .number(estimate), "max_input_tokens": .number(maxInputTokens),
            "trimmed": TrimmedValue.json(trimmed), "unbounded": .array(unbounded.map(JSONValue.string)),
        ]
    }
}
