import Values

/// What a document is to its run: the name under which a person finds it.
public struct DocumentField: Sendable, Hashable, CustomStringConvertible {
    /// The path of the node; `nil`: it is the run's own.
    public let step: String?
    /// `inputs`, `outputs`, `workflow`; of a step `prompt`, `answer`, `output`, `stdout` and so on.
    public let name: String

    public init(step: String? = nil, _ name: String) {
        self.step = step
        self.name = name
    }

    public var description: String { step.map { "steps.\($0).\(name)" } ?? name }

    public static func == (a: DocumentField, b: DocumentField) -> Bool { a.description.hasSameBytes(as: b.description) }
    public func hash(into hasher: inout Hasher) { description.hashBytes(into: &hasher) }
}

/// The documents that the facts of a run name, in the order in which they are first named, and what they are to it.
public struct DocumentFields: Sendable {
    /// A document with all that it is to its run.
    public struct Entry: Sendable {
        public let hash: ContentHash
        public internal(set) var fields: [DocumentField]
        /// Whether it is a text of the workflow's own files wherever it stands: it says nothing of this run.
        public internal(set) var isOfWorkflow: Bool
    }

    /// Each document once.
    public private(set) var entries: [Entry] = []
    /// Steps that asked a model.
    public private(set) var asking: TextSet = []
    private var places: [ContentHash: Int] = [:]
    private var openedLists: Set<ContentHash> = []

    public init() {}

    /// The next fact.
    ///
    /// - Returns: documents that name others and have not been opened.
    public mutating func take(kind: String, payload: JSONValue) -> [(list: ContentHash, field: DocumentField)] {
        let step = payload["step"]?.stringValue
        // Of what was taken from an earlier call or from another run it is not said who made it: rather too much than too little.
        if [RunEvent.Kind.callStarted, .memoHit, .nodeInherited].contains(where: { $0.rawValue.hasSameBytes(as: kind) }), let step { asking.insert(step) }
        var lists: [(ContentHash, DocumentField)] = []
        for (key, hash) in RunEvent.documents(in: payload) {
            let field = DocumentField(step: step, Self.name(of: key, kind))
            add(hash, field, isOfWorkflow: step == nil && !["inputs", "outputs"].contains { key.hasSameBytes(as: $0) })
            if RunEvent.listKeys.contains(where: { key.hasSameBytes(as: $0) }), openedLists.insert(hash).inserted { lists.append((hash, field)) }
        }
        return lists
    }

    /// What a document that names others has in it.
    public mutating func open(_ list: JSONValue, of field: DocumentField) {
        let segments = list["segments"]?.arrayValue ?? []
        let ofWorkflow = Set(
            segments.filter { $0["class"]?.stringValue?.hasSameBytes(as: "workflow") == true }.compactMap { $0["hash"]?.stringValue.flatMap(ContentHash.init(hex:)) })
        // What a fork could take of its parent stands under the steps that gave it.
        for node in list["nodes"]?.arrayValue ?? [] {
            guard let step = node["step"]?.stringValue, let hash = node["output"]?.stringValue.flatMap(ContentHash.init(hex:)) else { continue }
            asking.insert(step)
            add(hash, DocumentField(step: step, "output"), isOfWorkflow: false)
        }
        if list["nodes"] != nil { return }
        let inner = field.step == nil ? field : DocumentField(step: field.step, "prompt")
        for hash in RunEvent.documents(inList: list) { add(hash, inner, isOfWorkflow: field.step == nil || ofWorkflow.contains(hash)) }
    }

    private mutating func add(_ hash: ContentHash, _ field: DocumentField, isOfWorkflow: Bool) {
        guard let place = places[hash] else {
            places[hash] = entries.count
            entries.append(Entry(hash: hash, fields: [field], isOfWorkflow: isOfWorkflow))
            return
        }
        // What stands once as something of the run's own says something of it.
        entries[place].isOfWorkflow = entries[place].isOfWorkflow && isOfWorkflow
        if entries[place].fields.last != field, !entries[place].fields.contains(field) { entries[place].fields.append(field) }
    }

    private static func name(of key: String, _ kind: String) -> String {
        switch key {
        case "sources": return "workflow"
        case "response": return "answer"
        // Of a tier or a check, not what the step gives.
        case "output" where ["check_ended", "tier_decided", "shadow_ended"].contains { kind.hasSameBytes(as: $0) }: return "answer"
        default: return key
        }
    }
}

extension RunTranscript {
    /// The documents of the run, and what they are to it.
    public func documentFields(page: Int = 2_000) async throws(JournalError) -> DocumentFields {
        var fields = DocumentFields()
        var after = 0
        while true {
            let events = try await events(after: after, most: page)
            let lists = events.flatMap { fields.take(kind: $0.kind, payload: $0.payload) }
            var rest = lists[...]
            while !rest.isEmpty {
                let some = rest.prefix(256)
                rest = rest.dropFirst(some.count)
                let found = try await documents(some.map(\.list))
                for (list, field) in some {
                    if let json = found[list].flatMap({ try? JSONParser.parse($0) }) { fields.open(json, of: field) }
                }
            }
            guard events.count == page, let last = events.last else { return fields }
            after = last.sequence
        }
    }
}
