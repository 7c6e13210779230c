import Values

extension SpendingArchive {
    /// Hands over calls by their runs, in the order in which those began; what is in memory is a page of them.
    ///
    /// - Parameter runs: only of these; `nil`: of all that the filter takes.
    public func forEachRecordedCall(_ filter: AuditFilter, runs: [String]? = nil, page: Int = 2_000, _ body: ([RecordedCall]) async throws -> Void) async throws {
        var after: RecordedCall.Position?
        while true {
            let calls = try await recordedCalls(filter: filter, runs: runs, after: after, limit: page)
            if !calls.isEmpty { try await body(calls) }
            guard calls.count == page, let last = calls.last else { return }
            after = last.position
        }
    }
}
