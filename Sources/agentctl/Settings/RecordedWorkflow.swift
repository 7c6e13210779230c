import Engine
import Ledger
import Values
import WorkflowLoading
import WorkflowModel

/// The workflow of a run that the ledger has, as its file says it today.
enum RecordedWorkflow {
    /// Loads it and makes sure that it is the one that the run began with.
    ///
    /// - Throws: `UsageError` when the file is gone, `Diagnostics` when it is wrong; when it says something else, what is
    ///   different goes to stderr.
    static func load(_ run: RunRecord, _ ledger: Ledger, _ settings: Settings) throws -> WorkflowGraph {
        let recorded = try sources(of: run, ledger)
        let path = path(of: run)
        let graph = try WorkflowSource.load(path, settings, runs: true).applying(recorded?.changes ?? [])
        if graph.hash == run.graph { return graph }
        var shown = ""
        for file in recorded?.files ?? [] {
            guard let after = graph.sources.files.first(where: { $0.path == file.path })?.content else {
                shown += "\(file.path) belonged to the workflow and does not any more\n"
                continue
            }
            if after.hash == file.hash { continue }
            if let before = String(validating: try ledger.blob(file.hash) ?? [], as: UTF8.self), let after = String(validating: after.bytes, as: UTF8.self) {
                shown += UnifiedDiff.text(before, after, file: file.path)
            } else {
                // An image, say.
                shown += "\(file.path) has another content\n"
            }
        }
        let known = Set((recorded?.files ?? []).map(\.path))
        for file in graph.sources.files where !known.contains(file.path) { shown += "\(file.path) belongs to the workflow and did not\n" }
        Output.note(shown)
        throw UsageError(
            "the workflow of run \(run.id) is not what it was when the run began", hint: "put \(path) and its files back to go on, or run the workflow anew",
            code: ExitCodes.invalidWorkflow)
    }

    private static func sources(of run: RunRecord, _ ledger: Ledger) throws -> RecordedSources? {
        guard let start = try ledger.events(run: run.id, limit: 1).first, let hash = start.payload["sources"]?.stringValue.flatMap(ContentHash.init(hex:)),
            let bytes = try ledger.blob(hash), let manifest = try? JSONParser.parse(bytes)
        else { return nil }
        return RecordedSources(manifest: manifest)
    }

    /// As the user named it where that is found from here, else where it was.
    static func path(of run: RunRecord) -> String {
        guard let location = run.location else { return run.file }
        return ProjectFiles.isSame(run.file, location) ? run.file : location
    }
}
