import HTTP
import Providers
import Reports
import Tools
import Values
import WorkflowLoading
import WorkflowModel

/// Finds out what the checks of `doctor` judge. What cannot be found out is a fact too, never an error.
struct FactGathering {
    let global: GlobalOptions
    let offline: Bool

    /// Of one request; all are made side by side.
    private static let timeout = TimeSpan.seconds(5)

    func facts() async throws -> HealthFacts {
        // Before the event loop raises it.
        let machine = MachineFacts.machine()
        let (file, settings) = try project()
        let ledger = Composition(settings: settings).ledgerHealth()
        let providers = try await providers(settings.project)
        return HealthFacts(
            project: file, providers: providers,
            ledger: ledger, now: .now(), machine: machine, certificates: MachineFacts.certificates(.fromEnvironment()),
            libraries: [
                ("agentctl", Version.number), ("libcurl", HTTPLibrary.version.map { $0 + (HTTPLibrary.tlsVersion.map { " (\($0))" } ?? "") }),
                ("SQLite", Composition.sqliteVersion), ("libyaml", YAMLLibrary.version),
            ])
    }

    /// A project file that is not valid leaves what holds without one.
    private func project() throws -> (HealthFacts.ProjectFile, Settings) {
        do {
            let settings = try global.settings()
            guard let file = settings.project.file else { return (.absent(searchedFrom: settings.project.root, unread: settings.project.unread), settings) }
            return (.valid(file: file, providers: settings.project.providers.count), settings)
        } catch let problems as Diagnostics {
            let found = problems.errors.map { (message: ($0.range.map { "\($0.start): " } ?? "") + $0.message, hint: $0.hint) }
            let bare = Project(root: ".", file: nil, ledger: ProjectLoader.defaultLedger, providers: [], prices: [])
            return (.invalid(problems: found), Settings(project: bare, ledgerPath: global.ledgerPath))
        }
    }

    // MARK: Providers

    private func providers(_ project: Project) async throws -> [HealthFacts.Provider] {
        let declared = Set(project.providers.map(\.name))
        let builtIn = WellKnownProviders.all.filter { provider in
            guard case .environment(let name)? = provider.apiKey else { return false }
            return !declared.contains(provider.name) && Output.variable(name) != nil
        }
        let all = project.providers + builtIn
        let http = try Composition.httpClient()
        defer { http.loop.stop() }
        return await withTaskGroup(of: (Int, HealthFacts.Provider).self) { group in
            for (index, configuration) in all.enumerated() {
                group.addTask {
                    let facts = await provider(configuration, root: project.root, http: http)
                    return (index, facts)
                }
            }
            var found = [HealthFacts.Provider?](repeating: nil, count: all.count)
            for await (index, provider) in group { found[index] = provider }
            return found.compactMap { $0 }
        }
    }

    private func provider(_ configuration: ProviderConfiguration, root: String, http: HTTPClient) async -> HealthFacts.Provider {
        let (key, secret) = key(configuration, root: root)
        var urls: [String] = []
        for url in [configuration.baseURL].compactMap({ $0 }) + configuration.models.filter({ $0.serve == nil }).compactMap(\.baseURL) where !urls.contains(url) {
            urls.append(url)
        }
        var endpoints: [HealthFacts.Endpoint] = []
        for url in urls {
            var answer = HealthFacts.Endpoint.Answer.notAsked
            if !offline {
                switch await EndpointProbe.ask(url, of: configuration, key: secret, http: http, timeout: Self.timeout) {
                case .status(let status, let time, let lead): answer = .status(status, after: time, lead: lead)
                case .failed(let error): answer = .failed(message: error.message)
                }
            }
            endpoints.append(HealthFacts.Endpoint(url: URLParts.shown(url), answer: answer))
        }
        var servers: [HealthFacts.Server] = []
        for model in configuration.models {
            guard let program = model.serve?.command.first else { continue }
            if let index = servers.firstIndex(where: { $0.program == program }) {
                servers[index].models.append(model.alias)
            } else {
                servers.append(HealthFacts.Server(models: [model.alias], program: program, isFound: MachineFacts.isProgram(program, root: root)))
            }
        }
        return HealthFacts.Provider(
            name: configuration.name, key: key, maxConcurrency: configuration.maxConcurrency, endpoints: endpoints, servers: servers)
    }

    private func key(_ configuration: ProviderConfiguration, root: String) -> (HealthFacts.Provider.Key, secret: String?) {
        guard let source = configuration.apiKey else { return (.notNeeded, nil) }
        // Nothing is asked, so nobody's program has to run.
        if offline, case .command(let argv) = source { return (.notRead(source: "the command \(argv[0])"), nil) }
        switch ProviderRegistry.checked(SecretReaders.read(source, root: root), of: configuration) {
        case .failure(let failure): return (.missing(message: failure.message, hint: failure.details.first), nil)
        case .success(let key):
            if let secret = configuration.secret(ofKey: key) { Output.secrets.add([secret]) }
            switch source {
            case .environment(let name): return (.present(source: name), key)
            case .command(let argv): return (.present(source: "the command \(argv[0])"), key)
            case .value: return (.present(source: "the project file"), key)
            }
        }
    }
}
