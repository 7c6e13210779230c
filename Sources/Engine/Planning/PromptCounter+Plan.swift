import Economics
import PromptCaching
import Values
import WorkflowModel

/// `plan --count`.
extension PromptCounter {
    /// A plan with the prompts counted that are known before the run: those of the workflow's own steps that read inputs alone, of `for_each`
    /// the first item's. Each other one has a note that says why not.
    ///
    /// - Parameter inputs: bound; `nil`: they are not known yet.
    public func counted(_ plan: Plan, of graph: WorkflowGraph, inputs: JSONObject?, files: (any AttachmentSource)?) async -> Plan {
        var plan = plan
        for index in plan.steps.indices where plan.steps[index].kind == "model" {
            let step = graph.steps.first { $0.id.hasSameBytes(as: plan.steps[index].id) }
            let result: Result<TokenCount, StepFailure>
            if let step, let model = step.modelStep {
                result = await count(step, model, graph, inputs, files)
            } else {
                result = .failure(StepFailure(.configuration, "it stands inside of another step, or at the end"))
            }
            switch result {
            case .success(let told): plan.steps[index].prompt = PromptTokens(told)
            case .failure(let failure): plan.steps[index].notes.append("not counted: \(failure.message)" + failure.details.map { "; \($0)" }.joined())
            }
        }
        return plan
    }

    private func count(
        _ step: Step, _ model: ModelStep, _ graph: WorkflowGraph, _ inputs: JSONObject?, _ files: (any AttachmentSource)?
    ) async -> Result<TokenCount, StepFailure> {
        let preview = PromptPreview(
            of: step, model, in: graph, inputs: inputs ?? [:], data: [:], run: RunID("00000000-000000-00000000"), at: Timestamp(microseconds: 0))
        if preview.readsSteps || !preview.missing.isEmpty { return .failure(StepFailure(.configuration, "it reads what other steps come to")) }
        let tier = graph.tier(named: model.tier)!
        let sampling = model.sampling.over(tier.sampling)
        let segments: [PromptSegment]
        do throws(StepFailure) {
            let rendered = try await preview.render(files: files)
            segments = rendered.segments
        } catch {
            let why = inputs == nil && !graph.inputs.isEmpty ? "its inputs are not given" : error.message
            return .failure(StepFailure(error.kind, why))
        }
        let request = ModelRequest(
            id: CallID(run: RunID("plan"), number: 0), model: tier.models[0], segments: segments, sampling: sampling,
            maxOutputTokens: min(step.limits.maxOutputTokens, sampling.maxOutputTokens ?? .max), schema: model.schema, schemaName: step.id,
            timeout: min(step.timeout, KnownCount.longest))
        return await count(request)
    }
}
