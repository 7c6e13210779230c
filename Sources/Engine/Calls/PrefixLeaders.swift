import PromptCaching
import Values
import WorkflowModel

/// The waiting around a ``PrefixLine``, one for all runs of an engine.
final class PrefixLeaders: Sendable {
    /// Of a call that others may wait for, or that waits.
    struct Place: Sendable {
        let number: Int
        let model: ModelReference
        /// That its server has to process.
        let tokens: Int
        let isOwn: Bool
        /// Whether its answer comes in pieces if somebody waits for it; the others wait for its end otherwise.
        let streams: Bool
    }

    private struct State {
        var line = PrefixLine()
        var places = 0
        var times = FirstTokenTimes()
        /// Of answers that cannot come in pieces, to their end.
        var wholes = FirstTokenTimes()
        /// Of leaders that are waited for and were sent.
        var timers: [Int: Task<Void, Never>] = [:]

        func expected(_ place: Place) -> TimeSpan { (place.streams ? times : wholes).expected(place.model, tokens: place.tokens, isOwn: place.isOwn) }

        mutating func observe(_ span: TimeSpan, _ place: Place) {
            if place.streams {
                times.observe(span, place.model, tokens: place.tokens, isOwn: place.isOwn)
            } else {
                wholes.observe(span, place.model, tokens: place.tokens, isOwn: place.isOwn)
            }
        }
    }

    private let state = Mutex(State())
    private let waiting = WaitingTasks<PrefixLine.Release>()
    private let clock: any EngineClock
    private let executor: (any TaskExecutor)?

    init(clock: any EngineClock, executor: (any TaskExecutor)?) {
        self.clock = clock
        self.executor = executor
    }

    /// Whether nobody leads nor waits.
    var isEmpty: Bool { state.withLock { $0.line.isEmpty && $0.timers.isEmpty } }

    /// How long a call of which a provider has to process so many tokens is expected to take to its first one.
    func expected(_ model: ModelReference, tokens: Int) -> TimeSpan { state.withLock { $0.times.expected(model, tokens: tokens, isOwn: false) } }

    /// - Parameters:
    ///   - prompt: its tokens.
    ///   - streams: whether its answer comes in pieces if somebody waits for it.
    func enter(_ call: CallID, _ model: ModelReference, _ stake: PrefixStake, prompt: Int, streams: Bool) -> (place: Place, seat: PrefixLine.Seat) {
        let now = clock.now()
        let (tokens, isOwn) = (max(0, prompt - stake.known), stake.isTimeAlone)
        return state.withLock { state in
            state.places += 1
            let place = Place(number: state.places, model: model, tokens: tokens, isOwn: isOwn, streams: streams)
            let seat = state.line.enter(place.number, call, stake, expected: state.expected(place), at: now)
            if case .waits(let wait) = seat {
                waiting.announce(place.number)
                watch(wait.leader, at: now, &state)
            }
            return (place, seat)
        }
    }

    /// Waits until whoever is waited for has begun, or is waited for no longer; `nil` when the task was cancelled.
    func release(of place: Place) async -> PrefixLine.Release? {
        let release = await waiting.word(at: place.number)
        if release == nil { leave(place) }
        return release
    }

    /// A leader is sent.
    ///
    /// - Returns: whether somebody waits for its first token.
    func send(_ place: Place, as call: CallID) -> Bool {
        let now = clock.now()
        return state.withLock { state in
            state.line.send(place.number, as: call, at: now)
            guard state.line.isWaitedFor(place.number) else { return false }
            watch(place.number, at: now, &state)
            return true
        }
    }

    /// The answer of a leader has begun.
    ///
    /// - Parameter waited: how long that took, of which is learned how long it takes; `nil` where it is no such time: that to the end of an answer that could have been streamed.
    func answer(_ place: Place, after waited: TimeSpan?) {
        end(place.number) { state in
            // Also of one that was waited for no longer: those that come have to know how long it takes.
            if let waited { state.observe(waited, place) }
            return state.line.answer(place.number)
        }
    }

    /// A call goes, whatever it was in the line: one that has not begun to answer is followed by the next.
    func leave(_ place: Place) {
        let now = clock.now()
        end(place.number) { state in
            state.line.giveUp(place.number)
            var leaders: [Int] = []
            let releases = state.line.leave(place.number, at: now) { leaders.append($0) }
            for leader in leaders { watch(leader, at: now, &state) }
            return releases
        }
    }

    /// A call that leads was planned anew, so that what it writes may be less than it stood in line for.
    ///
    /// - Parameter stake: its new one; `nil`: it writes nothing that anybody could wait for.
    func claim(_ place: Place, as call: CallID, _ stake: PrefixStake?) {
        let now = clock.now()
        let releases = state.withLock { state in
            let expected = state.expected(place)
            var leaders: [Int] = []
            let releases = state.line.claim(place.number, call, stake, expected: expected, at: now) { leaders.append($0) }
            for leader in leaders { watch(leader, at: now, &state) }
            return releases
        }
        for release in releases { waiting.tell(release, release.place) }
    }

    private func end(_ place: Int, _ body: (inout State) -> [PrefixLine.Release]) {
        let releases = state.withLock { state in
            state.timers.removeValue(forKey: place)?.cancel()
            return body(&state)
        }
        for release in releases { waiting.tell(release, release.place) }
    }

    /// Lets those go after a while who wait for one that was sent, whether they came to it before or from another one.
    private func watch(_ place: Int, at now: Timestamp, _ state: inout State) {
        guard state.timers[place] == nil, let patience = state.line.patience(with: place) else { return }
        let span = TimeSpan.milliseconds(max(0, patience.since(now).milliseconds))
        state.timers[place] = Task(executorPreference: executor) { [self] in
            do { try await clock.sleep(for: span) } catch { return }
            end(place) { $0.line.isLate(place) }
        }
    }
}

/// Tells those who wait for a leader that its answer has begun.
struct FirstTokenSink: AnswerSink {
    let isWritten: @Sendable () -> Void
    /// Who takes the answer besides.
    let rest: (any AnswerSink)?

    func begin() async {
        isWritten()
        await rest?.begin()
    }

    func take(_ piece: AnswerPiece) async { await rest?.take(piece) }
}
