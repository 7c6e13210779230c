import GRDB
import Values
import WorkflowModel

/// A run of which `gc` removed the facts and kept the rows: they are held against its last link.
extension RunVerifier {
    /// - Returns: the verdict on what is left of the chain; `nil` where there is no link, as earlier versions wrote none, or `gc` was stopped
    ///   before it did.
    func verifyLink(
        _ run: String, _ number: Int64, last: Int64, head: ContentHash, kept: ContentHash?, _ keptHead: inout RunVerification.KeptHead?, _ faults: inout [String]
    ) throws -> ChainVerdict? {
        let first = try Row.fetchOne(
            database, sql: "SELECT seq, payload FROM event WHERE run = ? AND kind = 'run_pruned' ORDER BY seq LIMIT 1", arguments: [number])
        guard let first else { return nil }
        let sequence: Int64 = first[0]
        guard let payload = try? JSONParser.parse(first[1] as String),
            case .runPruned(let link)? = try? RunEvent(kind: RunEvent.Kind.runPruned.rawValue, payload: payload, run: RunID(run)), link.facts == sequence - 1
        else { return .broken(sequence: Int(sequence)) }
        var outcomes: [String] = []
        if let kept, kept == link.previous { keptHead = .isOfEvent(link.facts) }
        let verdict = try walk(run, number, last: last, head: head, behind: (link.previous, sequence - 1)) { sequence, hash, _, kind, payload in
            if hash == kept, hash != head { keptHead = .isOfEvent(sequence) }
            if sequence > link.facts + 1, !Self.mayFollowAnEnd.contains(kind) { faults.append("event \(sequence), \(kind), cannot follow the run's end") }
            if kind == RunEvent.Kind.outcomeRecorded.rawValue { outcomes.append((try? JSONParser.parse(payload))?["value"]?.stringValue ?? "") }
        }
        guard case .intact = verdict else {
            if keptHead == .matches { keptHead = .differs }
            return verdict
        }
        try compare(number, link, later: outcomes, &faults)
        return verdict
    }

    /// - Parameter later: what was said of the run since, which the rows hold behind those that were kept.
    private func compare(_ number: Int64, _ link: RunPruned, later: [String], _ faults: inout [String]) throws {
        let all = try String.fetchAll(database, sql: "SELECT value FROM outcome WHERE run = ? ORDER BY number", arguments: [number])
        let earlier = all.count - later.count
        if earlier < 0 || Array(all.suffix(later.count)) != later { faults.append("outcome: the rows are not what was recorded since gc removed the facts") }
        let found = try KeptRows(number: number).digests(database, outcomes: max(0, earlier))
        let told = Dictionary(link.rows.map { ($0.table, $0.digest) }) { first, _ in first }
        for (table, digest) in found where told[table] != digest { faults.append("\(table): the rows are not those that gc kept") }
        let said = try String.fetchOne(database, sql: "SELECT outcome FROM run WHERE id = ?", arguments: [number])
        if said != all.last { faults.append("run.outcome of the run says \(said ?? "nothing"), its last outcome is \(all.last ?? "none")") }
    }
}
