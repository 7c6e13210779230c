import Values
import WorkflowModel

/// Going on with a run of which there is a record: its facts are applied to the state as when they happened; what was asked for and not
/// answered is asked for again.
extension RunExecution {
    func resume(_ run: RecordedRun) async throws(JournalError) {
        let record = try await RunRecording(run, environment.journal)
        let isOther = run.graph != state.graph.hash
        if isOther { state.machine.filesAhead = 1 }
        try fold(record)
        try await inherit(before: run.events)
        for model in state.answering {
            if let server = try? road.profile(of: model).server { engine.services.hasReached(server) }
        }
        // The journal has it already.
        let resumed = RunEvent.runResumed(run.resumed)
        announce(resumed, at: run.resumedAt)
        let first = commands(after: resumed, at: run.resumedAt)
        if isOther { try await accept(state.graph.sources) }
        // What lost calls hold may have brought it there; or its process died between the two facts.
        enterBands(at: environment.clock.now())
        go(first)
        for scope in state.scopes.values {
            if let node = scope.node, state.open[node]?.hasPassedDeadline == false { startDeadline(node) }
        }
        for (node, question) in state.questions { startTimer(node, question) }
        take(run.decisions.map { ($0, $1) })
        warmUp()
        outbox.flush()
    }

    /// Before anything is done by it.
    private func accept(_ sources: GraphSources) async throws(JournalError) {
        record(.filesAccepted(FilesAccepted(graph: state.graph.hash, sources: sources.manifest.hash, meaning: sources.meaning)))
        outbox.append(sources.manifest)
        for file in sources.files { outbox.append(file.content) }
        let journal = outbox.journal
        _ = try await journal.write(outbox.take())
    }

    private func fold(_ record: RunRecording) throws(JournalError) {
        try record.fold(into: &state) { fact, moment in observer?.recall(fact, run: id, at: moment) }
    }
}
