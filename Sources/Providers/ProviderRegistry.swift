import Economics
import HTTP
import Values
import WorkflowModel

/// All providers of a project behind the engine's one seam: finds the entry of a model, its key and its address, and hands
/// the call to the code of its API.
public final class ProviderRegistry: ModelProvider {
    /// Reads a secret: the environment, or a command's output.
    public typealias SecretReader = @Sendable (SecretSource) -> Result<String, StepFailure>

    private let directory: ProviderDirectory
    let http: HTTPClient
    private let servers: any ModelServers
    private let readSecret: SecretReader
    private let catalogue: PriceCatalogue
    /// Keys, read once: the first call that needs one asks for it.
    private let keys = Mutex<TextTable<Result<String, StepFailure>>>([:])
    /// Takes in what is read, and keeps all of it out of what servers say.
    let secrets: SecretBook
    private let resolved = Mutex<[ModelReference: Endpoint]>([:])
    /// Made once for each endpoint: every call asks for one.
    private let profiles = Mutex<[ModelReference: (endpoint: Endpoint, profile: ModelProfile)]>([:])
    /// Models whose server was not reached when it was last asked.
    private let ended = Mutex<Set<ModelReference>>([])
    private let limits = RateLimits()

    /// - Parameters:
    ///   - configurations: the project's entries; they win over the well-known ones of the same name.
    ///   - catalogue: has the context windows of models whose entry names none, and what images are billed as.
    ///   - secrets: keys are added to it as they are read; what servers answer is cleared of all that it has.
    public init(
        configurations: [ProviderConfiguration], http: HTTPClient, servers: any ModelServers,
        catalogue: PriceCatalogue = .shipped, secrets: SecretBook = SecretBook(),
        readSecret: @escaping SecretReader
    ) {
        directory = ProviderDirectory(configurations)
        self.servers = servers
        self.readSecret = readSecret
        self.catalogue = catalogue
        self.secrets = secrets
        self.http = http
        secrets.add(configurations.flatMap(\.writtenSecrets))
    }

    public var names: [String] { directory.names }

    public func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile {
        let endpoint = try endpoint(of: model, isAsked: false)
        if let known = profiles.withLock({ $0[model] }), known.endpoint === endpoint { return known.profile }
        let profile = profile(of: model, at: endpoint)
        profiles.withLock { $0[model] = (endpoint, profile) }
        return profile
    }

    /// Of nothing in it a key is part.
    public func knownProfile(of model: ModelReference) -> ModelProfile? {
        guard let entry = try? directory.entry(of: model) else { return nil }
        return profile(of: model, at: Self.endpoint(of: model, entry, key: nil))
    }

    private func profile(of model: ModelReference, at endpoint: Endpoint) -> ModelProfile {
        ModelProfile(
            reference: model, servedID: endpoint.modelID,
            contextWindow: endpoint.model?.contextWindow ?? catalogue.contextWindow(provider: model.provider, model: endpoint.modelID),
            maxConcurrency: endpoint.configuration.maxConcurrency, server: endpoint.model?.serve == nil ? endpoint.baseURL : model.description,
            attachments: endpoint.configuration.attachments(
                of: endpoint.model, endpoint.dialect, imageTokens: catalogue.imageTokens(provider: model.provider, model: endpoint.modelID)),
            servedNames: endpoint.dialect.servedNames, keepsOutputCap: endpoint.dialect.keepsOutputCap,
            trustsReportedCost: endpoint.dialect.trustsReportedCost, servedTier: endpoint.dialect.servedTier, schemaOverhead: endpoint.format.schemaOverhead,
            counting: endpoint.dialect.counting.reach, logprobs: endpoint.configuration.logprobs(of: endpoint.model, id: endpoint.modelID),
            cache: endpoint.cache?.rules)
    }

    public func prepare(_ model: ModelReference) async throws(StepFailure) {
        let endpoint = try endpoint(of: model)
        guard let configuration = endpoint.model, endpoint.baseURL == nil || !isReady(model) else { return }
        let ready = endpoint.reachable(at: try await servers.baseURL(of: configuration, provider: model.provider))
        resolved.withLock { $0[model] = ready }
        _ = ended.withLock { $0.remove(model) }
    }

    public func isReady(_ model: ModelReference) -> Bool { !ended.withLock { $0.contains(model) } }

    public func call(_ request: ModelRequest) async -> ModelCallResult {
        if let stopped = await stopped(before: request.model) { return stopped }
        let made = await exchange(request)
        switch made {
        case .success(let exchange):
            await http.perform(exchange.transfer)
            return told(by: exchange)
        case .failure(let failure): return Self.notSent(failure)
        }
    }

    public func call(_ request: ModelRequest, into sink: any AnswerSink) async -> ModelCallResult {
        if let stopped = await stopped(before: request.model) { return stopped }
        let made = await exchange(request, handsOn: true)
        switch made {
        case .success(let exchange):
            guard let pieces = exchange.pieces else { preconditionFailure("pieces were asked for") }
            async let handing: Void = pieces.hand(to: sink) { [http] in http.resume(exchange.transfer) }
            await http.perform(exchange.transfer)
            let result = told(by: exchange)
            pieces.close()
            await handing
            return result
        case .failure(let failure): return Self.notSent(failure)
        }
    }

    /// Waits where the model's server said that it takes nothing for now.
    ///
    /// - Returns: when the task was cancelled meanwhile.
    private func stopped(before model: ModelReference) async -> ModelCallResult? {
        while let pause = limits.pause(before: model) {
            do throws(CancellationError) { try await http.loop.sleep(for: pause) } catch { return Self.notSent(StepFailure(.cancelled, "stopped while waiting for \(model)")) }
        }
        return nil
    }

    private func told(by exchange: Exchange) -> ModelCallResult {
        limits.note(exchange.responseHeaders, of: exchange.request.model)
        let result = exchange.result().redacted(by: secrets.redactor)
        if result.isUnreached { noteEnd(ofServerOf: exchange.request.model) }
        return result
    }

    private static func notSent(_ failure: StepFailure) -> ModelCallResult {
        // A call's failure is one line; the way out is part of it.
        let message = ([failure.message] + failure.details).joined(separator: "; ")
        return ModelCallResult(outcome: .failure(CallFailure(failure.kind, message)), billing: .notBilled, total: .milliseconds(0))
    }

    /// A model server of ours may have ended: the next `prepare` looks, and starts another. Calls that are on their way keep the
    /// address that they have.
    private func noteEnd(ofServerOf model: ModelReference) {
        guard resolved.withLock({ $0[model]?.model?.serve != nil }) else { return }
        _ = ended.withLock { $0.insert(model) }
    }

    private func exchange(_ request: ModelRequest, handsOn: Bool = false) async -> Result<Exchange, StepFailure> {
        do throws(StepFailure) {
            let endpoint = try endpoint(of: request.model)
            // Asked for behind the endpoint, whose key may just have become known.
            let redactor = secrets.redactor
            let exchange = try await Exchange.make(request, at: endpoint, redactor: redactor, pieces: handsOn ? PieceQueue(redactor) : nil)
            return .success(exchange)
        } catch {
            return .failure(error)
        }
    }

    /// - Parameter isAsked: whether a request follows. A command that prints a key is run for nothing less.
    func endpoint(of model: ModelReference, isAsked: Bool = true) throws(StepFailure) -> Endpoint {
        if let known = resolved.withLock({ $0[model] }) { return known }
        let entry = try directory.entry(of: model)
        let key = try key(of: entry.provider, isAsked: isAsked)
        let endpoint = Self.endpoint(of: model, entry, key: key.value)
        guard key.isRead else { return endpoint }
        resolved.withLock { $0[model] = endpoint }
        return endpoint
    }

    private static func endpoint(of model: ModelReference, _ entry: ProviderDirectory.Entry, key: String?) -> Endpoint {
        let (configuration, alias) = entry
        let dialect = Dialect(configuration.dialect)
        let api = alias?.api ?? configuration.api
        let format = api.format(dialect)
        return Endpoint(
            configuration: configuration, model: alias, modelID: alias?.id ?? model.model, format: format,
            baseURL: alias?.serve == nil ? alias?.baseURL ?? configuration.baseURL : nil, credential: key.map { APIKey($0, in: format) }, dialect: dialect,
            counter: api.counter(dialect), cache: configuration.cache(of: alias, id: alias?.id ?? model.model, dialect).map(CacheSpeech.init))
    }

    private func key(of configuration: ProviderConfiguration, isAsked: Bool) throws(StepFailure) -> (value: String?, isRead: Bool) {
        guard let source = configuration.apiKey else { return (nil, true) }
        if let known = keys.withLock({ $0[configuration.name] }) { return (try known.get(), true) }
        if case .command = source, !isAsked { return (nil, false) }
        let key = Self.checked(readSecret(source), of: configuration)
        if case .success(let value) = key, let secret = configuration.secret(ofKey: value) { secrets.add([secret]) }
        keys.withLock { $0[configuration.name] = key }
        return (try key.get(), true)
    }

    /// A key that is too short to be told from ordinary text is not taken: it could not be kept out of anything. A literal one is a
    /// placeholder, as the project file takes them for this machine only.
    public static func checked(_ key: Result<String, StepFailure>, of configuration: ProviderConfiguration) -> Result<String, StepFailure> {
        let key = key.map(\.trimmedKey)
        if case .value? = configuration.apiKey { return key }
        return key.flatMap { value in
            guard value.utf8.count < Secret.minimumBytes, !Secret.isPlaceholder(value) else { return .success(value) }
            return .failure(
                StepFailure(
                    .configuration, "\(configuration.keyName) has \(value.utf8.count) bytes; one of fewer than \(Secret.minimumBytes) could not be kept out of texts",
                    details: ["a server on this machine that takes any key: leave api_key out, or write api_key: { value: none }"]))
        }
    }

    /// Reads the keys of these models now, those that commands print too, so that they are known before anything runs. What cannot
    /// be read is said when a model is asked for.
    public func readKeys(of models: [ModelReference]) {
        for model in models { _ = try? endpoint(of: model) }
    }
}
