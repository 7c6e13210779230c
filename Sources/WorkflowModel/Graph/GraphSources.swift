import Economics
import Values

/// The files that a graph was made of, and what flags changed in it: kept with the run, so that a later process can tell
/// whether it would go on with the same workflow, and show what is different.
public struct GraphSources: Sendable {
    /// What a flag changed.
    public enum Change: Sendable, Hashable {
        case budget(Money)
        case tier(String, ModelReference)

        /// What the graph's hash is chained with.
        var text: String {
            switch self {
            case .budget(let cap): return "budget \(cap.decimalText)"
            case .tier(let name, let model): return "tier \(name) \(model)"
            }
        }

        var json: JSONValue {
            switch self {
            case .budget(let cap): return ["budget_usd": .string(cap.decimalText)]
            case .tier(let name, let model): return ["tier": .string(name), "model": .string(model.description)]
            }
        }

        /// As it is said on the command line.
        public var flag: String {
            switch self {
            case .budget(let cap): return "--budget \(cap.decimalText)"
            case .tier(let name, let model): return "--model \(name)=\(model)"
            }
        }

        init?(json: JSONValue) {
            if let cap = json["budget_usd"]?.stringValue.flatMap(Money.init(decimal:)) {
                self = .budget(cap)
            } else if let name = json["tier"]?.stringValue, let model = json["model"]?.stringValue.flatMap(ModelReference.init(text:)) {
                self = .tier(name, model)
            } else {
                return nil
            }
        }
    }

    /// A file as it was read.
    public struct File: Sendable {
        /// Relative to the workflow's folder.
        public let path: String
        /// A text, unless it goes with a prompt.
        public let content: Blob

        /// - Parameter path: relative to the workflow's folder.
        public init(path: String, content: Blob) {
            self.path = path
            self.content = content
        }

        /// A file that was read as UTF-8.
        public init(path: String, text: String) { self.init(path: path, content: Blob(Array(text.utf8))) }
    }

    /// The absolute path of the workflow's file. Not part of the manifest: the same workflow elsewhere is the same.
    public let location: String
    public let files: [File]
    /// Whether they were taken from a record, in place of what lies there today.
    public let isRecorded: Bool
    public private(set) var changes: [Change] = []
    /// The list of the files by hash and the changes, as it is kept.
    public private(set) var manifest: Blob
    private let meaningOfFiles: ContentHash

    /// - Parameter meaning: a hash of what the files say, without what means nothing in them; `nil`: of their bytes.
    public init(location: String, files: [File], meaning: ContentHash? = nil, isRecorded: Bool = false) {
        self.isRecorded = isRecorded
        self.location = location
        self.files = files
        meaningOfFiles = meaning ?? files.reduce(ContentHash(of: [])) { ContentHash(chaining: $0, $1.content.hash.bytes) }
        manifest = Blob([])
        manifest = makeManifest()
    }

    func adding(_ change: Change) -> GraphSources {
        var copy = self
        copy.changes.append(change)
        copy.manifest = copy.makeManifest()
        return copy
    }

    /// A hash of what the files say and the flags changed. Comments, layout and the name of the workflow's own file do not change it.
    public var meaning: ContentHash { ContentHash(chaining: meaningOfFiles, Array(changes.map(\.text).joined(separator: "\n").utf8)) }

    private func makeManifest() -> Blob {
        let files = self.files.map { JSONValue.object(["path": .string($0.path), "sha256": .string($0.content.hash.hex)]) }
        return Blob(
            JSONEncoding.wire.bytes(
                .object([
                    "files": .array(files), "changes": .array(changes.map(\.json)),
                ])))
    }
}

/// A manifest of ``GraphSources`` as a run's record has it.
public struct RecordedSources: Sendable {
    public let files: [(path: String, hash: ContentHash)]
    public let changes: [GraphSources.Change]

    public init?(manifest: JSONValue) {
        guard let files = manifest["files"]?.arrayValue else { return nil }
        self.files = files.compactMap { file in
            guard let path = file["path"]?.stringValue, let hash = file["sha256"]?.stringValue.flatMap(ContentHash.init(hex:)) else { return nil }
            return (path, hash)
        }
        changes = (manifest["changes"]?.arrayValue ?? []).compactMap(GraphSources.Change.init(json:))
    }
}
