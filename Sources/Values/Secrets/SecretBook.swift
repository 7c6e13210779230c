/// The secrets that a process knows, and what keeps them out of text. Grows while the process runs: a key that a command prints is
/// known once it was read.
public final class SecretBook: Sendable {
    private struct State {
        var secrets: Set<Secret> = []
        var redactor = Redactor.none
    }

    private let state = Mutex(State())

    public init(_ secrets: [Secret] = []) { add(secrets) }

    /// Adds those that are new. Ones that are too short to be told from text are not kept.
    public func add(_ secrets: [Secret]) {
        state.withLock { state in
            let before = state.secrets.count
            state.secrets.formUnion((secrets + secrets.flatMap(\.parts)).filter(\.isLongEnough))
            guard state.secrets.count > before else { return }
            // Of equal values the first name by order counts, whatever order they came in.
            state.redactor = Redactor(state.secrets.sorted { ($0.name, $0.value) < ($1.name, $1.value) })
        }
    }

    public var redactor: Redactor { state.withLock { $0.redactor } }

    /// All of them, in an order of its own.
    public var secrets: [Secret] { state.withLock { $0.secrets.sorted { ($0.name, $0.value) < ($1.name, $1.value) } } }
}
