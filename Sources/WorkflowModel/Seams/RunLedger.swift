/// A ledger that is open to write: where runs are driven from.
public protocol RunLedger: RunJournal, AnswerMemory, RunControl {
    /// The same ledger, for those who read.
    var archive: any RunArchive & SpendingArchive & RecordProof { get }

    /// Writes what is queued and lets the file go. Once is enough; later writes fail.
    func close()
}
