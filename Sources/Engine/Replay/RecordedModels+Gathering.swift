import Economics
import Values
import WorkflowModel

extension RecordedModels {
    /// Takes in what is known now of every model that a workflow, and those that it runs, may ask.
    mutating func add(of graph: WorkflowGraph, _ environment: EngineEnvironment, at moment: Timestamp) {
        for model in graph.tiers.flatMap(\.models) { add(model, Self.entry(of: model, environment, at: moment)) }
        var others: [WorkflowGraph] = []
        graph.forEachStep { if case .workflow(let other) = $0.kind { others.append(other.graph) } }
        for other in others { add(of: other, environment, at: moment) }
    }

    private static func entry(of model: ModelReference, _ environment: EngineEnvironment, at moment: Timestamp) -> Entry {
        do throws(StepFailure) {
            let profile = try environment.provider.profile(of: model)
            let sheet = environment.prices.sheet(provider: model.provider, model: profile.servedID, at: moment)
            return .known(profile, prices: sheet.map(RecordedPrices.init))
        } catch {
            return .unknown(error)
        }
    }
}
