import Values

extension SpendingArchive {
    /// Hands over calls as far as prompt caches had to do with them, in the order in which they began; what is in memory is a page of them.
    ///
    /// - Parameter lead: how long before the filter's beginning calls are handed over, too, which are not selected.
    public func forEachCachedCall(_ filter: AuditFilter, before lead: TimeSpan = .seconds(0), page: Int = 2_000, _ body: ([CachedCall]) async throws -> Void) async throws {
        var after: CachedCall.Position?
        while true {
            let calls = try await cachedCalls(filter: filter, before: lead, after: after, limit: page)
            try await body(calls)
            guard calls.count == page, let last = calls.last else { return }
            after = last.position
        }
    }
}
