import Values
import WorkflowModel

extension WorkflowDecoder {
    /// The values that may be cut to make a prompt fit, in their order; empty where it may not.
    ///
    /// - Parameters:
    ///   - keys: `limits` of the step that `reader` reads.
    ///   - limit: what the prompt has to fit.
    func trim(_ keys: MappingReader, with reader: MappingReader, limit: Int?) -> [String] {
        // What is cut belongs to one step: `defaults` has no such key.
        guard keys.mapping.key("overflow") != nil else { return [] }
        let overflow = keys.word(orDefault: "overflow", StepLimits.Overflow.self)
        guard let names = keys.strings("trim") else {
            if overflow == .trim, !keys.has("trim") {
                context.report("AW140", "overflow: trim needs 'trim', the values that may be cut", at: keys.keyRange("overflow"), hint: "for example trim: [docs], a key of 'with'")
            }
            return []
        }
        guard overflow == .trim else {
            // A misspelt word is reported already.
            if !keys.has("overflow") || keys.value("overflow")?.scalar?.text == StepLimits.Overflow.fail.rawValue {
                context.report("AW140", "'trim' does nothing without overflow: trim", at: keys.keyRange("trim"), hint: "add overflow: trim")
            }
            return []
        }
        if names.isEmpty { context.report("AW104", "trim needs at least one key of 'with'", at: keys.value("trim")!.range) }
        if limit == nil, !keys.has("max_input_tokens") {
            context.report("AW140", "overflow: trim needs max_input_tokens, which the prompt is cut to", at: keys.keyRange("overflow"), hint: "add max_input_tokens here or to defaults.limits")
        }
        var with: [String] = []
        if case .mapping(let pairs)? = reader.value("with")?.content { with = pairs.compactMap { $0.key.scalar?.text } }
        var known: [String] = []
        for name in names {
            if !with.contains(name.text) {
                let list = with.isEmpty ? "the step has no 'with'" : "it has: \(with.joined(separator: ", "))"
                context.report("AW202", "'with' of this step has no '\(name.text)' to cut", at: name.range, hint: Suggestion.hint(for: name.text, in: with) ?? list)
            } else if known.contains(name.text) {
                context.report("AW140", "'\(name.text)' is named twice in trim", at: name.range, hint: "remove one: the values are cut in their order")
            } else {
                known.append(name.text)
            }
        }
        return known
    }

    /// The names that stand there, with their places.
    func trimNames(_ reader: MappingReader) -> [Named] {
        guard case .mapping(let limits)? = reader.value("limits")?.content,
            let node = limits.first(where: { $0.key.scalar?.text == "trim" })?.value
        else { return [] }
        if case .sequence(let names) = node.content { return names.compactMap { name in name.scalar.map { Named(text: $0.text, range: name.range) } } }
        return node.scalar.map { [Named(text: $0.text, range: node.range)] } ?? []
    }
}
