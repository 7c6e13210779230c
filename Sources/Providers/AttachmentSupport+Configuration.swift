import Economics
import WorkflowModel

extension ProviderConfiguration {
    /// What a model of it takes beside text: the model's entry before the provider's dialect.
    ///
    /// - Parameters:
    ///   - dialect: the entry's own.
    ///   - imageTokens: what is known of the model besides.
    func attachments(of model: ModelConfiguration?, _ dialect: Dialect, imageTokens: ImageTokens?) -> AttachmentSupport {
        AttachmentSupport(
            images: model?.images ?? dialect.images, files: model?.files ?? dialect.files,
            imageTokens: model?.imageTokens.map(ImageTokens.atMost) ?? imageTokens)
    }
}

extension AttachmentSupport {
    /// What a model takes, from the configuration alone; nothing for one that is not known.
    public static func configured(for model: ModelReference, in configurations: [ProviderConfiguration], catalogue: PriceCatalogue = .shipped) -> AttachmentSupport {
        guard let provider = (configurations + WellKnownProviders.all).first(where: { $0.name == model.provider }) else { return .none }
        let entry = provider.models.first { $0.alias == model.model }
        return provider.attachments(of: entry, Dialect(provider.dialect), imageTokens: catalogue.imageTokens(provider: model.provider, model: entry?.id ?? model.model))
    }
}
