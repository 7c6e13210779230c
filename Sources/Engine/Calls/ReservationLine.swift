/// Reservations of one run that do not fit yet, in the order of asking. They hold nothing while they wait.
///
/// Reservations are asked for side by side, because each waits for the disk; once one is postponed, those that come after
/// it stand in line behind it, and only the one in front asks again when a call has settled.
struct ReservationLine {
    private var waiting: [(ticket: Int, continuation: UnsafeContinuation<Void, Never>)] = []
    private var nextTicket = 0
    /// Whether one that stood in line is asking again: those behind it wait for its answer.
    private(set) var isFrontAsking = false
    /// Counts settled calls, so that one that settles between an answer and the waiting for it is not missed.
    private(set) var settledCalls = 0

    var isEmpty: Bool { waiting.isEmpty && !isFrontAsking }

    mutating func takeTicket() -> Int {
        nextTicket += 1
        return nextTicket
    }

    mutating func enter(_ ticket: Int, _ continuation: UnsafeContinuation<Void, Never>) {
        let index = waiting.firstIndex { $0.ticket > ticket } ?? waiting.count
        waiting.insert((ticket, continuation), at: index)
    }

    /// Says that a call settled: the postponed reservation in front may fit now.
    mutating func callSettled() {
        settledCalls += 1
        wakeFront()
    }

    mutating func becomeFront() { isFrontAsking = true }

    /// The one in front stands in line again: only the next settled call changes anything for anybody.
    mutating func frontWaitsAgain() { isFrontAsking = false }

    /// The one in front has its answer: it is the next one's turn.
    mutating func frontIsDone() {
        isFrontAsking = false
        wakeFront()
    }

    private mutating func wakeFront() {
        guard !isFrontAsking, !waiting.isEmpty else { return }
        isFrontAsking = true
        waiting.removeFirst().continuation.resume()
    }

    /// The run is stopping: everyone finds out for itself that it need not wait.
    mutating func wakeAll() {
        let all = waiting
        waiting = []
        for place in all { place.continuation.resume() }
    }
}
