import Values
import WorkflowModel

/// What a fork may still take of its parent, with the documents that it needs for that.
struct Inheritance {
    private(set) var kept = KeptNodes()
    private var documents: [ContentHash: [UInt8]] = [:]

    var isEmpty: Bool { kept.nodes.isEmpty }

    /// Nothing: the run is no fork.
    init() {}

    /// - Throws: `JournalError` when an output is not there any more.
    init(_ kept: KeptNodes, of parent: String, _ journal: any RunJournal) async throws(JournalError) {
        self.kept = kept
        documents = try await journal.documents(kept.outputs)
        for path in kept.paths {
            if let output = kept.nodes[path]?.output, documents[output] == nil {
                throw JournalError(.corrupt, "the output of '\(path)' that is to be kept of run \(parent) is not in the ledger any more: it was removed or redacted")
            }
        }
    }

    mutating func note(_ fact: RunEvent) {
        if !isEmpty { kept.note(fact) }
    }

    /// What stands in place of running a node, with the output that it names; `nil`: nothing is kept of it.
    func node(at path: String) -> (kept: NodeInherited, output: JSONValue?)? {
        guard let node = kept.nodes[path] else { return nil }
        guard let hash = node.output else { return (node, nil) }
        return documents[hash].flatMap { try? JSONParser.parse($0) }.map { (node, $0) }
    }
}

extension RunCommand {
    /// The node that has not begun and of which another run may have what is asked for.
    fileprivate var heir: Node? {
        switch self {
        case .evaluateCondition(let node), .expandItems(let node), .start(let node), .open(let node, pass: 0): return node
        case .open, .openFinally, .close, .skip, .collect, .cancel, .end: return nil
        }
    }
}

extension RunExecution {
    /// Of a fork: takes what is kept of a node in place of performing a command.
    ///
    /// - Returns: whether that was done.
    @inline(never)
    func inherit(_ command: RunCommand) -> Bool {
        guard let node = command.heir, state.open[node] == nil, let (kept, output) = inheritance.node(at: node.path) else { return false }
        record(.nodeInherited(kept), output.map { .value($0) } ?? .none)
        return true
    }

    /// What a fork that another process has begun may still take.
    func inherit(before events: [EventRecord]) async throws(JournalError) {
        guard let fork = state.fork, let parent = state.parent else { return }
        let documents = try await environment.journal.documents([fork.kept])
        guard let document = documents[fork.kept].flatMap({ try? JSONParser.parse($0) }) else {
            throw JournalError(.corrupt, "what run \(id) keeps of run \(parent) is not in the ledger any more")
        }
        var kept: KeptNodes
        do throws(EventDecodingError) {
            kept = try KeptNodes(document: document, run: id)
            let kinds = [RunEvent.Kind.nodeInherited.rawValue, RunEvent.Kind.itemsExpanded.rawValue]
            for event in events where kinds.contains(event.kind) { kept.note(try RunEvent(kind: event.kind, payload: event.payload, run: id)) }
        } catch {
            throw JournalError(.corrupt, "what run \(id) keeps of run \(parent) cannot be read: \(error.reason)")
        }
        inheritance = try await Inheritance(kept, of: parent, environment.journal)
    }
}
