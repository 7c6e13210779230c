import Values

/// What other tools and APIs call something, and what is written here in its place. One table serves the messages of unknown keys and the
/// page of keys.
///
/// The words are those of GitHub Actions, Dagu, LangGraph, promptfoo, Argo and the OpenAI and Anthropic APIs, and what people write who
/// know none of them.
struct Synonym: Sendable {
    /// In the form of ``normal(_:)``.
    let words: [String]
    /// `{}` stands for the value that the author wrote, where it is one short word; `{name}` for a name that is made of it, `{command}` for a
    /// command line in words.
    let hint: String

    /// - Parameters:
    ///   - words: parted by spaces.
    init(_ words: String, _ hint: String) {
        self.words = words.split { $0 == " " }.map(String.init)
        self.hint = hint
    }

    /// The key that is to be written, where the hint begins with one.
    var target: String? {
        guard hint.hasPrefix("write "), let colon = hint.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let word = hint[..<colon].dropFirst("write ".count)
        return word.contains(" ") ? nil : String(word)
    }

    /// What is to be written in place of a key, with the author's own value.
    func hint(_ value: YAMLNode, in mapping: LanguageMapping) -> String {
        var filled = hint.replacing(Self.name, with: value.scalar.flatMap { ShapeHints.name(of: $0.text) } ?? "NAME")
        filled = filled.replacing(Self.command, with: ShapeHints.command(value) ?? "[program, argument]; a command line is run: with shell: true")
        if case .sequence(let elements) = value.content { filled = filled.replacing(Self.items, with: ShapeHints.list(elements).map { "items: \"\($0)\"" } ?? "items: …") }
        // Where one value is wanted, none is made of a list, and of a mapping none at all.
        let isMapping = if case .mapping = value.content { true } else { false }
        let isFit = value.scalar != nil || !isMapping && target.flatMap(mapping.key).map { $0.shape.takesLists } ?? true
        return filled.replacing(Self.value, with: (isFit ? value.written : nil) ?? "…")
    }

    /// Without a value.
    var text: String { hint.replacing(Self.name, with: "…").replacing(Self.command, with: "[program, argument]").replacing(Self.value, with: "…") }

    static let value = "{}"
    private static let name = "{name}"
    private static let command = "{command}"
    private static let items = "items: {}"

    /// The words of a key in one form: `timeoutSeconds`, `timeout-seconds` and `Timeout_Seconds` are `timeout_seconds`.
    static func normal(_ key: String) -> String {
        var normal: [UInt8] = []
        var last: UInt8 = 0
        for byte in key.utf8 {
            let isUpper = byte &- 0x41 < 26
            if isUpper, last &- 0x61 < 26 || last &- 0x30 < 10 { normal.append(UInt8(ascii: "_")) }
            normal.append(isUpper ? byte | 0x20 : byte == UInt8(ascii: "-") || byte == UInt8(ascii: " ") ? UInt8(ascii: "_") : byte)
            last = byte
        }
        return String(decoding: normal, as: UTF8.self)
    }
}

extension LanguageMapping {
    /// What is written here for a word of another tool; `nil` where it is not known.
    func synonym(of key: String) -> Synonym? {
        let word = Synonym.normal(key)
        // A mapping with some of the keys has the words for these only.
        return synonyms.first { $0.words.contains(word) && ($0.target.map { self.key($0) != nil || LanguageMapping.named(name).key($0) == nil } ?? true) }
    }

    /// What a key of another place is written as: inside a mapping that stands here, or that it belongs elsewhere. `nil` where no
    /// mapping of the file has such a key.
    func place(of name: String, _ value: YAMLNode) -> String? {
        // Another kind of step has the key in the same place.
        guard Self.named(self.name).key(name) == nil else { return nil }
        for key in keys {
            guard let inner = key.shape.inner, let found = inner.key(name) else { continue }
            // A choice of kinds is no place for a single setting.
            guard inner.oneOf.isEmpty else { continue }
            let missing = inner.keys.filter { $0.isRequired && $0.name != found.name }.map { ", \($0.name): …" }.joined()
            return "write it inside of \(key.name): \(key.name): { \(name): \(value.written ?? "…")\(missing) }"
        }
        let file = Self.workflow.contains { $0.name == self.name } ? Self.workflow : Self.project
        var homes: [String] = []
        for mapping in file where mapping.key(name) != nil && !homes.contains(mapping.what) { homes.append(mapping.what) }
        guard !homes.isEmpty else { return nil }
        return "it is a key of \(homes.prefix(3).joined(separator: ", of "))"
    }
}

extension KeyShape {
    /// Whether a list, or a mapping, may stand there.
    fileprivate var takesLists: Bool {
        switch self {
        case .list, .oneOrList, .names, .named, .mapping, .valueTemplate, .jsonSchema, .schema: true
        case .either(let shapes): shapes.contains(where: \.takesLists)
        default: false
        }
    }

    /// The mapping that stands under a key, if one alone does.
    fileprivate var inner: LanguageMapping? {
        switch self {
        case .mapping(let name): LanguageMapping.named(name)
        case .either(let shapes): shapes.lazy.compactMap(\.inner).first
        default: nil
        }
    }
}

extension YAMLNode {
    private static let longest = 60

    /// A value as it can be written inside `{ }`; `nil` where it is long, or could open something.
    var written: String? {
        switch content {
        case .scalar(let scalar):
            let text = scalar.text
            guard text.utf8.count <= Self.longest, !text.isEmpty, !text.utf8.contains(0x0A), !SecretLook.looksLikeKey(text) else { return nil }
            if !scalar.isPlain, Self.isRead(text) { return "\"\(text)\"" }
            return YAMLNode.quotedWhereNeeded(text)
        case .sequence(let elements):
            let texts = elements.map(\.written)
            let text = "[" + texts.compactMap { $0 }.joined(separator: ", ") + "]"
            return texts.contains { $0 == nil } || text.utf8.count > Self.longest ? nil : text
        case .mapping(let pairs):
            var texts: [String] = []
            for pair in pairs {
                guard let value = pair.value.written else { return nil }
                texts.append("\(pair.key.scalar?.text ?? ""): \(value)")
            }
            let text = texts.isEmpty ? "{}" : "{ \(texts.joined(separator: ", ")) }"
            return text.utf8.count > Self.longest ? nil : text
        }
    }

    /// Whether YAML reads a text without quotes as something else than text.
    static func isRead(_ text: String) -> Bool { Double(text) != nil || ["true", "false", "null", "~"].contains(text.lowercased()) }

    /// A text as it can be written inside `{ }`.
    static func quotedWhereNeeded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let isPlain =
            bytes.allSatisfy { !"{}[],\"'#\\`:".utf8.contains($0) && $0 >= 0x20 } && bytes.first != 0x20 && bytes.last != 0x20
            && !"!&*|>%@?".utf8.contains(bytes.first ?? 0x21)
        let isAddress = text.contains("://") && !text.contains(" ") && bytes.allSatisfy { !"{}[],\"'#\\`".utf8.contains($0) }
        if isPlain || isAddress { return text }
        return bytes.contains(UInt8(ascii: "\"")) || bytes.contains(UInt8(ascii: "\\")) ? "'\(text.map { $0 == "'" ? "''" : String($0) }.joined())'" : "\"\(text)\""
    }
}
