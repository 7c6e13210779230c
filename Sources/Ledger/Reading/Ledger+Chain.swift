import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Computes a run's event chain again; `nil` when there is no such run.
    public func verifyChain(run: String) throws(JournalError) -> ChainVerdict? {
        try read { database in
            guard let row = try Row.fetchOne(database, sql: "SELECT last_seq, last_hash, id FROM run WHERE run_id = ?", arguments: [run])
            else { return nil }
            return try RunVerifier(database).walk(run, row[2], last: row[0], head: hash(row, 1))
        }
    }

    /// Holds a run's record against itself: its chain, the documents that its events name, its counters.
    ///
    /// - Parameter head: the hash of its last event as it was kept elsewhere.
    /// - Returns: `nil` when there is no such run.
    public func verify(run: String, head: ContentHash? = nil) throws(JournalError) -> RunVerification? {
        try read { try RunVerifier($0).verify(run, head: head) }
    }

    /// Every run, the oldest first, each handed over when it is done; what it sees is of one moment.
    public func verifyAll(each: (RunVerification) -> Void) throws(JournalError) {
        try read { database in
            let verifier = try RunVerifier(database)
            let runs = try String.fetchAll(database, sql: "SELECT run_id FROM run ORDER BY id")
            for run in runs { try verifier.verify(run).map(each) }
        }
    }
}
