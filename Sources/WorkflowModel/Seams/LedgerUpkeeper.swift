import Values

/// Work on a whole ledger that changes it.
public protocol LedgerUpkeeper: Sendable {
    /// Removes runs, and the documents that no other run names.
    ///
    /// - Parameter isDry: removes nothing and says what would be removed.
    func remove(_ filter: RemovalFilter, isDry: Bool) throws(JournalError) -> Removal

    /// Takes in a run of another ledger. It can be looked at and replayed, never gone on with, and counts in no figure.
    ///
    /// - Throws: `JournalError` of code `corrupt` where it is not what was proved, of code `other` where another run has its id.
    func take(_ imported: any ImportedRun, at: Timestamp) throws(JournalError) -> ImportVerdict

    /// Takes documents out of the ledger; each run that names one says so behind its end.
    ///
    /// - Parameter isDry: changes nothing and says what would be.
    /// - Throws: `JournalError` of code `unknownRun`, of code `hasEnded` for a run that has not ended or whose facts are gone, of code `other` where other
    ///   runs name a document and the request does not say everywhere.
    func redact(_ request: RedactionRequest, isDry: Bool) throws(JournalError) -> Redaction

    /// Writes the file anew, without the room that removed rows left.
    ///
    /// - Returns: the bytes of the file before and after.
    /// - Throws: `JournalError` of code `busy` when another process drives a run or writes.
    func vacuum() throws(JournalError) -> (before: Int64, after: Int64)

    func close()
}
