import Values

/// Which documents this process wrote lately: prefixes and schemas come back with every call, and need not be offered to
/// the database again. Bounded: the older half is forgotten.
///
/// Who deletes documents says so in `blob_mark.removals`, upon which everything is forgotten.
struct RecentBlobs {
    private static let limit = 32_768
    private var current: Set<Key> = []
    private var previous: Set<Key> = []

    /// A digest is random already: eight of its bytes place it as well as 32.
    private struct Key: Hashable {
        let hash: ContentHash

        func hash(into hasher: inout Hasher) { hasher.combine(hash.indexKey) }
    }

    /// Whether `hash` is new here; remembers it.
    mutating func insert(_ hash: ContentHash) -> Bool {
        let key = Key(hash: hash)
        if previous.contains(key) { return false }
        guard current.insert(key).inserted else { return false }
        if current.count >= Self.limit {
            previous = current
            current = []
        }
        return true
    }

    mutating func forgetAll() {
        current.removeAll()
        previous.removeAll()
    }
}
