import Engine
import Glibc
import Values
import WorkflowLoading
import WorkflowModel

/// The workflow of a run that the ledger has, as the run began with it.
struct RecordedWorkflow {
    let graph: WorkflowGraph
    /// Of the project that its file belongs to.
    let settings: Settings
    /// Where its file is, or was.
    let path: String
    /// What is to be said of the files; `nil`: they mean what they meant.
    var note: String?
    /// Where it is another than the run went by so far, what the run was when that was found to fit.
    var accepted: AcceptedRun?

    /// The graph with which a run goes on: as it was recorded. Where the files of today mean something else, that is said.
    ///
    /// - Parameters:
    ///   - file: where the user says that its file is.
    ///   - here: of the working directory.
    ///   - accepts: takes the files of today, where all that has ended means the same in them.
    /// - Throws: `UsageError` when the files are gone, or mean something else and what was recorded cannot be had any more, after their
    ///   difference went to stderr; where those of today are to be taken and cannot be. `Diagnostics` when they are wrong, and asked for.
    static func load(
        _ run: RunRecord, _ archive: any RunArchive, _ global: GlobalOptions, here: Settings, file: String? = nil, accepts: Bool = false
    ) async throws -> RecordedWorkflow {
        let path = try path(of: run, named: file, in: here.project)
        let settings = Settings(project: try global.settings(besides: path).project, ledgerPath: here.ledgerPath)
        let recorded = try await RecordedFiles(of: run, archive)
        let loaded = Result { try WorkflowSource.load(path, settings, hasBegun: true, runs: true).applying(recorded?.changes ?? []) }
        let today: WorkflowGraph
        switch loaded {
        case .success(let graph): today = graph
        case .failure(let error):
            // A deploy may have left them broken, or none.
            guard file == nil, !accepts, let graph = try await recorded?.graph(of: run, path: path, archive, settings) else { throw error }
            return RecordedWorkflow(graph: graph, settings: settings, path: path, note: goingOn(run, "its files cannot be taken now"))
        }
        if today.hash == run.graph { return RecordedWorkflow(graph: today, settings: settings, path: path) }
        let graph = try await recorded?.graph(of: run, path: path, archive, settings)
        if let graph, graph.sources.meaning == today.sources.meaning { return RecordedWorkflow(graph: graph, settings: settings, path: path) }
        if accepts {
            guard let graph else { throw UsageError("what run \(run.id) began with cannot be had any more: nobody can say whether what has ended is unchanged", code: ExitCodes.invalidWorkflow) }
            return try await accepted(today, inPlaceOf: graph, run, archive, settings, path)
        }
        if let graph { return RecordedWorkflow(graph: graph, settings: settings, path: path, note: goingOn(run, "they are others now")) }
        if let recorded { Output.note(try await recorded.difference(from: today, archive)) }
        throw UsageError(
            "the workflow of run \(run.id) is not what it was when the run began", hint: "put \(path) and its files back to go on, or run the workflow anew",
            code: ExitCodes.invalidWorkflow)
    }

    private static func goingOn(_ run: RunRecord, _ why: String) -> String {
        "\(run.id) goes on with the files that it began with, as \(why): --accept-changes takes the new ones where what has ended is unchanged"
    }

    private static func accepted(
        _ today: WorkflowGraph, inPlaceOf was: WorkflowGraph, _ run: RunRecord, _ archive: any RunArchive, _ settings: Settings, _ path: String
    ) async throws -> RecordedWorkflow {
        let events = try await archive.events(run: run.id, filter: EventFilter(limit: .max))
        let inputs = if let hash = run.inputs { try await archive.json(hash)?.objectValue ?? [:] } else { [:] as JSONObject }
        let objection = try await GraphAcceptance.objection(to: today, inPlaceOf: was, run: RunID(run.id), events, inputs: inputs) { hashes throws(JournalError) in
            try await archive.documents(hashes)
        }
        if let objection {
            throw UsageError(
                "run \(run.id) cannot take the files of today: \(objection)", hint: "without --accept-changes it goes on with the files that it began with", code: ExitCodes.invalidWorkflow)
        }
        return RecordedWorkflow(graph: today, settings: settings, path: path, note: "\(run.id) goes on with the files of today", accepted: AcceptedRun(graph: was.hash, facts: events.count))
    }

    /// What a run went by, to make another of it.
    ///
    /// - Throws: `UsageError` when that cannot be had any more.
    static func recorded(_ run: RunRecord, _ archive: any RunArchive, _ global: GlobalOptions, here: Settings, file: String? = nil) async throws -> RecordedWorkflow {
        let path = try path(of: run, named: file, in: here.project)
        let settings = Settings(project: try global.settings(besides: path).project, ledgerPath: here.ledgerPath)
        let recorded = try await RecordedFiles(of: run, archive)
        if let graph = try await recorded?.graph(of: run, path: path, archive, settings) { return RecordedWorkflow(graph: graph, settings: settings, path: path) }
        let today = try? WorkflowSource.load(path, settings, hasBegun: true, runs: true).applying(recorded?.changes ?? [])
        if let today, today.hash == run.graph { return RecordedWorkflow(graph: today, settings: settings, path: path) }
        throw UsageError("the workflow of run \(run.id) cannot be had any more as it was: nothing of the run can be kept", hint: "run the workflow anew", code: ExitCodes.invalidWorkflow)
    }

    /// The graph of a run that is only looked at: as it was recorded, whatever became of its files; where the record does not have it, as
    /// the files are today, if they mean the same.
    ///
    /// - Returns: `nil` when it cannot be had any more. Facts tell of a run without it.
    static func graph(toReadOf run: RunRecord, _ archive: any RunArchive, _ global: GlobalOptions, here: Settings, file: String? = nil) async throws -> WorkflowGraph? {
        let path = try? path(of: run, named: file, in: here.project)
        let settings = path.flatMap { try? global.settings(besides: $0) } ?? here
        let recorded = try await RecordedFiles(of: run, archive)
        if let graph = try await recorded?.graph(of: run, path: path ?? run.file, archive, settings) { return graph }
        guard let path, let today = try? WorkflowSource.load(path, settings, hasBegun: true, runs: true).applying(recorded?.changes ?? []), today.hash == run.graph else { return nil }
        return today
    }

    /// The graph with which the runs of a batch go on: the recorded one. Where the files of today mean something else, `say` is told.
    ///
    /// - Throws: as `load`, before anything of the batch has run; where they began with more than one workflow.
    static func graph(ofBatch batch: String, _ runs: [RunRecord], _ today: WorkflowGraph, _ archive: any RunArchive, _ settings: Settings) async throws -> WorkflowGraph {
        guard let first = runs.first(where: { $0.graph != today.hash }) else { return today }
        let recorded = try await RecordedFiles(of: first, archive)
        let others = runs.first { $0.graph != first.graph }
        // Whoever names a file and flags asks for what they say now; its runs that wait go on as they began by `resume --all`.
        if others == nil, let graph = try await recorded?.graph(of: first, path: today.file, archive, settings), graph.sources.meaning == today.sources.meaning { return graph }
        if let recorded { Output.note(try await recorded.difference(from: today, archive)) }
        let rest = "to run what is left with what the files say now, give its lines to a batch of its own"
        if let others {
            throw UsageError(
                "the runs of batch \(batch) began with more than one workflow, as \(first.id) and \(others.id)", hint: rest, code: ExitCodes.invalidWorkflow)
        }
        throw UsageError(
            "the workflow of batch \(batch) is not what it was when the batch began: nothing was run",
            hint: "put \(today.file), its files and flags back to go on; \(rest)", code: ExitCodes.invalidWorkflow)
    }

    // MARK: Where it is

    /// The file that the user names; as it was named where that is found from here; where it was; and where the project was moved, the
    /// file at its place in the project of the working directory.
    private static func path(of run: RunRecord, named file: String?, in project: Project) throws -> String {
        if let file { return file }
        guard let location = run.location else { return run.file }
        if ProjectFiles.isSame(run.file, location) { return run.file }
        if access(location, F_OK) == 0 { return location }
        // The longest part of the old path that is found: the file of that name at that place in the project.
        let parts = location.parts(at: UInt8(ascii: "/"))
        for start in parts.indices {
            let candidate = "\(project.root)/\(parts[start...].joined(separator: "/"))"
            if access(candidate, F_OK) == 0 { return ProjectFiles.shortened(candidate) }
        }
        throw UsageError(
            "the workflow of run \(run.id) is not at \(location) any more, nor in the project at \(project.root)",
            hint: "go on from the folder that its project was moved to, or name its file: agentctl resume \(run.id) --file \(parts.last ?? "workflow.yaml")",
            code: ExitCodes.invalidWorkflow)
    }
}

/// The files of a run's workflow as its record has them.
private struct RecordedFiles {
    let manifest: RecordedSources
    var changes: [GraphSources.Change] { manifest.changes }

    /// `nil` when the record does not tell.
    init?(of run: RunRecord, _ archive: any RunArchive) async throws {
        let known = if let version = run.version { version } else { try await Self.firstSources(of: run, archive) }
        guard let hash = known, let bytes = try await archive.document(hash), let json = try? JSONParser.parse(bytes), let manifest = RecordedSources(manifest: json)
        else { return nil }
        self.manifest = manifest
    }

    /// Of a run whose row does not have it.
    private static func firstSources(of run: RunRecord, _ archive: any RunArchive) async throws -> ContentHash? {
        let start = try await archive.events(run: run.id, filter: EventFilter(limit: 1)).first
        return start?.payload["sources"]?.stringValue.flatMap(ContentHash.init(hex:))
    }

    /// The recorded graph; `nil` when it cannot be had from what was recorded.
    func graph(of run: RunRecord, path: String, _ archive: any RunArchive, _ settings: Settings) async throws -> WorkflowGraph? {
        let folder = path.folderWithSlash
        var contents: TextTable<[UInt8]> = [:]
        for (index, file) in manifest.files.enumerated() {
            guard let bytes = try await archive.document(file.hash) else { return nil }
            // The first is the workflow's own, which may be called otherwise by now.
            contents[index == 0 ? path : file.path.utf8.first == UInt8(ascii: "/") ? file.path : folder + file.path] = bytes
        }
        guard let loaded = try? WorkflowLoader.load(path, root: settings.project.root, secrets: settings.project.secrets, hasBegun: true, recorded: contents) else { return nil }
        let graph = loaded.graph.applying(changes)
        return graph.hash == run.graph ? graph : nil
    }

    /// What is different today, as `diff -u` writes it.
    func difference(from today: WorkflowGraph, _ archive: any RunArchive) async throws -> String {
        var shown = ""
        for (index, file) in manifest.files.enumerated() {
            let same = index == 0 ? today.sources.files.first : today.sources.files.dropFirst().first { $0.path.hasSameBytes(as: file.path) }
            guard let after = same?.content else {
                shown += "\(file.path) belonged to the workflow and does not any more\n"
                continue
            }
            if after.hash == file.hash { continue }
            let recorded = try await archive.document(file.hash)
            if let before = String(validating: recorded ?? [], as: UTF8.self), let after = String(validating: after.bytes, as: UTF8.self) {
                shown += UnifiedDiff.text(before, after, file: file.path)
            } else {
                // An image, say.
                shown += "\(file.path) has another content\n"
            }
        }
        let known = TextSet(manifest.files.map(\.path))
        for file in today.sources.files.dropFirst() where !known.contains(file.path) { shown += "\(file.path) belongs to the workflow and did not\n" }
        if changes != today.sources.changes {
            func flags(_ changes: [GraphSources.Change]) -> String { changes.isEmpty ? "no --budget or --model" : changes.map(\.flag).joined(separator: " ") }
            shown += "it began with \(flags(changes)), now there is \(flags(today.sources.changes))\n"
        }
        return shown
    }
}
