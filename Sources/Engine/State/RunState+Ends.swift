import Expressions
import Values
import WorkflowModel

/// What a run's first and its last fact tell, as far as that follows from its workflow and its steps.
extension RunState {
    /// - Parameters:
    ///   - draw: where its workflow keeps a share of runs apart.
    ///   - redactor: what an expression puts together may be a secret, though none of its pieces is.
    func started(
        inputs hash: ContentHash, program: String, origin: RunOrigin, batch: (name: String, index: Int)?, fork: RunFork? = nil, models: ContentHash? = nil, draw: (() -> Int64)? = nil,
        redactor: Redactor
    ) -> RunStarted {
        let scope = bindings(scopes[0]!)
        var tags = JSONObject()
        for (key, value) in graph.tags {
            if let value = try? value.render(scope) { tags[key] = .string(redactor.redact(value)) }
        }
        return RunStarted(
            workflow: graph.name, file: graph.file, graph: graph.hash, sources: graph.sources.manifest.hash, meaning: graph.sources.meaning, inputs: hash, maxCost: graph.budget.maxCost,
            maxTokens: graph.budget.maxTokens,
            encoder: ModelRequest.encoderVersion, program: program, owner: graph.owner.json, tags: tags,
            decision: fork?.decision
                ?? RunDecision(
                    id: graph.decision?.id.flatMap { try? $0.render(scope) }.map { redactor.redact($0) }, unit: graph.decision?.unit, counts: graph.decision?.counts ?? []),
            batch: batch?.name, batchIndex: batch?.index, origin: origin, kind: fork == nil ? .workflow : .fork, purpose: fork?.purpose ?? .production, parent: fork?.parent.text,
            holdout: graph.caching.holdout.flatMap { rate in draw.map { RunStarted.Holdout(draw: $0(), rate: rate) } }, fork: fork?.origin, models: models)
    }

    /// What the run returns.
    func outputs() throws(StepFailure) -> JSONObject {
        do throws(EvaluationError) {
            return try evaluateOutputs(graph.outputs, in: scopes[0]!)
        } catch {
            throw StepFailure(.expression, "outputs: \(error.message)")
        }
    }

    /// What became of the decision, by the workflow's own word.
    func outcome(of status: RunStatus) -> String? {
        guard status == .succeeded || status == .failed, let template = graph.decision?.outcome else { return nil }
        return try? template.render(bindings(scopes[0]!))
    }
}
