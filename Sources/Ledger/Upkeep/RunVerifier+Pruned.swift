import GRDB
import Values
import WorkflowModel

/// A run of which `gc` removed the facts and kept the rows: they are held against its last link.
extension RunVerifier {
    /// - Returns: the verdict on what is left of the chain; `nil` where there is no link. Earlier versions wrote none, and of those runs no
    ///   head proves anything; of another it is a fault.
    func verifyLink(
        _ run: String, _ number: Int64, last: Int64, head: ContentHash, kept: ContentHash?, _ keptHead: inout RunVerification.KeptHead?, _ faults: inout [String]
    ) throws -> ChainVerdict? {
        let first = try Row.fetchOne(
            database, sql: "SELECT seq, payload FROM event WHERE run = ? AND kind = 'run_pruned' ORDER BY seq LIMIT 1", arguments: [number])
        guard let first else {
            faults += try faultsWithoutLink(number, hasKept: kept != nil)
            return nil
        }
        let sequence: Int64 = first[0]
        guard let payload = try? JSONParser.parse(first[1] as String),
            case .runPruned(let link)? = try? RunEvent(kind: RunEvent.Kind.runPruned.rawValue, payload: payload, run: RunID(run)), link.facts == sequence - 1
        else { return .broken(sequence: Int(sequence)) }
        var outcomes: [Outcome] = []
        if let kept, kept == link.previous { keptHead = .isOfEvent(link.facts) }
        let verdict = try walk(run, number, last: last, head: head, behind: (link.previous, sequence - 1)) { sequence, hash, at, kind, payload in
            if hash == kept, hash != head { keptHead = .isOfEvent(sequence) }
            if sequence > link.facts + 1, !Self.mayFollowAnEnd.contains(kind) { faults.append("event \(sequence), \(kind), cannot follow the run's end") }
            if kind == RunEvent.Kind.outcomeRecorded.rawValue, let told = try? JSONParser.parse(payload) {
                outcomes.append(Outcome(value: told["value"]?.stringValue ?? "", source: told["source"]?.stringValue ?? "", at: at))
            }
        }
        guard case .intact = verdict else {
            if keptHead == .matches { keptHead = .differs }
            return verdict
        }
        try compare(number, link, later: outcomes, &faults)
        return verdict
    }

    private func faultsWithoutLink(_ number: Int64, hasKept: Bool) throws -> [String] {
        if try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE run = ?)", arguments: [number])! {
            return ["gc removed a part of its events, and was stopped: run gc again"]
        }
        guard try Bool.fetchOne(database, sql: "SELECT unlinked IS NOT NULL FROM run WHERE id = ?", arguments: [number])! else {
            return ["its last link is missing: nothing proves what is kept of it"]
        }
        return hasKept ? ["an earlier version removed its events and left no link: no head proves what is kept of it"] : []
    }

    /// - Parameter later: what was said of the run since, which the rows hold behind those that were kept.
    private func compare(_ number: Int64, _ link: RunPruned, later: [Outcome], _ faults: inout [String]) throws {
        let rows = try Row.fetchAll(database, sql: "SELECT value, source, at, number FROM outcome WHERE run = ? ORDER BY number", arguments: [number])
        let all = rows.map { Outcome(value: $0[0], source: $0[1], at: $0[2]) }
        let earlier = all.count - later.count
        let isNumbered = rows.enumerated().allSatisfy { ($1[3] as Int) == $0 + 1 }
        if earlier < 0 || !isNumbered || !zip(all.suffix(later.count), later).allSatisfy({ $0.isSame(as: $1) }) { faults.append("outcome: the rows are not what was recorded since gc removed the facts") }
        let found = try KeptRows(number: number).digests(database, outcomes: max(0, earlier))
        let told = Dictionary(link.rows.map { ($0.table, $0.digest) }) { first, _ in first }
        // Of a table that there was not yet, no row was kept.
        for (table, digest) in found where told[table] ?? ContentHash(of: table) != digest { faults.append("\(table): the rows are not those that gc kept") }
        // One that was taken in has its outcome in its own row alone.
        let said = try String.fetchOne(database, sql: "SELECT outcome FROM run WHERE id = ? AND \(RunColumns.isOwn)", arguments: [number])
        let last = all.last?.value
        if said.map({ last?.hasSameBytes(as: $0) != true }) ?? (last != nil) {
            faults.append("run.outcome of the run says \(said ?? "nothing"), its last outcome is \(last ?? "none")")
        }
    }
}

/// What somebody said of a run, as a fact and a row tell it.
private struct Outcome {
    let value: String
    let source: String
    let at: Int64

    func isSame(as other: Outcome) -> Bool { at == other.at && value.hasSameBytes(as: other.value) && source.hasSameBytes(as: other.source) }
}
