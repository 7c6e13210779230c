import Economics
import Values
import WorkflowModel

/// One run in one file, proved: every document against its hash, the chain from the first to the last fact against the head, price rows
/// against the digits in their ids, every fact as one that can be read, and all of it against the hash in its last line.
///
/// What is in memory is where its lines stand, not what they say. See Docs/Bundles.md.
public final class RunBundle: Sendable {
    public let path: String
    public let header: BundleHeader
    /// Of all lines before the last one.
    public let hash: ContentHash
    let file: BundleFile
    /// By their numbers from 1.
    let facts: [BundleFile.Place]
    let documents: [ContentHash: BundleFile.Place]
    let priceRows: TextTable<BundleFile.Place>
    /// In the order in which facts name them.
    public let leftOut: [(hash: ContentHash, reason: LeftOutReason)]

    /// How many documents there are.
    public var documentCount: Int { documents.count }

    /// Reads a bundle whole, and proves it.
    ///
    /// - Parameter head: as it was kept elsewhere; `nil`: the one in the bundle is taken at its word. Who can write a file can make a whole
    ///   new chain.
    /// - Throws: `BundleError`.
    public init(_ path: String, head: ContentHash? = nil) throws(BundleError) {
        let file: BundleFile
        do { file = try BundleFile(path) } catch { throw BundleError(path: path, faults: [], problem: error.message) }
        var proof = BundleProof()
        do {
            try file.forEachLine { line, place, isWhole in proof.take(line, place, isWhole: isWhole) }
        } catch {
            throw BundleError(path: path, faults: [], problem: (error as? BundleFile.Problem)?.message ?? "\(error)")
        }
        proof.finish(keptHead: head)
        guard proof.faults.isEmpty, let header = proof.header, let hash = proof.told else {
            throw BundleError(path: path, faults: Array(proof.faults.prefix(20)), problem: proof.isOther ? "\(path) is no bundle: \(proof.faults[0])" : nil)
        }
        self.path = path
        self.header = header
        self.hash = hash
        self.file = file
        facts = proof.facts
        documents = proof.documents
        priceRows = proof.priceRows
        leftOut = proof.leftOut
    }

    func line(at place: BundleFile.Place) throws(JournalError) -> BundleLine {
        let bytes: [UInt8]
        do { bytes = try file.bytes(at: place.offset, count: place.count) } catch { throw JournalError(.other, error.message) }
        return try line(bytes)
    }

    /// A line that was proved before.
    func line(_ bytes: [UInt8]) throws(JournalError) -> BundleLine {
        do { return try BundleLine(bytes) } catch { throw JournalError(.corrupt, "\(path) was changed while it was read: a line of it \(error.text)") }
    }
}
