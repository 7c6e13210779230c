import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Runs, newest first.
    public func runs(filter: RunFilter = RunFilter()) throws(JournalError) -> [RunRecord] {
        var conditions = SQLConditions()
        conditions.add("workflow = ?", filter.workflow)
        conditions.add("status = ?", filter.status?.rawValue)
        conditions.add("started_at >= ?", filter.since?.microseconds)
        conditions.add("batch = ?", filter.batch)
        conditions.add("parent = ?", filter.parent)
        conditions.add("(started_at, id) < (SELECT started_at, id FROM run WHERE run_id = ?)", filter.before)
        // Of the open ones, which are few, the row alone does not tell: a process may be gone.
        if filter.isResumable { conditions.add("\(RunColumns.isOpen) AND pruned_at IS NULL AND \(RunColumns.isOwn)", []) }
        // The plus keeps SQLite from reading all runs in their order: there is an index of the open ones.
        let order = filter.isResumable ? "+started_at" : "started_at"
        let arguments = conditions.arguments + [filter.isResumable ? -1 : filter.limit]
        let runs = try read { try RunColumns.fetch($0, "\(conditions.whereClause) ORDER BY \(order) DESC, id DESC LIMIT ?", arguments, vantage) }
        return filter.isResumable ? Array(runs.filter(\.isResumable).prefix(filter.limit)) : runs
    }

    /// The run that a user means: a whole id, a beginning or an end of one that no other run shares, or `last`.
    public func resolveRunID(_ text: String) throws(JournalError) -> RunMatch {
        if text.isEmpty { return .none }
        return try read { database in
            if text == "last" {
                let newest = try String.fetchOne(database, sql: "SELECT run_id FROM run WHERE \(RunColumns.isOwn) ORDER BY started_at DESC, id DESC LIMIT 1")
                return newest.map(RunMatch.found) ?? .none
            }
            if let exact = try String.fetchOne(database, sql: "SELECT run_id FROM run WHERE run_id = ?", arguments: [text]) {
                return .found(exact)
            }
            // Ids sort by time, and their index holds all that is asked for: a range of it for beginnings, all of it for ends;
            // there instr() passes most ids over without a copy of their end.
            let matches = try String.fetchAll(
                database,
                sql: """
                    SELECT run_id FROM run WHERE run_id >= ?1 AND run_id < ?1 || char(1114111) UNION
                    SELECT run_id FROM run WHERE instr(run_id, ?1) AND substr(run_id, -length(?1)) = ?1
                    ORDER BY run_id DESC LIMIT 10
                    """, arguments: [text])
            return matches.isEmpty ? .none : matches.count == 1 ? .found(matches[0]) : .ambiguous(matches)
        }
    }

    /// - Parameter id: the whole id.
    public func run(_ id: String) throws(JournalError) -> RunRecord? {
        try read { try RunColumns.fetch($0, "WHERE run_id = ?", [id], vantage).first }
    }

    /// The runs of a batch, by their places in it.
    public func runs(ofBatch batch: String) throws(JournalError) -> [Int: RunRecord] {
        try read { database in
            let runs = try RunColumns.fetch(database, "WHERE batch = ? AND batch_index IS NOT NULL ORDER BY id", [batch], vantage)
            return Dictionary(runs.map { ($0.batchIndex!, $0) }) { _, later in later }
        }
    }

    /// Facts of a run byte by byte, from the one after `sequence`.
    func facts(run: String, after sequence: Int, limit: Int) throws(JournalError) -> [RecordedFact] {
        try read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT seq, kind, CAST(payload AS BLOB), at, hash FROM event WHERE run = (SELECT id FROM run WHERE run_id = ?) AND seq > ? ORDER BY seq LIMIT ?",
                arguments: [run, sequence, limit])
            var facts: [RecordedFact] = []
            while let row = try rows.next() {
                facts.append(
                    RecordedFact(
                        sequence: row[0], kind: row[1], payload: DocumentFinder.bytes(row, 2), at: Timestamp(microseconds: row[3]), hash: hash(row, 4) ?? ContentHash(of: [])))
            }
            return facts
        }
    }

    /// Events of a run in order, from the one after `sequence`.
    ///
    /// - Parameter kinds: `nil`: of all kinds.
    public func events(run: String, after sequence: Int = 0, kinds: [String]? = nil, limit: Int = .max) throws(JournalError) -> [EventRecord] {
        var conditions = SQLConditions()
        conditions.add("run = (SELECT id FROM run WHERE run_id = ?)", run)
        conditions.add("seq > ?", sequence)
        conditions.add("kind IN (SELECT value FROM json_each(?))", kinds.map { JSONValue.array($0.map(JSONValue.string)).jsonText })
        let (condition, arguments) = (conditions.whereClause, conditions.arguments + [limit])
        return try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT seq, kind, payload, at, hash FROM event \(condition) ORDER BY seq LIMIT ?
                    """, arguments: arguments)
            var events: [EventRecord] = []
            while let row = try rows.next() {
                let payload: String = row[2]
                events.append(
                    EventRecord(
                        sequence: row[0], kind: row[1], payload: (try? JSONParser.parse(payload)) ?? .string(payload),
                        at: Timestamp(microseconds: row[3]), hash: hash(row, 4) ?? ContentHash(of: [])))
            }
            return events
        }
    }
}
