import Values
import WorkflowModel

/// The providers that there are, by name: a project's own, and the well-known ones that it does not declare itself.
public struct ProviderDirectory: Sendable {
    /// A model's provider, and the model's own entry there.
    public typealias Entry = (provider: ProviderConfiguration, model: ModelConfiguration?)

    private let configurations: [ProviderConfiguration]

    /// - Parameter configurations: the project's entries; they win over the well-known ones of the same name.
    public init(_ configurations: [ProviderConfiguration]) {
        self.configurations = WellKnownProviders.all.filter { known in !configurations.contains { $0.name.hasSameBytes(as: known.name) } } + configurations
    }

    /// In order.
    public var names: [String] { configurations.map(\.name).sorted() }

    /// A model's provider, and its entry there if it has one. A provider that starts servers has the models that it declares, and no others.
    ///
    /// - Throws: what is unknown, with what there is.
    public func entry(of model: ModelReference) throws(StepFailure) -> Entry {
        guard let configuration = configurations.last(where: { $0.name.hasSameBytes(as: model.provider) }) else {
            throw StepFailure(
                .configuration, "there is no provider '\(model.provider)'",
                details: [
                    WellKnownProviders.entry(for: model.provider) ?? Suggestion.hint(for: model.provider, in: names)
                        ?? "known: \(names.joined(separator: ", ")); others are declared under providers: in the project file"
                ])
        }
        if WellKnownProviders.all.contains(where: { $0 === configuration }), let other = WellKnownProviders.maker(of: model.model, besides: configuration.name) {
            throw StepFailure(.configuration, "provider '\(model.provider)' has no model '\(model.model)'", details: ["it is \(other)/\(model.model)"])
        }
        let entry = configuration.models.first { $0.alias.hasSameBytes(as: model.model) }
        if entry == nil, configuration.models.contains(where: { $0.serve != nil }) {
            let aliases = configuration.models.map(\.alias)
            throw StepFailure(
                .configuration, "provider '\(model.provider)' has no model '\(model.model)'",
                details: [Suggestion.hint(for: model.model, in: aliases) ?? "it has: \(aliases.joined(separator: ", "))"])
        }
        guard entry?.serve != nil || entry?.baseURL ?? configuration.baseURL != nil else {
            throw StepFailure(.configuration, "provider '\(model.provider)' has no base_url", details: ["add base_url: to its entry in the project file"])
        }
        return (configuration, entry)
    }
}
