import GRDB
import Values
import WorkflowModel

/// Which runs name certain documents, in their facts or in documents that these name; read by and by, in the order in which events were appended.
struct NamingRuns {
    private let wanted: Set<ContentHash>
    /// By document, the numbers of runs.
    private(set) var runs: [ContentHash: Set<Int64>] = [:]
    /// Lists that were opened, by the first bytes of their hashes: what of the wanted they name.
    private var opened: [Int64: [ContentHash]] = [:]
    private var lastRow: Int64 = 0

    init(_ wanted: [ContentHash]) { self.wanted = Set(wanted) }

    /// Reads events that came since.
    ///
    /// - Returns: whether there may be more.
    mutating func read(_ database: Database, limit: Int) throws -> Bool {
        let finder = try DocumentFinder(database)
        let rows = try Row.fetchCursor(
            database, sql: "SELECT rowid, run, CAST(payload AS BLOB) FROM event WHERE rowid > ? AND kind <> ? ORDER BY rowid LIMIT ?",
            arguments: [lastRow, RunEvent.Kind.documentsRedacted.rawValue, limit])
        var count = 0
        while let row = try rows.next() {
            count += 1
            lastRow = row[0]
            let run: Int64 = row[1]
            var lists: [ContentHash] = []
            try row.withUnsafeData(atIndex: 2) { payload in
                payload?.withUnsafeBytes { bytes in
                    ReachableDocuments.scan(bytes) { hash, start in
                        if wanted.contains(hash) { runs[hash, default: []].insert(run) }
                        if ReachableDocuments.namesList(bytes, before: start) { lists.append(hash) }
                    }
                }
            }
            for list in lists {
                let found = try opened[list.indexKey] ?? look(into: list, finder)
                opened[list.indexKey] = found
                for hash in found { runs[hash, default: []].insert(run) }
            }
        }
        // An answer that no run has taken yet is named by no event.
        let given = try Row.fetchCursor(database, sql: "SELECT value_hash, run FROM approval WHERE decided_at IS NOT NULL AND taken = 0 AND value_hash IS NOT NULL")
        while let row = try given.next() {
            if let hash = hash(row, 0), wanted.contains(hash) { runs[hash, default: []].insert(row[1]) }
        }
        return count == limit
    }

    private func look(into list: ContentHash, _ finder: DocumentFinder) throws -> [ContentHash] {
        guard let bytes = try finder.bytes(list) else { return [] }
        var found: Set<ContentHash> = []
        bytes.withUnsafeBytes { bytes in ReachableDocuments.scan(bytes) { hash, _ in if wanted.contains(hash) { found.insert(hash) } } }
        return Array(found)
    }
}
