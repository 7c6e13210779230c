/// Work on a whole ledger that changes it.
public protocol LedgerUpkeeper: Sendable {
    /// Removes runs, and the documents that no other run names.
    ///
    /// - Parameter isDry: removes nothing and says what would be removed.
    func remove(_ filter: RemovalFilter, isDry: Bool) throws(JournalError) -> Removal

    /// Writes the file anew, without the room that removed rows left.
    ///
    /// - Returns: the bytes of the file before and after.
    /// - Throws: `JournalError` of code `busy` when another process drives a run or writes.
    func vacuum() throws(JournalError) -> (before: Int64, after: Int64)

    func close()
}
