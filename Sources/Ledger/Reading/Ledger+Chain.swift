import Foundation
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Computes a run's event chain again; `nil` when there is no such run.
    public func verifyChain(run: String) throws(JournalError) -> ChainVerdict? {
        try read { database in
            guard let row = try Row.fetchOne(
                database, sql: "SELECT last_seq, last_hash, id FROM run WHERE run_id = ?", arguments: [run])
            else { return nil }
            let rows = try Row.fetchCursor(
                database, sql: "SELECT seq, at, kind, CAST(payload AS BLOB), hash FROM event WHERE run = ? ORDER BY seq",
                arguments: [row[2] as Int64])
            var chain = EventChain()
            var head = EventChain.origin(of: run)
            var sequence: Int64 = 0
            while let event = try rows.next() {
                sequence += 1
                guard event[0] == sequence else { return .broken(sequence: Int(sequence)) }
                head = try event.withUnsafeData(atIndex: 3) { payload in
                    (payload ?? Data()).withUnsafeBytes {
                        chain.link(after: head, sequence: sequence, at: event[1], kind: event[2], payload: $0)
                    }
                }
                guard hash(event, 4) == head else { return .broken(sequence: Int(sequence)) }
            }
            // Events cut off at the end leave a chain that is whole but for its head.
            guard row[0] == sequence, hash(row, 1) == head else { return .broken(sequence: Int(sequence) + 1) }
            return .intact(events: Int(sequence), head: head)
        }
    }
}
