import Values

/// Questions that are under way, and those who ask the same at the same time: pure, without tasks.
///
/// The first who asks leads. Where its answer was kept all others have it; where there is none the next one leads, and the others wait for that.
struct FlightLine {
    /// What one who waits is told.
    enum Word: Sendable, Hashable {
        /// There is an answer.
        case answered
        /// It is to ask itself.
        case lead
    }

    private struct Flight {
        var leader: Int
        /// In the order in which they came.
        var waiting: [Int] = []
    }

    private var flights: [ContentHash: Flight] = [:]

    var isEmpty: Bool { flights.isEmpty }

    /// - Returns: whether it leads.
    mutating func enter(_ place: Int, _ question: ContentHash) -> Bool {
        if flights[question] == nil {
            flights[question] = Flight(leader: place)
            return true
        }
        flights[question]!.waiting.append(place)
        return false
    }

    /// One goes: a leader with an answer that is kept or without, or one that waits no longer.
    ///
    /// - Returns: who is told what.
    mutating func leave(_ place: Int, _ question: ContentHash, isAnswered: Bool) -> [(place: Int, word: Word)] {
        guard var flight = flights[question] else { return [] }
        guard flight.leader == place else {
            flight.waiting.removeAll { $0 == place }
            flights[question] = flight
            return []
        }
        if isAnswered || flight.waiting.isEmpty {
            flights[question] = nil
            return flight.waiting.map { ($0, .answered) }
        }
        flight.leader = flight.waiting.removeFirst()
        flights[question] = flight
        return [(flight.leader, .lead)]
    }
}
