import Economics
import PromptCaching
import Values
import WorkflowModel

/// The most tokens that a request's prompt can have.
enum RequestBound {
    /// What is held for an attachment of unknown size where no cap is in force: the largest context windows there are.
    static let unknownWindow = 1 << 20

    /// - Parameters:
    ///   - schemaBound: of the schema's text, which a model may be shown.
    ///   - support: what is known of the model's way with attachments.
    /// - Returns: `nil`: an attachment could be billed as anything up to the model's context window.
    static func inputTokens(_ segments: [PromptSegment], schemaBound: Int, support: AttachmentSupport) -> Int? {
        var text = 0
        var isBounded = true
        for segment in segments {
            text += TokenBound.inlineText(segment.text) + PromptSegment.joiner.utf8.count
            guard let attachment = segment.attachment else { continue }
            if let tokens = tokens(attachment, support) { text += tokens + partOverhead(attachment.name) } else { isBounded = false }
        }
        return isBounded ? text + schemaBound + TokenBound.templateOverhead(messages: segments.count) : nil
    }

    /// Of the whole request, its schema included; `nil` where something attached has no known size.
    ///
    /// - Parameter schemaBound: of the schema's text.
    static func tokens(of request: ModelRequest, _ profile: ModelProfile, schemaBound: Int) -> Int? {
        inputTokens(request.segments, schemaBound: profile.bound(ofSchema: schemaBound), support: profile.attachments)
    }

    /// `nil` where it is not known.
    static func tokens(_ attachment: PromptAttachment, _ support: AttachmentSupport) -> Int? {
        tokens(attachment.kind, attachment.size, attachment.detail, declared: attachment.maxTokens, support)
    }

    static func tokens(
        _ kind: PromptAttachment.Kind, _ size: ImageSize?, _ detail: PromptAttachment.Detail?, declared: Int?, _ support: AttachmentSupport
    ) -> Int? {
        if let declared { return declared }
        guard kind == .image else { return nil }
        return support.imageTokens?.bound(size.map { ($0.width, $0.height) }, isLow: detail == .low)
    }

    /// What marks a part of a message, and the file's name, which a model may be told.
    static func partOverhead(_ name: String) -> Int { 16 + TokenBound.inlineText(name) }

    /// What the attachments of a prompt are known to come to; those of which nothing is known are not counted.
    static func knownTokens(_ segments: [PromptSegment], _ support: AttachmentSupport) -> Int {
        segments.reduce(0) { $0 + ($1.attachment.flatMap { tokens($0, support) } ?? 0) }
    }
}

extension Result<TokenCount, CallFailure> {
    /// The same, but for a count that cannot be one: no prompt has more tokens than its bytes allow.
    ///
    /// - Parameter most: by its bytes; `nil`: nothing is known.
    func checked(against most: Int?) -> Result<TokenCount, CallFailure> {
        guard let most, case .success(let count) = self, count.tokens > most else { return self }
        return .failure(
            CallFailure(.malformedResponse, "its server counted \(count.tokens) tokens, and a prompt of its bytes can have \(most) at most"))
    }
}

extension ModelProfile {
    /// The most tokens that a schema adds to a prompt.
    ///
    /// - Parameter text: of the schema's text; 0 without one.
    func bound(ofSchema text: Int) -> Int { text == 0 ? 0 : text + schemaOverhead }

    /// The most tokens that an answer can have.
    ///
    /// - Parameter cap: what the request allows.
    func outputBound(_ cap: Int) -> Int { keepsOutputCap ? cap : max(cap, contextWindow ?? RequestBound.unknownWindow) }
}

extension StepFailure {
    /// An unknown price is never zero: under a cap the call is refused.
    static func unpriced(_ profile: ModelProfile) -> StepFailure {
        StepFailure(
            .unpriced, "\(profile.reference) (\(profile.servedID)) has no known price, so a cap cannot be kept",
            details: [
                "add one to the project file: prices: [{ model: \(profile.reference.provider)/\(profile.servedID), input_per_mtok_usd: …, output_per_mtok_usd: … }]",
                "or remove the caps on cost, and the call is recorded as unpriced",
            ])
    }

    /// A model that is known not to take what a step attaches, or not known to.
    static func notTaken(_ kind: PromptAttachment.Kind, named name: String, by profile: ModelProfile) -> StepFailure {
        let word = kind == .image ? "images" : "PDF files"
        return StepFailure(
            .configuration, "\(profile.reference) does not take \(word): '\(name)' cannot be attached",
            details: ["if it does, the project file says so: \(kind.rawValue)s: true in the model's entry, or dialect: { \(kind.rawValue)s: true } in that of the provider"])
    }

    /// Without a bound on its tokens no cap can be kept.
    static func unbounded(_ attachment: PromptAttachment, _ profile: ModelProfile) -> StepFailure {
        StepFailure(
            .unpriced, "what '\(attachment.name)' is billed as is not known for \(profile.reference), so a cap cannot be kept",
            details: [
                "say the most tokens that it can be: attach: [{ \(attachment.kind.rawValue): …, max_tokens: 2000 }]",
                "or what the model takes: " + (attachment.kind == .image ? "image_tokens or " : "") + "context_window in its entry of the project file",
            ])
    }

    /// - Throws: when the model does not take one of the attachments.
    static func check(_ attached: [PromptSegment], _ profile: ModelProfile) throws(StepFailure) {
        for case let attachment? in attached.lazy.map(\.attachment) where !profile.attachments.takes(attachment.kind) {
            throw notTaken(attachment.kind, named: attachment.name, by: profile)
        }
    }
}

extension AttachmentSupport {
    func takes(_ kind: PromptAttachment.Kind) -> Bool { kind == .image ? images : files }
}
