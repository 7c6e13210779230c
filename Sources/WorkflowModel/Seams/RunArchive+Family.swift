import Values

extension RunArchive {
    /// A run with those that it was made from and those that were made from it, the first of them first and each behind its parent; a run
    /// without any is alone. A parent that was removed is not among them.
    ///
    /// - Parameter most: how many runs at most.
    public func family(of run: RunRecord, most: Int = 100) async throws(JournalError) -> [RunRelative] {
        var top = run
        var seen: TextSet = [run.id]
        while let id = top.parent, seen.insert(id).inserted, let parent = try await self.run(id) { top = parent }
        var family: [RunRelative] = []
        var next = [RunRelative(run: top, depth: 0)]
        seen = [top.id]
        while let relative = next.popLast(), family.count < most {
            family.append(relative)
            let children = try await runs(filter: RunFilter(parent: relative.run.id, limit: most))
            // The newest comes first, and the oldest is to be taken first.
            next += children.filter { seen.insert($0.id).inserted }.map { RunRelative(run: $0, depth: relative.depth + 1) }
        }
        return family
    }
}

/// A run in its family.
public struct RunRelative: Sendable {
    public let run: RunRecord
    /// How many stand between it and the first one, itself counted; 0: it is the first.
    public let depth: Int

    public init(run: RunRecord, depth: Int) {
        self.run = run
        self.depth = depth
    }
}
