import Economics
import Values

/// A record read fact by fact: the rows and counters that follow from it, and what in it cannot be.
public struct RunReplay {
    public let run: RunID
    /// The rows; of a run of an earlier form those that its facts tell, which are not all.
    public let tables: RowTables
    public private(set) var counters = RunCounters()
    /// The form of the run's facts.
    public private(set) var form = 1
    /// What is wrong, each a sentence with the number of its fact.
    public private(set) var faults: [String] = []

    private var projection: Projection

    /// - Parameter keeping: the one table whose rows are kept; `nil`: all. Of a run of ten thousand steps they are many.
    public init(run: RunID, keeping: String? = nil) {
        self.run = run
        tables = RowTables(keeping: keeping)
        projection = Projection(run: run)
    }

    /// Kinds of facts that this program does not know: what follows from them neither.
    public private(set) var unknown: Set<String> = []

    /// Whether all rows follow from the facts.
    public var provesRows: Bool { form >= 3 && unknown.isEmpty }

    public mutating func take(_ sequence: Int, kind: String, payload: JSONValue, at: Timestamp) {
        guard RunEvent.Kind(rawValue: kind) != nil else {
            unknown.insert(kind)
            return
        }
        do {
            let fact = try RunEvent(kind: kind, payload: payload, run: run)
            if case .runStarted(let start) = fact { form = start.facts }
            if case .callEnded(let end) = fact, !end.isPossible { faults.append("event \(sequence): the end of call \(end.id) cannot be true") }
            if case .itemsExpanded(let path, let count, _) = fact, count < 0 { faults.append("event \(sequence): '\(path)' cannot have \(count) items") }
            let before = counters.faults.count
            // Before form 2 a call's facts tell neither its caps nor what it holds.
            if form >= 2 { try counters.take(fact, after: projection) }
            for fault in counters.faults[before...] { faults.append("event \(sequence): \(fault)") }
            if form >= 3 { try projection.rows(of: fact, at: at, into: tables) } else { try projection.take(fact) }
        } catch {
            let reason = (error as? JournalError)?.description ?? "\(error)"
            faults.append("event \(sequence): \(reason)")
        }
    }
}
