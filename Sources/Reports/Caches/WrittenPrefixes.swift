import PromptCaching
import Values
import WorkflowModel

/// What was written to caches, and whether somebody read it before it was gone.
///
/// Derived, not observed: usage says how much a call read and wrote, and its recorded plan which prefixes those tokens are.
struct WrittenPrefixes {
    /// What became of tokens that a group of calls wrote.
    struct Fate {
        var written = 0
        var inVain = 0
        var pending = 0
    }

    private struct Key: Hashable {
        let space: UInt64
        let name: UInt64
        let model: ModelReference
    }

    private struct Entry {
        var expires: Int64
        var lifetime: Int64
        var unread: Int
        var owner: Int?
    }

    private var entries: [Key: Entry] = [:]
    private var fates: [Int: Fate] = [:]
    private var sweepAt = 100_000

    /// - Parameters:
    ///   - call: none began before one that was added earlier.
    ///   - owner: who is to know what became of what it wrote; `nil`: nobody.
    mutating func add(_ figures: CachedCallFigures, owner: Int?) {
        guard let plan = figures.call.plan, figures.isReported, let total = plan.ends.last?.tokens else { return }
        let time = figures.call.startedAt.microseconds
        func key(_ end: CachePlan.End) -> Key { Key(space: plan.space, name: end.name, model: figures.call.model) }
        // Estimates of bytes: what is read to within a thirtieth of an end is read to that end.
        let reach = figures.read + figures.read / 32 + (figures.read > 0 ? 32 : 0)
        for end in plan.ends where figures.read > 0 && figures.observed(end.tokens, of: total) <= reach {
            guard let entry = entries[key(end)], entry.expires >= time else { continue }
            entries[key(end)]!.expires = time + entry.lifetime
            entries[key(end)]!.unread = 0
        }
        let written = figures.written + figures.writtenLong
        guard written > 0 else { return }
        var marks = plan.marks.map { (end: plan.ends[$0.end], lifetime: $0.lifetime) }
        if marks.isEmpty, let shortest = CacheRules(of: plan)?.lifetimes.last {
            // The server wrote the end by itself.
            marks = [(plan.ends[plan.ends.count - 1], shortest.span)]
        }
        guard let last = marks.last else { return }
        let new = marks.filter { figures.observed($0.end.tokens, of: total) > reach }
        let (first, depth) = (figures.read, figures.observed(last.end.tokens, of: total))
        var (before, left) = (first, written)
        for (index, mark) in (new.isEmpty ? [last] : new).enumerated() {
            let isLast = index >= new.count - 1
            let tokens = figures.observed(mark.end.tokens, of: total)
            let part = isLast || depth <= first ? left : min(left, Int(clamping: Int128(written) * Int128(tokens - before) / Int128(depth - first)))
            put(key(mark.end), part, lifetime: mark.lifetime, at: time, owner)
            (before, left) = (tokens, left - part)
        }
        if entries.count > sweepAt { sweep(at: time) }
    }

    private mutating func put(_ key: Key, _ tokens: Int, lifetime: TimeSpan, at time: Int64, _ owner: Int?) {
        if let owner { fates[owner, default: Fate()].written += tokens }
        let span = lifetime.milliseconds * 1000
        if let old = entries[key] { lose(old) }
        entries[key] = Entry(expires: time + span, lifetime: span, unread: tokens, owner: owner)
    }

    private mutating func lose(_ entry: Entry) {
        if let owner = entry.owner, entry.unread > 0 { fates[owner, default: Fate()].inVain += entry.unread }
    }

    private mutating func sweep(at time: Int64) {
        for (key, entry) in entries where entry.expires < time {
            lose(entry)
            entries[key] = nil
        }
        sweepAt = max(100_000, entries.count * 2)
    }

    /// - Parameter end: when the look at it ends: what lives longer may still be read.
    func fates(at end: Timestamp) -> [Int: Fate] {
        var fates = fates
        for entry in entries.values where entry.unread > 0 {
            guard let owner = entry.owner else { continue }
            if entry.expires < end.microseconds { fates[owner, default: Fate()].inVain += entry.unread } else { fates[owner, default: Fate()].pending += entry.unread }
        }
        return fates
    }
}
