import Economics
import Expressions
import PromptCaching
import WorkflowModel

/// What is attached, before it is read.
extension PlanBuilder {
    /// Why none of a tier's models can be asked what a step attaches.
    func notTaken(_ model: ModelStep, _ profiles: [ModelProfile]) -> StepFailure? {
        for attachment in model.attachments {
            guard let kind = attachment.certainKind, let first = profiles.first, !profiles.contains(where: { $0.attachments.takes(kind) }) else { continue }
            return .notTaken(kind, named: attachment.source.literalText ?? attachment.source.wholeExpression?.source ?? "an image", by: first)
        }
        return nil
    }

    /// The tokens of what a step attaches, as far as it is known, and at the most; `nil`: not bounded.
    func attachments(of model: ModelStep, _ support: AttachmentSupport, _ scope: PlanScope) -> (known: Int, most: Int?) {
        var known = 0
        var most: Int? = 0
        for attachment in model.attachments {
            if let file = attachment.known {
                if file.type == .text {
                    known += TokenBound.estimate(bytes: file.textBound)
                    most = most.map { $0 + file.textBound + PromptSegment.joiner.utf8.count + TokenBound.templateOverhead(messages: 1) }
                    continue
                }
                let kind: PromptAttachment.Kind = file.type.isImage ? .image : .file
                let tokens = RequestBound.tokens(kind, file.size, attachment.detail, declared: attachment.maxTokens, support)
                if attachment.maxTokens == nil { known += tokens ?? 0 }
                let name = attachment.source.literalText ?? ""
                most = most.flatMap { most in tokens.map { most + $0 + RequestBound.partOverhead(name) + TokenBound.templateOverhead(messages: 1) } }
                continue
            }
            // A text's length is its own; an image's can be known without seeing it.
            let tokens = attachment.kind == .image ? RequestBound.tokens(.image, nil, attachment.detail, declared: attachment.maxTokens, support) : nil
            let count = attachment.count(in: scope)
            most = most.flatMap { most in tokens.flatMap { tokens in count.map { most + $0 * (tokens + Self.unseenNameBound) } } }
        }
        return (known, most)
    }

    /// For the name of a file that is not known yet, which file systems keep to 255 bytes.
    private static let unseenNameBound = RequestBound.partOverhead("") + 255 + TokenBound.templateOverhead(messages: 1)
}

extension AttachmentTemplate {
    /// What it will stand as, where that does not depend on the file.
    fileprivate var certainKind: PromptAttachment.Kind? {
        if let known { return known.type == .text ? nil : known.type.isImage ? .image : .file }
        // A file may be a text, which every model takes.
        return kind == .image ? .image : nil
    }

    /// How many files it names; `nil` before that is known.
    fileprivate func count(in scope: PlanScope) -> Int? {
        guard let expression = source.wholeExpression else { return 1 }
        switch try? expression.evaluateJSON(scope) {
        case .array(let elements)?: return elements.count
        case .null?: return 0
        case .string?: return 1
        default: return nil
        }
    }
}
