import Economics
import Expressions
import Values
import WorkflowModel

/// Reads the keys of one mapping: unknown keys are reported with did-you-mean, keys of other tools by name, values of a wrong
/// type with what was expected. What this version does not run is checked here, by its declaration.
struct MappingReader {
    let context: DecodingContext
    let node: YAMLNode
    let mapping: LanguageMapping
    /// Declared keys only: so few that a look at each is the fastest.
    private let pairs: [(name: String, key: YAMLNode, value: YAMLNode)]

    /// - Parameters:
    ///   - name: the key under which it stands, for messages; `nil` in a list.
    ///   - checker: checks every key by its declaration, as no decoder reads the mapping.
    init?(_ node: YAMLNode, _ mapping: LanguageMapping, _ context: DecodingContext, under name: String? = nil, checkedBy checker: ShapeChecker? = nil) {
        guard case .mapping(let entries) = node.content else {
            context.report(
                "AW103", "\(mapping.what) is a mapping of keys to values, found \(node.typeName)", at: node.range, hint: ShapeHints.mapping(mapping, node, under: name))
            return nil
        }
        self.context = context
        self.node = node
        self.mapping = mapping
        var pairs: [(name: String, key: YAMLNode, value: YAMLNode)] = []
        var present: [LanguageMapping.Key] = []
        var toCheck: [(key: LanguageMapping.Key, value: YAMLNode)] = []
        for (keyNode, value) in entries {
            let name = keyNode.scalar?.text ?? ""
            if let extensions = mapping.extensions, name.hasPrefix(extensions.prefix) {
                if let shape = extensions.shape { (checker ?? ShapeChecker(context)).check(value, shape, as: name) }
                continue
            }
            guard let key = mapping.key(name) else {
                Self.report(keyNode, value, in: node, mapping, context)
                continue
            }
            pairs.append((name, keyNode, value))
            present.append(key)
            // Below what does not run nothing is said of its parts.
            let isNoted = checker?.notesWhatDoesNotRun ?? true
            switch key.availability {
            case .runs: if checker != nil { toCheck.append((key, value)) }
            case .declared: toCheck.append((key, value))
            case .checked(let harmless):
                toCheck.append((key, value))
                if isNoted, !harmless.contains(value.json) { context.noteNotExecuted(name, of: mapping, at: keyNode.range) }
            case .decoded:
                if checker != nil { toCheck.append((key, value)) }
                if isNoted { context.noteNotExecuted(name, of: mapping, at: keyNode.range) }
            }
        }
        self.pairs = pairs
        checkKinds(of: present)
        if checker != nil { checkPresence() }
        for (key, value) in toCheck { (checker ?? ShapeChecker(context)).below(key).check(value, key.shape, as: key.name) }
    }

    /// A mapping that is not there: all of its keys have their defaults.
    init(absent mapping: LanguageMapping, in reader: MappingReader) {
        context = reader.context
        node = reader.node
        self.mapping = mapping
        pairs = []
    }

    /// A key that the mapping does not have.
    private static func report(_ key: YAMLNode, _ value: YAMLNode, in node: YAMLNode, _ mapping: LanguageMapping, _ context: DecodingContext) {
        let name = key.scalar?.text ?? ""
        if let synonym = mapping.synonym(of: name) {
            context.report("AW102", "'\(name)' is not a key of \(mapping.what)", at: key.range, hint: synonym.hint(value, in: mapping))
        } else if node.isInFlow, value.json == .null, key.scalar?.isPlain == true {
            context.report(
                "AW013", "a comma in an unquoted value inside { } ends the value, so '\(name)' is read as a key of \(mapping.what)", at: key.range,
                hint: "put the whole value in quotes")
        } else {
            context.report("AW101", "unknown key '\(name)' in \(mapping.what)", at: key.range, hint: hint(for: name, value, mapping))
        }
    }

    /// More keys than these are not listed.
    private static let mostListed = 20

    private static func hint(for name: String, _ value: YAMLNode, _ mapping: LanguageMapping) -> String {
        let known = mapping.keys.map(\.name) + (mapping.extensions?.shape == nil ? [] : ["\(mapping.extensions!.prefix)…"])
        let normal = Synonym.normal(name)
        if known.contains(normal) { return "did you mean '\(normal)'?" }
        // Of two letters one is no likeness.
        if let near = Suggestion.closest(to: normal, in: known), normal.utf8.count > 2 || near.utf8.count != normal.utf8.count { return "did you mean '\(near)'?" }
        if let place = mapping.place(of: normal, value) { return place }
        if known.count > mostListed { return "\(mapping.what) has no such key; Docs/Keys.md#\(mapping.name) lists those that it has" }
        return "known keys: \(known.joined(separator: ", "))"
    }

    /// The keys present of which there must be exactly one.
    var kinds: [String] { mapping.oneOf.filter(has) }

    /// Where the kind is certain, keys of another kind are not taken.
    private func checkKinds(of present: [LanguageMapping.Key]) {
        guard case let kinds = kinds, kinds.count == 1 else { return }
        for key in present where !key.kinds.isEmpty && !key.kinds.contains(kinds[0]) {
            context.report("AW121", "'\(key.name)' does not go with '\(kinds[0])'", at: keyRange(key.name)!)
        }
    }

    /// Reports keys that have to be there and are not. What is read by its declaration alone has been looked at already.
    func checkPresence() {
        for key in mapping.keys where key.isRequired && !has(key.name) { missing(key.name, in: mapping.what) }
        if !mapping.oneOf.isEmpty, kinds.count != 1 {
            let names = mapping.oneOf.map { "'\($0)'" }
            let choice = names.count == 2 ? "either \(names[0]) or \(names[1])" : "one of \(names.joined(separator: ", "))"
            context.report("AW112", "\(mapping.what) has \(choice)", at: kinds.last.flatMap(keyRange) ?? node.range.firstLine)
        }
    }

    func has(_ key: String) -> Bool { pairs.contains { $0.name == key } }
    func value(_ key: String) -> YAMLNode? { pairs.first { $0.name == key }?.value }
    func keyRange(_ key: String) -> SourceRange? { pairs.first { $0.name == key }?.key.range }

    func missing(_ key: String, in what: String, hint: String? = nil) {
        context.report("AW104", "\(what) needs '\(key)'", at: node.range.firstLine, hint: hint)
    }

    func string(_ key: String) -> String? { value(key).flatMap { context.string($0, key) } }
    func bool(_ key: String) -> Bool? { value(key).flatMap { context.bool($0, key) } }
    func duration(_ key: String) -> TimeSpan? { value(key).flatMap { context.duration($0, key) } }
    func money(_ key: String) -> Money? { value(key).flatMap { context.money($0, key) } }
    func mapping(_ key: String) -> [(key: YAMLNode, value: YAMLNode)]? { value(key).flatMap { context.mapping($0, key, isProject: mapping.name == "provider") } }
    func sequence(_ key: String) -> [YAMLNode]? { value(key).flatMap { context.sequence($0, key) } }
    func template(_ key: String) -> Template? { value(key).flatMap { context.template($0, key) } }
    func expression(_ key: String) -> Expression? { value(key).flatMap { context.expression($0, key: key) } }
    func valueTemplate(_ key: String) -> ValueTemplate? { value(key).flatMap(context.valueTemplate) }

    /// Dollars per million tokens.
    func perMillion(_ key: String) -> Money? {
        guard let node = value(key) else { return nil }
        do throws(PriceError) {
            return try PriceRow.perMillion(node.scalar?.text ?? "", name: key)
        } catch {
            context.report("AW103", error.description, at: node.range)
            return nil
        }
    }

    /// A list of words; one word alone counts as a list of one.
    func strings(_ key: String) -> [(text: String, range: SourceRange)]? {
        guard let node = value(key) else { return nil }
        switch node.content {
        case .scalar(let scalar) where scalar.value != .null: return [(scalar.text, node.range)]
        case .sequence(let nodes):
            var result: [(String, SourceRange)] = []
            for element in nodes {
                guard let scalar = element.scalar else {
                    context.wrong(key, "a list of words", element, hint: ShapeHints.wordInside(element).map { "write \(key): [\($0)]" })
                    continue
                }
                result.append((scalar.text, element.range))
            }
            return result
        default:
            context.wrong(key, "a list of words", node)
            return nil
        }
    }

    /// All that stands in it, each key by its declaration: settings that mean something in another room only.
    var settings: JSONObject {
        var settings = JSONObject()
        for (name, _, value) in pairs { settings[name] = mapping.key(name).flatMap { setting(value, $0.shape, name) } }
        return settings
    }

    private func setting(_ node: YAMLNode, _ shape: KeyShape, _ key: String) -> JSONValue? {
        switch shape {
        case .boolean: return context.bool(node, key).map(JSONValue.bool)
        case .words(let words): return context.word(node, key, of: words).map(JSONValue.string)
        case .either(let shapes) where shapes.contains(where: \.isNull) && node.json.isNull: return .null
        default: return context.string(node, key).map(JSONValue.string)
        }
    }

    func reader(_ key: String, _ mapping: LanguageMapping) -> MappingReader? {
        value(key).flatMap { MappingReader($0, mapping, context, under: key) }
    }
}
