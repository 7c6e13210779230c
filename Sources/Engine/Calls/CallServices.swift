import Values
import WorkflowModel

/// What the calls of all runs of an engine share: places, prices, and what is known of models and servers.
final class CallServices: Sendable {
    let environment: EngineEnvironment
    /// `nil`: calls are made.
    let replay: ReplayConductor?
    let callLimiter: ConcurrencyLimiter
    let priceSheets: PriceSheetCache
    let caches = PrefixCaches()
    /// Calls that others with the same beginning wait for.
    let leaders: PrefixLeaders
    /// Questions of steps with `memo` that are under way.
    let flights = AnswerFlights()
    private let providerLimiters = Mutex<TextTable<ConcurrencyLimiter>>([:])
    /// Models that were made reachable once: asking again is quick.
    private let prepared = Mutex<Set<ModelReference>>([])
    /// Servers that have answered since this engine began, or in a run before it was resumed.
    private let reached = Mutex<TextSet>([])

    init(_ environment: EngineEnvironment) {
        self.environment = environment
        replay = environment.replay
        leaders = PrefixLeaders(clock: environment.clock, executor: environment.executor)
        callLimiter = ConcurrencyLimiter(limit: environment.maxConcurrentCalls)
        priceSheets = PriceSheetCache(environment.prices)
    }

    func hasReached(_ server: String) { _ = reached.withLock { $0.insert(server) } }
    func reachedBefore(_ server: String) -> Bool { reached.withLock { $0.contains(server) } }

    func isPrepared(_ model: ModelReference) -> Bool { prepared.withLock { $0.contains(model) } }

    /// Makes a model reachable, for the first time or after it was not, which may mean to start its server. A stop does not wait
    /// for that.
    func prepareFirst(_ model: ModelReference) async throws(StepFailure) {
        let (answers, answer) = AsyncStream.makeStream(of: Result<Void, StepFailure>.self)
        let provider = environment.provider
        let task = Task(executorPreference: environment.executor) {
            do throws(StepFailure) {
                try await provider.prepare(model)
                answer.yield(.success(()))
            } catch {
                answer.yield(.failure(error))
            }
        }
        // The stream ends early, without an answer, when the waiting task is cancelled.
        guard let result = await answers.first(where: { _ in true }) else {
            task.cancel()
            throw StepFailure(.cancelled, "stopped while a model was made ready")
        }
        try result.get()
        _ = prepared.withLock { $0.insert(model) }
    }

    func limiter(of profile: ModelProfile) -> ConcurrencyLimiter? {
        // Whose turn it is, is told by the record.
        guard replay == nil, let limit = profile.maxConcurrency else { return nil }
        return providerLimiters.withLock { limiters in
            if let existing = limiters[profile.reference.provider] { return existing }
            let limiter = ConcurrencyLimiter(limit: limit)
            limiters[profile.reference.provider] = limiter
            return limiter
        }
    }
}
