/// When to go on with which connection; soonest first, in order of insertion among equals.
struct StubTimerHeap {
    struct Entry {
        let deadline: UInt64
        let order: Int
        let descriptor: Int32
        /// The connection's number: an entry of a connection that has gone is skipped.
        let connection: Int
    }

    private var entries: [Entry] = []
    private var inserted = 0

    var next: UInt64? { entries.first?.deadline }

    mutating func insert(at deadline: UInt64, _ descriptor: Int32, connection: Int) {
        inserted += 1
        entries.append(Entry(deadline: deadline, order: inserted, descriptor: descriptor, connection: connection))
        var child = entries.count - 1
        while child > 0, Self.precedes(entries[child], entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popDue(at now: UInt64) -> Entry? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, Self.precedes(entries[child + 1], entries[child]) { child += 1 }
            guard Self.precedes(entries[child], entries[parent]) else { break }
            entries.swapAt(parent, child)
            parent = child
        }
        return first
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool { (a.deadline, a.order) < (b.deadline, b.order) }
}
