import Values

/// The waiting around a ``FlightLine``, one for all runs of an engine: who waits holds neither a place nor money.
final class AnswerFlights: Sendable {
    /// Of one who asks.
    struct Place: Sendable {
        let number: Int
        let question: ContentHash
    }

    private struct State {
        var line = FlightLine()
        var places = 0
    }

    private let state = Mutex(State())
    private let waiting = WaitingTasks<FlightLine.Word>()

    /// Whether nobody asks.
    var isEmpty: Bool { state.withLock { $0.line.isEmpty } }

    /// - Returns: also whether it is to ask; otherwise it waits for a ``word(at:)``.
    func enter(_ question: ContentHash) -> (place: Place, leads: Bool) {
        state.withLock { state in
            state.places += 1
            let place = Place(number: state.places, question: question)
            let leads = state.line.enter(place.number, question)
            if !leads { waiting.announce(place.number) }
            return (place, leads)
        }
    }

    /// `nil` when the task was cancelled: it has left.
    func word(at place: Place) async -> FlightLine.Word? {
        let word = await waiting.word(at: place.number)
        if word == nil { leave(place, isAnswered: false) }
        return word
    }

    /// - Parameter isAnswered: whether there is an answer for those who wait, which the journal has.
    func leave(_ place: Place, isAnswered: Bool) {
        let told = state.withLock { $0.line.leave(place.number, place.question, isAnswered: isAnswered) }
        for (place, word) in told { waiting.tell(word, place) }
    }
}
