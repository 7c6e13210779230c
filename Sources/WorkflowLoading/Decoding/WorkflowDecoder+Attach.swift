import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

extension WorkflowDecoder {
    /// What goes with a prompt. A path without expressions is looked at now: what it is, and how large.
    ///
    /// - Parameter body: `nil` when it could not be decoded.
    func attachments(_ reader: MappingReader, body: ModelStep.Body?) -> [AttachmentTemplate] {
        guard let node = reader.value("attach") else { return [] }
        if case .messages(let messages)? = body, !messages.contains(where: { $0.role == .user }) {
            context.report("AW141", "attach needs a message of the user to go with", at: reader.keyRange("attach"), hint: "add one with role: user")
        }
        switch node.content {
        case .sequence(let nodes):
            if nodes.isEmpty { context.report("AW104", "attach needs at least one path", at: node.range) }
            return nodes.compactMap(attachment)
        default: return attachment(node).map { [$0] } ?? []
        }
    }

    private func attachment(_ node: YAMLNode) -> AttachmentTemplate? {
        guard case .mapping = node.content else { return attachment(node, kind: nil, detail: nil, maxTokens: nil) }
        guard let keys = MappingReader(node, .attachment, context) else { return nil }
        let kinds = PromptAttachment.Kind.allCases.filter { keys.has($0.rawValue) }
        guard kinds.count == 1 else {
            // One that is misspelt is reported already.
            if case .mapping(let pairs) = node.content, kinds.isEmpty, pairs.contains(where: { LanguageMapping.attachment.key($0.key.scalar?.text ?? "") == nil }) { return nil }
            context.report(
                "AW141", "an attachment has either 'image' or 'file'", at: node.range.firstLine, hint: "for example { image: photos/front.jpg, detail: low }, or a path alone")
            return nil
        }
        let detail = keys.word("detail", PromptAttachment.Detail.self)
        return attachment(keys.value(kinds[0].rawValue)!, kind: kinds[0], detail: detail, maxTokens: keys.int("max_tokens"))
    }

    private func attachment(_ node: YAMLNode, kind: PromptAttachment.Kind?, detail: PromptAttachment.Detail?, maxTokens: Int?) -> AttachmentTemplate? {
        guard let source = context.template(node) else { return nil }
        var known: AttachmentTemplate.Known?
        if let path = source.literalText {
            guard let found = look(path, kind, at: node.range) else { return nil }
            known = found
            if found.type == .text, maxTokens != nil {
                context.report("AW141", "'max_tokens' does nothing for a text, which is counted as it is", at: node.range, hint: "remove it")
            }
        }
        return AttachmentTemplate(
            kind: kind, source: source, detail: detail, maxTokens: maxTokens, stability: WorkflowValidator.stability(source.references), known: known)
    }

    private func look(_ name: String, _ kind: PromptAttachment.Kind?, at range: SourceRange) -> AttachmentTemplate.Known? {
        do {
            let file = try context.files.readAttachment(try context.files.resolve(name, besides: context.file, at: range))
            let type = try file.type(as: kind, named: name)
            let text = type == .text ? TokenBound.inlineText(name + ":\n" + String(decoding: file.bytes, as: UTF8.self)) : 0
            return AttachmentTemplate.Known(type: type, size: ImageSize(of: file.bytes, type), textBound: text)
        } catch let problem as RegularFile.Problem {
            context.report("AW001", problem.message, at: range, hint: problem.hint)
        } catch let failure as StepFailure {
            context.report("AW141", failure.message, at: range, hint: failure.details.first)
        } catch {
            if let problems = error as? Diagnostics { context.report(problems) }
        }
        return nil
    }
}
