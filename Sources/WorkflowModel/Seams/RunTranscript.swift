import Economics
import Values

/// All that is recorded of one run, wherever it is kept: in a ledger, or in a bundle of its own.
///
/// Facts are read a page at a time and documents by their hashes, so that a run of ten thousand steps is not in memory whole.
public protocol RunTranscript: Sendable {
    var run: RunID { get }
    /// The workflow's file, as it was named.
    var file: String { get }

    /// Facts in their order, from the one behind a sequence number on.
    ///
    /// - Parameter most: how many at once. Fewer than that are the last ones.
    func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord]

    /// The documents of hashes, as far as there are any. Redacted ones are not among them.
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]

    /// The price rows of ids, as far as there are any.
    func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow]

    /// Documents that facts name and that were taken out on purpose: they are compared by their hashes.
    func redacted() async throws(JournalError) -> Set<ContentHash>
}
