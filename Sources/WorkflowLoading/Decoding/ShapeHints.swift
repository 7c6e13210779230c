import Values
import WorkflowModel

/// What to write where a value has another shape: one value in the place of a mapping, a list of one thing, a mapping in the place of a list.
enum ShapeHints {
    /// Where a mapping of the language is wanted.
    ///
    /// - Parameter key: under which the value stands; `nil` where it stands in a list.
    static func mapping(_ mapping: LanguageMapping, _ node: YAMLNode, under key: String?) -> String? {
        guard let inside = inside(mapping, node) else { return nil }
        return "write \(key.map { $0 + ": " } ?? "- ")\(inside)"
    }

    private static func inside(_ mapping: LanguageMapping, _ node: YAMLNode) -> String? {
        guard let shorthand = mapping.shorthand else { return nil }
        func filled(_ shorthand: String) -> String { "{ \(shorthand.replacing(Synonym.value, with: node.written ?? "…")) }" }
        if case .sequence(let elements) = node.content {
            switch mapping.name {
            case "for_each": return "{ items: \"\(list(elements) ?? "[…]")\" }"
            case "retry": return filled("max_attempts: 3, on: {}")
            case "escalate", "serve", "loop", "alert": return filled(mapping.name == "alert" ? "command: {}" : shorthand)
            case "tier":
                let models = elements.compactMap { $0.written }
                return models.count > 1 ? "{ use: \(models[0]), fallback: [\(models.dropFirst().joined(separator: ", "))] }" : "{ use: provider/model }"
            case "memo", "limits", "budget": return nil
            default: return elements.count == 1 ? "{ \(shorthand.replacing(Synonym.value, with: elements[0].written ?? "…")) }" : nil
            }
        }
        guard let scalar = node.scalar else { return nil }
        if scalar.value == .null { return "{ \(shorthand.replacing(Synonym.value, with: "…")) }" }
        switch (mapping.name, scalar.value) {
        case ("for_each", _):
            // A whole `${{ }}` says the same as the expression in it.
            let text = scalar.text.hasPrefix("${{") && scalar.text.hasSuffix("}}") ? scalar.text.dropFirst(3).dropLast(2).filter { $0 != "\n" } : scalar.text
            return "{ items: \(YAMLNode.quotedWhereNeeded(String(text.trimmingPrefix { $0 == " " }.reversed().trimmingPrefix { $0 == " " }.reversed()))) }"
        case ("prefix", _): return filled(isPath(scalar.text) ? "file: {}" : "text: {}")
        case ("output", _):
            if ["json", "jsonl", "text"].contains(scalar.text), mapping.key("parse") != nil { return filled("parse: {}") }
            if mapping.key("schema") != nil, isPath(scalar.text) { return filled("schema: {}") }
            return "{ schema: { type: object, properties: { … } } }"
        case ("budget", _), ("pricing", _): return filled(shorthand.replacing(Synonym.value, with: ValueHints.amount(scalar.text) ?? "0.25"))
        case ("memo", .string): return filled(shorthand.replacing(Synonym.value, with: ValueHints.span(scalar.text) ?? "24h"))
        case ("retry", .string): return filled(shorthand.replacing(Synonym.value, with: scalar.text.first?.isNumber == true ? String(scalar.text.prefix { $0.isNumber }) : "3"))
        case ("retry", .bool): return "{ max_attempts: 3 }"
        case ("memo", .bool): return "{ max_age: 24h }"
        case ("escalate", _): return "{ tiers: [small, mid], checks: { … } }"
        case ("loop", _): return "{ steps: […], until: …, max: 3 }"
        case ("check", _) where scalar.text.contains(" ") && !scalar.text.contains { "=<>(".contains($0) }: return filled("model: TIER, prompt: {}")
        case ("provider", _): return scalar.text.contains("://") ? filled(shorthand) : "{ api: openai-chat, base_url: … }"
        // What opens something is never repeated; the name of a variable is.
        case ("api_key", _), ("secret", _), ("address", _):
            let isVariable = scalar.text.utf8.allSatisfy { $0 &- 0x41 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") } && scalar.text.contains("_") && !SecretLook.looksLikeKey(scalar.text)
            return isVariable ? "{ env: \(scalar.text) }" : "{ env: NAME }, the variable of the environment that holds it"
        default: return filled(shorthand)
        }
    }

    private static func isPath(_ text: String) -> Bool {
        !text.contains(" ") && !text.utf8.contains(0x0A) && [".md", ".txt", ".json", ".yaml", ".yml", ".prompt", ".j2", ".jinja"].contains { text.hasSuffix($0) }
    }

    /// A list as an expression writes it.
    static func list(_ elements: [YAMLNode]) -> String? {
        var texts: [String] = []
        for element in elements {
            guard let scalar = element.scalar, !scalar.text.utf8.contains(0x0A), !scalar.text.utf8.contains(UInt8(ascii: "\"")) else { return nil }
            switch scalar.value {
            case .string(let text): texts.append("'\(text.map { "\\'".contains($0) ? "\\\($0)" : String($0) }.joined())'")
            case .null: texts.append("null")
            default: texts.append(scalar.text.lowercased())
            }
        }
        let text = "[\(texts.joined(separator: ", "))]"
        return text.utf8.count > 80 ? nil : text
    }

    /// Where names of the author's with values are wanted.
    ///
    /// - Parameter isProject: whether the key is one of the project file, where `models` means something else.
    static func names(_ node: YAMLNode, _ key: String, isProject: Bool = false) -> String? {
        switch (key, node.content) {
        case ("outputs", .scalar(let scalar)) where scalar.value != .null:
            return "give it a name: outputs: { result: \(scalar.text.contains("${{") ? node.written ?? "\"${{ … }}\"" : "\"${{ \(scalar.text.utf8.count > 60 ? "…" : scalar.text) }}\"") }"
        case ("outputs", .sequence(let elements)):
            let name = elements.first?.scalar?.text ?? "result"
            return "give each a name: outputs: { \(isName(name) ? name : "result"): \"${{ steps.\(isName(name) ? name : "ID").output }}\" }"
        case ("inputs", .sequence(let elements)):
            let names = elements.compactMap { $0.scalar?.text ?? $0["name"]?.scalar?.text ?? $0["id"]?.scalar?.text }.filter(isName)
            return "write inputs: { \((names.isEmpty ? ["NAME"] : Array(names.prefix(3))).map { "\($0): { type: string }" }.joined(separator: ", ")) }"
        case ("inputs", .scalar(let scalar)) where isName(scalar.text): return "write inputs: { \(scalar.text): { type: string } }"
        case ("models", .sequence(let elements)) where isProject:
            let name = elements.first?.scalar?.text ?? "NAME"
            return "give each a name: models: { \(name): { id: \(name) } }"
        case ("models", .sequence(let elements)):
            return "give each a name: models: { main: { use: \(elements.first?.written ?? elements.first?["use"]?.written ?? "provider/model") } }"
        case ("models", .scalar): return "give it a name: models: { main: { use: \(node.written ?? "provider/model") } }"
        case ("env", .sequence(let elements)):
            let pairs = elements.compactMap { element -> String? in
                if let name = element["name"]?.scalar?.text { return "\(name): \(element["value"]?.written ?? "…")" }
                guard let text = element.scalar?.text else { return nil }
                guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return "\(text): " }
                return "\(text[..<equals]): \(YAMLNode.quotedWhereNeeded(String(text[equals...].dropFirst())))"
            }
            let text = pairs.prefix(3).joined(separator: ", ")
            return "write env: { \(text.isEmpty || text.utf8.count > 80 ? "NAME: value" : text) }"
        case ("env", .scalar(let scalar)):
            guard let (name, value) = scalar.text.cut(at: UInt8(ascii: "=")), !name.isEmpty, !name.utf8.contains(0x20) else { return "write env: { NAME: value }" }
            return "write env: { \(name): \(SecretLook.looksLikeKey(value) || value.utf8.count > 40 ? "…" : YAMLNode.quotedWhereNeeded(value)) }"
        case ("tags", .sequence): return "write tags: { NAME: value }"
        case ("with", _): return "write with: { NAME: \(node.scalar.flatMap { _ in node.written } ?? "…") }, read as with.NAME"
        case ("prefixes", .sequence): return "give each a name: prefixes: { NAME: { text: … } }"
        case ("checks", .sequence): return "give each a name: checks: { NAME: { expr: … } }"
        case ("headers", .sequence): return "write headers: { NAME: value }"
        case ("providers", .sequence(let elements)):
            return "give each a name: providers: { \(elements.first?["name"]?.scalar?.text ?? "NAME"): { api: openai-chat, base_url: … } }"
        case ("secrets", .sequence): return "write secrets: { NAME: { env: VARIABLE } }"
        default: return nil
        }
    }

    /// Where a list is wanted.
    static func list(_ node: YAMLNode, _ key: String) -> String? {
        switch (key, node.content) {
        case ("steps", .mapping(let pairs)), ("finally", .mapping(let pairs)):
            let name = pairs.first?.key.scalar?.text ?? "ID"
            return "each step stands behind a dash and has an id: \(key): [{ id: \(isName(name) ? name : "ID"), … }]"
        case ("steps", .scalar), ("finally", .scalar): return "each step stands behind a dash and has an id: \(key): [{ id: ID, … }]"
        case ("messages", .scalar): return "write messages: [{ role: user, content: \(node.written ?? "…") }]"
        case ("messages", .mapping(let pairs)):
            if let role = pairs.first, ["system", "user", "assistant"].contains(role.key.scalar?.text) { return "write messages: [{ role: \(role.key.scalar!.text), content: \(role.value.written ?? "…") }]" }
            return "each message stands behind a dash: messages: [{ role: user, content: … }]"
        case ("tiers", .scalar): return "write tiers: [\(node.written ?? "small, mid")]"
        case ("run", .scalar): return program(node).map { "write run: \($0)" }
        case ("prices", .mapping), ("budgets", .mapping): return "each stands behind a dash: \(key): [{ … }]"
        case (_, .scalar(let scalar)) where scalar.value != .null: return node.written.map { "write \(key): [\($0)]" }
        default: return nil
        }
    }

    /// Where one of several shapes is wanted: the word that was meant, or the mapping that a word is the key of.
    static func choice(_ shapes: [KeyShape], _ node: YAMLNode, _ key: String) -> String? {
        guard let text = node.scalar?.text else { return nil }
        for case .mapping(let name) in shapes {
            guard let inner = LanguageMapping.named(name).key(text), case .mapping(let below) = inner.shape else { continue }
            let written = LanguageMapping.named(below).shorthand.map { "{ \($0.replacing(Synonym.value, with: "…")) }" } ?? "{ … }"
            return "write \(key): { \(text): \(written) }"
        }
        var known: [String] = []
        for case .words(let words) in shapes { known += words }
        return Suggestion.hint(for: text, in: known)
    }

    /// The one word of a mapping that stands in the place of it: `b` of `{ step: b }`.
    static func wordInside(_ node: YAMLNode) -> String? {
        guard case .mapping(let pairs) = node.content, pairs.count == 1 else { return nil }
        return pairs[0].value.scalar.flatMap { $0.value == .null || $0.value == .bool(true) ? pairs[0].key.written : pairs[0].value.written }
    }

    /// Where one word is wanted.
    static func word(_ node: YAMLNode, _ key: String) -> String? {
        guard case .sequence(let elements) = node.content, elements.count == 1, elements[0].scalar != nil else { return nil }
        return elements[0].written.map { "write \(key): \($0)" }
    }

    /// Where text is wanted.
    static func text(_ node: YAMLNode, _ key: String?) -> String? {
        let key = key.map { $0 + ": " } ?? ""
        switch node.content {
        case .sequence(let elements):
            if key == "prompt: ", elements.contains(where: { $0["role"] != nil || $0["content"] != nil }) { return "a list of messages is messages: [{ role: user, content: … }]" }
            if elements.count == 1, elements[0].scalar.map({ $0.value != .null }) == true, let written = elements[0].written { return "write \(key)\(written)" }
            return "put the text in quotes, or on the lines below \(key)|"
        case .mapping: return "put the text in quotes, or on the lines below \(key)|; an expression is written \(key)\"${{ … }}\""
        case .scalar(let scalar): return scalar.value == .null ? "write the text, or \(key)\"\" for none" : nil
        }
    }

    /// A command line as the words of a program, or as one line for a shell where it needs one.
    static func command(_ node: YAMLNode) -> String? {
        guard let text = node.scalar?.text, !text.isEmpty, text.utf8.count <= 80, !text.utf8.contains(0x0A) else { return nil }
        if text.utf8.contains(where: { "|&;<>$()`\"'*?~\\{}#,".utf8.contains($0) }) { return "\(YAMLNode.quotedWhereNeeded(text)) with shell: true" }
        return "[\(text.split { $0 == " " }.map { YAMLNode.isRead(String($0)) ? "\"\($0)\"" : String($0) }.joined(separator: ", "))]"
    }

    /// A command line as the words of a program, where no key makes a shell of it.
    private static func program(_ node: YAMLNode) -> String? {
        guard let words = command(node) else { return "[program, argument]" }
        return words.hasPrefix("[") ? words : "[sh, -c, \(YAMLNode.quotedWhereNeeded(node.scalar!.text))]"
    }

    /// A name that is made of a text; `nil` where that leaves none.
    static func name(of text: String) -> String? {
        let mended = String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return text.utf8.count <= 40 && isName(mended) ? mended : nil
    }

    static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.first.map { $0 &- 0x61 < 26 } == true && bytes.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
    }

    private static let typeNames: [String: String] = [
        "string": "string", "str": "string", "text": "string", "integer": "integer", "int": "integer", "number": "number", "float": "number", "double": "number", "boolean": "boolean",
        "bool": "boolean", "array": "array", "list": "array", "object": "object", "dict": "object", "map": "object", "json": "object", "any": "",
    ]

    /// An input whose schema is one word: the name of a type, or its default.
    static func input(_ name: String, _ node: YAMLNode) -> String {
        guard let scalar = node.scalar else { return "for example \(name): { type: string }" }
        if let type = typeNames[scalar.text.lowercased()] { return type.isEmpty ? "for example \(name): {}" : "for example \(name): { type: \(type) }" }
        let type = scalar.value.typeName
        guard type != "null", let written = node.written else { return "for example \(name): { type: string }" }
        return "for example \(name): { type: \(type), default: \(written) }"
    }
}
