import Values

/// The text of a workflow with other values at some of its steps: read, checked and compiled as any file is, so that what is thought of means what it would mean in the file.
public enum WorkflowVariant {
    /// Another value of a key of a step.
    public struct Setting: Sendable, Hashable {
        /// The step's path: `review/polish/draft`.
        public let step: String
        /// Below the step: `escalate`, `accept`.
        public let keys: [String]
        /// JSON or YAML where it is some, else text: `0.7`, `[small, large]`, `output.ok`.
        public let value: String

        public init(step: String, keys: [String], value: String) {
            self.step = step
            self.keys = keys
            self.value = value
        }
    }

    /// The file has no such step, or its keys cannot be there.
    public struct Failure: Error, Sendable {
        public let message: String
        public let hint: String?
    }

    /// - Parameters:
    ///   - source: of the workflow's own file, which is right.
    ///   - settings: in this order; of two of one key the later holds.
    /// - Returns: JSON, which is YAML.
    public static func text(of source: String, file: String, with settings: [Setting]) throws(Failure) -> String {
        guard let node = YAMLReader.read(source, file: file).node else { throw Failure(message: "\(file) is no YAML", hint: nil) }
        var document = json(node)
        for setting in settings {
            let ids = setting.step.parts(at: UInt8(ascii: "/")).map(String.init)
            var isFound = false
            document = changed(document, ids[...], setting, &isFound)
            guard isFound else {
                var known: [String] = []
                collect(document, &known)
                throw Failure(
                    message: "there is no step '\(setting.step)' in \(file)",
                    hint: Suggestion.hint(for: setting.step, in: known) ?? (known.isEmpty ? nil : "it has: \(known.prefix(12).joined(separator: ", "))"))
            }
        }
        return JSONEncoding.wire.string(document)
    }

    /// What a node says; the line end that a block has because it is one is not part of it.
    private static func json(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.lineEndOfBlock != nil, case .string(let text) = scalar.value else { return scalar.value }
            return .string(String(Substring(text.utf8.dropLast())))
        case .sequence(let nodes): return .array(nodes.map(json))
        case .mapping(let pairs): return .object(JSONObject(pairs.map { ($0.key.scalar?.text ?? "", json($0.value)) }))
        }
    }

    /// The step of the first id, then one inside of it of the next.
    private static func changed(_ value: JSONValue, _ ids: ArraySlice<String>, _ setting: Setting, _ isFound: inout Bool) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { isFound ? $0 : changed($0, ids, setting, &isFound) })
        case .object(let object):
            var rest = ids
            if let id = object["id"]?.stringValue, let first = ids.first, id.hasSameBytes(as: first) {
                rest = ids.dropFirst()
                if rest.isEmpty {
                    isFound = true
                    return set(value, setting.keys[...], parsed(setting.value))
                }
            } else if object["id"] != nil {
                // Another step, or one inside of it that is called so.
                return value
            }
            return .object(JSONObject(object.map { ($0.key, isFound ? $0.value : changed($0.value, rest, setting, &isFound)) }))
        default: return value
        }
    }

    private static func set(_ value: JSONValue, _ keys: ArraySlice<String>, _ new: JSONValue) -> JSONValue {
        guard let key = keys.first else { return new }
        var object = value.objectValue ?? [:]
        object[key] = set(object[key] ?? .object([:]), keys.dropFirst(), new)
        return .object(object)
    }

    private static func parsed(_ text: String) -> JSONValue {
        if let json = try? JSONParser.parse(text) { return json }
        guard let first = text.utf8.first, "[{".utf8.contains(first), let node = YAMLReader.read(text, file: "").node else { return .string(text) }
        return json(node)
    }

    private static func collect(_ value: JSONValue, _ ids: inout [String]) {
        switch value {
        case .array(let elements): for element in elements { collect(element, &ids) }
        case .object(let object):
            if let id = object["id"]?.stringValue { ids.append(id) }
            for (_, inner) in object { collect(inner, &ids) }
        default: return
        }
    }
}
