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

    /// Finds the file of a run and makes sure that it still means what it meant when the run began. Where only comments or layout
    /// are different, the run goes on with what was recorded.
    ///
    /// - Parameters:
    ///   - file: where the user says that it is.
    ///   - here: of the working directory.
    /// - Throws: `UsageError` when the file is gone or means something else, after its difference went to stderr; `Diagnostics` when
    ///   it is wrong.
    static func load(_ run: RunRecord, _ archive: any RunArchive, _ global: GlobalOptions, here: Settings, file: String? = nil) async throws -> RecordedWorkflow {
        let path = try path(of: run, named: file, in: here.project)
        let settings = Settings(project: try global.settings(besides: path).project, ledgerPath: here.ledgerPath)
        let recorded = try await RecordedFiles(of: run, archive)
        let today = try WorkflowSource.load(path, settings, hasBegun: true, runs: true).applying(recorded?.changes ?? [])
        if today.hash == run.graph { return RecordedWorkflow(graph: today, settings: settings) }
        if let recorded, let graph = try await recorded.graph(like: today, of: run, path: path, archive, settings) {
            return RecordedWorkflow(graph: graph, settings: settings)
        }
        if let recorded { Output.note(try await recorded.difference(from: today, archive)) }
        throw UsageError(
            "the workflow of run \(run.id) is not what it was when the run began", hint: "put \(path) and its files back to go on, or run the workflow anew",
            code: ExitCodes.invalidWorkflow)
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

    /// The graph with which the runs of a batch go on: the recorded one where the files of today mean the same.
    ///
    /// - Throws: as `load`, before anything of the batch has run.
    static func graph(ofBatch batch: String, _ runs: [RunRecord], _ today: WorkflowGraph, _ archive: any RunArchive, _ settings: Settings) async throws -> WorkflowGraph {
        guard let first = runs.first(where: { $0.graph != today.hash }) else { return today }
        let recorded = try await RecordedFiles(of: first, archive)
        let others = runs.first { $0.graph != first.graph }
        if others == nil, let graph = try await recorded?.graph(like: today, of: first, path: today.file, archive, settings) { return graph }
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
        let parts = location.split(separator: "/")
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
        guard let start = try await archive.events(run: run.id, filter: EventFilter(limit: 1)).first, let hash = start.payload["sources"]?.stringValue.flatMap(ContentHash.init(hex:)),
            let bytes = try await archive.document(hash), let json = try? JSONParser.parse(bytes), let manifest = RecordedSources(manifest: json)
        else { return nil }
        self.manifest = manifest
    }

    /// The recorded graph, if what is there today means the same.
    func graph(like today: WorkflowGraph, of run: RunRecord, path: String, _ archive: any RunArchive, _ settings: Settings) async throws -> WorkflowGraph? {
        guard let graph = try await graph(of: run, path: path, archive, settings) else { return nil }
        return graph.sources.meaning == today.sources.meaning ? graph : nil
    }

    /// The recorded graph; `nil` when it cannot be had from what was recorded.
    func graph(of run: RunRecord, path: String, _ archive: any RunArchive, _ settings: Settings) async throws -> WorkflowGraph? {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var contents: [String: [UInt8]] = [:]
        for (index, file) in manifest.files.enumerated() {
            guard let bytes = try await archive.document(file.hash) else { return nil }
            // The first is the workflow's own, which may be called otherwise by now.
            contents[index == 0 ? path : file.path.hasPrefix("/") ? file.path : folder + file.path] = bytes
        }
        guard let loaded = try? WorkflowLoader.load(path, root: settings.project.root, secrets: settings.project.secrets, hasBegun: true, recorded: contents) else { return nil }
        let graph = loaded.graph.applying(changes)
        return graph.hash == run.graph ? graph : nil
    }

    /// What is different today, as `diff -u` writes it.
    func difference(from today: WorkflowGraph, _ archive: any RunArchive) async throws -> String {
        var shown = ""
        for (index, file) in manifest.files.enumerated() {
            let same = index == 0 ? today.sources.files.first : today.sources.files.dropFirst().first { $0.path == file.path }
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
        let known = Set(manifest.files.map(\.path))
        for file in today.sources.files.dropFirst() where !known.contains(file.path) { shown += "\(file.path) belongs to the workflow and did not\n" }
        if changes != today.sources.changes {
            func flags(_ changes: [GraphSources.Change]) -> String { changes.isEmpty ? "no --budget or --model" : changes.map(\.flag).joined(separator: " ") }
            shown += "it began with \(flags(changes)), now there is \(flags(today.sources.changes))\n"
        }
        return shown
    }
}
