import HTTP
import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The model servers that this process uses: each started on first use, shared with other agentctl processes of the
/// project, stopped when its last user is gone.
///
/// A server belongs to a folder `servers/<key>` beside the ledger. Users hold a shared lock on its `users` file; the kernel
/// drops it however a process ends. A guard process starts the server and waits for the exclusive lock, so it learns that
/// the last user is gone even when that one was killed.
public final class ModelServerPool: ModelServers {
    /// What is told while a server starts: its name, and whether it was already running.
    public typealias Progress = @Sendable (String) -> Void

    /// What is told when this process has a server on, and what when it lets go of it: of which provider and model, and since when it had it on.
    public struct Uses: Sendable {
        public let began: @Sendable (_ provider: String, _ model: String, _ since: Timestamp) async -> Void
        public let ended: @Sendable (_ provider: String, _ model: String, _ since: Timestamp) -> Void

        public init(
            began: @escaping @Sendable (_ provider: String, _ model: String, _ since: Timestamp) async -> Void,
            ended: @escaping @Sendable (_ provider: String, _ model: String, _ since: Timestamp) -> Void
        ) {
            self.began = began
            self.ended = ended
        }
    }

    private let folder: String
    private let root: String
    private let program: String
    private let http: HTTPClient
    private let clock: EventLoop
    private let progress: Progress
    private let uses: Uses?
    private let secrets: SecretBook
    private let withheld: @Sendable (String) -> TextSet
    private let servers = Mutex<TextTable<Start>>([:])
    private let locks = Mutex<[Int32]>([])
    private let used = Mutex<TextTable<(provider: String, model: String, since: Timestamp)>>([:])

    /// - Parameters:
    ///   - folder: where the state of servers is kept, usually beside the ledger.
    ///   - root: the project's root: where server commands start.
    ///   - program: this executable, which is its own guard.
    ///   - secrets: what is kept out of logs.
    ///   - withheld: variables of the environment that the servers of a provider do not see.
    ///   - uses: hears of servers that are ready, before they are asked, and of those that are let go of.
    public init(
        folder: String, root: String, program: String, http: HTTPClient, secrets: SecretBook = SecretBook(), withheld: @escaping @Sendable (String) -> TextSet = { _ in [] },
        uses: Uses? = nil, progress: @escaping Progress
    ) {
        self.folder = folder
        self.root = root
        self.program = program
        self.http = http
        clock = http.loop
        self.progress = progress
        self.secrets = secrets
        self.withheld = withheld
        self.uses = uses
    }

    public func baseURL(of model: ModelConfiguration, provider: String) async throws(StepFailure) -> String {
        guard let serve = model.serve else { throw StepFailure(.configuration, "\(provider)/\(model.alias) has no server") }
        let name = Name(provider: provider, model: model.alias)
        var (task, port) = try await port(of: name, serve)
        let state = ServerState(folder: folder, serve: serve, root: root)
        if state.port != port || !state.isServed {
            // It has ended since.
            forget(task, name)
            (task, port) = try await self.port(of: name, serve)
        }
        return (model.baseURL ?? "http://127.0.0.1:${{ port }}/v1").replacingBytes(of: ServerState.portPlaceholder, with: port)
    }

    private typealias Start = Task<Result<String, StepFailure>, Never>

    private struct Name: CustomStringConvertible {
        let provider: String
        let model: String
        var description: String { "\(provider)/\(model)" }
    }

    /// Unless somebody else has begun anew.
    private func forget(_ task: Start, _ name: Name) {
        let isOurs = servers.withLock { servers in
            guard servers[name.description] == task else { return false }
            servers[name.description] = nil
            return true
        }
        if isOurs { ended(name.description) }
    }

    private func ended(_ name: String) {
        let use = used.withLock { used in
            defer { used[name] = nil }
            return used[name]
        }
        if let use { uses?.ended(use.provider, use.model, use.since) }
    }

    private func port(of name: Name, _ serve: ServeConfiguration) async throws(StepFailure) -> (Start, String) {
        let task = servers.withLock { servers in
            if let existing = servers[name.description] { return existing }
            let task = Task { await self.start(serve, name: name) }
            servers[name.description] = task
            return task
        }
        do {
            let port = try await task.value.get()
            return (task, port)
        } catch {
            // The next call may try again: the reason may be mended meanwhile.
            forget(task, name)
            throw error
        }
    }

    /// Lets go of every server; those that nobody else uses stop.
    public func close() {
        for name in used.withLock({ $0.map(\.key) }) { ended(name) }
        for descriptor in locks.withLock({ locks in
            defer { locks = [] }; return locks
        }) { Glibc.close(descriptor) }
    }

    private func start(_ serve: ServeConfiguration, name: Name) async -> Result<String, StepFailure> {
        let state = ServerState(folder: folder, serve: serve, root: root)
        do throws(StepFailure) {
            try state.createFolder()
            let users = try state.lockAsUser()
            locks.withLock { $0.append(users) }
            let began = Timestamp.now()
            var isAnnounced = false
            // Who takes the `starting` lock spawns the guard if there is none; the others wait for its state file.
            if !state.isServed {
                progress("starting \(name)")
                isAnnounced = true
                try state.spawnGuard(program: program, serve: serve, root: root, secrets: secrets.secrets, withheld: withheld(name.provider))
            }
            var spawned = began
            while true {
                // A guard that was on its way out when we looked, or that was killed.
                if state.port == nil, state.failure == nil, Timestamp.now().since(spawned) > .seconds(2), !state.isServed {
                    spawned = .now()
                    try state.spawnGuard(program: program, serve: serve, root: root, secrets: secrets.secrets, withheld: withheld(name.provider))
                }
                if let failure = state.failure { throw StepFailure(.configuration, "the model server of \(name) did not start", details: failure) }
                // What stands there without a guard, or is withdrawn meanwhile, is of a server that goes down.
                if let port = state.port, state.isServed, await isReady(port, serve.ready), state.port == port {
                    if isAnnounced { progress("\(name) is ready after \(Timestamp.now().since(began))") }
                    if let uses {
                        await uses.began(name.provider, name.model, began)
                        used.withLock { $0[name.description] = (name.provider, name.model, began) }
                    }
                    return .success(port)
                }
                guard Timestamp.now().since(began) < serve.startTimeout else {
                    throw StepFailure(
                        .configuration, "the model server of \(name) was not ready within \(serve.startTimeout)",
                        details: state.lastLogLines + ["its log: \(state.logPath)"])
                }
                do { try await clock.sleep(milliseconds: 50) } catch { throw StepFailure(.cancelled, "stopped while a model server was starting") }
            }
        } catch {
            return .failure(error)
        }
    }

    private func isReady(_ port: String, _ path: String) async -> Bool {
        let request = HTTPRequest(url: "http://127.0.0.1:\(port)\(path)", connectTimeout: .seconds(1), timeout: .seconds(2))
        do throws(HTTPError) {
            return try await http.send(request).status == 200
        } catch {
            return false
        }
    }
}
