import GRDB
import Testing

@testable import Ledger

/// What a gate's rate is counted from.
@Suite struct EscalationCountTests {
    /// One range of an index that has all that is read, however many other gates there are.
    @Test func theCountIsOneRange() throws {
        let temporary = try TemporaryLedger()
        try temporary.open().close()
        let queue = try temporary.connect()
        defer { try? queue.close() }
        let plan = try queue.read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + EscalationCounts.sql, arguments: ["x", 1]).map { $0["detail"] as String } }
        #expect(plan == ["SEARCH gate_tier USING COVERING INDEX gate_tier_window (window_key=? AND decided_at>?)"])
    }
}
