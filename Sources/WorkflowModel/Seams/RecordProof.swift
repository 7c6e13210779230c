import Values

/// Holds what was recorded against itself.
public protocol RecordProof: Sendable {
    /// - Parameters:
    ///   - run: the whole id.
    ///   - head: the hash of one of its events as it was kept elsewhere.
    /// - Returns: `nil` when there is no such run.
    func verify(run: String, head: ContentHash?) async throws(JournalError) -> RunVerification?

    /// Every run, the oldest first, each handed over when it is done; what is seen is of one moment.
    ///
    /// - Parameter each: called one after the other, on a thread of the implementation's own.
    func verifyAll(each: @escaping @Sendable (RunVerification) -> Void) async throws(JournalError)

    /// The whole file: its form, every run, and what belongs to none.
    ///
    /// - Parameter quick: documents are sampled, and what takes longest is left out.
    func checkup(quick: Bool) async throws(JournalError) -> LedgerCheckup
}
