import Engine
import Values
import WorkflowLoading
import WorkflowModel

/// What the replaying commands share.
enum RunReplaying {
    /// Replays one run from its record alone.
    ///
    /// - Parameter settings: of the project whose models are looked at where the record does not tell of them, as that of an earlier program.
    /// - Throws: `UsageError` where the record does not hold what the run was made from.
    static func replay(_ transcript: any RunTranscript, _ settings: Settings) async throws -> ReplayReport {
        let started = try await Replayer.started(transcript)
        guard started.kind != .proxied else { throw UsageError("run \(transcript.run) was made by requests of another program, and only runs of workflows are replayed") }
        let graph = try await graph(started.graph, of: started.sources, transcript)
        let accepted: Replayer.Accepted = { files throws(JournalError) in
            do {
                let graph = try await Self.graph(files.graph, of: files.sources, transcript)
                return graph
            } catch {
                throw error as? JournalError ?? JournalError(.corrupt, Failures.text(of: error))
            }
        }
        guard started.models == nil else { return try await Replayer(transcript, graph: graph, secrets: Output.secrets, accepted: accepted).replay() }
        let composition = Composition(settings: settings)
        let session = RunSession(composition) { Output.note($0 + "\n") }
        defer { session.close() }
        let report = try await Replayer(transcript, graph: graph, fallback: try session.models(), prices: composition.prices, secrets: Output.secrets, accepted: accepted).replay()
        return report
    }

    /// A workflow that a run went by, from its record alone.
    ///
    /// - Parameter files: of the manifest of its files.
    static func graph(_ hash: ContentHash, of files: ContentHash, _ transcript: any RunTranscript) async throws -> WorkflowGraph {
        func gone(_ what: String) -> UsageError {
            UsageError("run \(transcript.run) cannot be replayed: \(what)", hint: "what is left of it: agentctl show \(transcript.run)", code: ExitCodes.code(.corrupt))
        }
        let lists = try await transcript.documents([files])
        guard let list = lists[files], let json = try? JSONParser.parse(list), let sources = RecordedSources(manifest: json) else {
            throw gone("the list of its workflow's files is not in the record")
        }
        let contents = try await transcript.documents(sources.files.map(\.hash))
        let path = transcript.file
        let folder = path.folderWithSlash
        var recorded: TextTable<[UInt8]> = [:]
        for (index, file) in sources.files.enumerated() {
            guard let bytes = contents[file.hash] else { throw gone("\(file.path) of its workflow is not in the record") }
            recorded[index == 0 ? path : file.path.utf8.first == UInt8(ascii: "/") ? file.path : folder + file.path] = bytes
        }
        // Nothing but these is read: where the project lies is not asked.
        let graph = try WorkflowLoader.load(path, root: "/", hasBegun: true, recorded: recorded).graph.applying(sources.changes)
        guard graph.hash == hash else { throw gone("its workflow as recorded is another one than it began with") }
        return graph
    }
}
