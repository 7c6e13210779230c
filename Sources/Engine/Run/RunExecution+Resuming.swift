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
        if let accepted = accepted(insteadOf: run.graph) { try await accept(accepted) }
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

    /// What this process goes by and its record does not have yet; `nil`: nothing.
    private func accepted(insteadOf graph: ContentHash) -> FilesAccepted? {
        let models: ContentHash?
        if let replay = engine.services.replay {
            models = replay.acceptedModels
        } else {
            let known = engine.models(of: state.graph)
            // Of a record that does not tell what was known of models this is not told either.
            models = known.hash == state.models || state.models == nil ? nil : known.hash
            if models != nil { outbox.append(known) }
        }
        if graph == state.graph.hash, models == nil { return nil }
        let sources = state.graph.sources
        return FilesAccepted(graph: state.graph.hash, sources: sources.manifest.hash, meaning: sources.meaning, models: models)
    }

    /// Before anything is done by it.
    private func accept(_ accepted: FilesAccepted) async throws(JournalError) {
        let sources = state.graph.sources
        record(.filesAccepted(accepted))
        outbox.append(sources.manifest)
        for file in sources.files { outbox.append(file.content) }
        let journal = outbox.journal
        _ = try await journal.write(outbox.take())
    }

    private func fold(_ record: RunRecording) throws(JournalError) {
        try record.fold(into: &state) { fact, moment in observer?.recall(fact, run: id, at: moment) }
    }
}
