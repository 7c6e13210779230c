import Foundation
import GRDB
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Where a check's value stands among the last 500 of the same check of the same gate.
@Suite struct GatePlaceTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private static let start = Timestamp(rfc3339: "2026-11-30T10:00:00Z")!

    private struct Value {
        var run: String
        var path: String
        var number: Double
        var second: Int64
        var gate = "g"
        var tier = "small"
    }

    private func write(_ values: [Value]) async throws {
        for (run, own) in Dictionary(grouping: values, by: \.run) {
            let entry = JournalEntry(run: RunID(run))
            entry.facts = own.map { value in
                JournaledEvent(
                    .checkEnded(
                        CheckEnded(
                            path: value.path, tier: value.tier, check: "judge", kind: "judge", result: .failed, score: value.number, threshold: 0.5, time: .milliseconds(1),
                            gate: ContentHash(of: value.gate))), at: Self.start.adding(.seconds(value.second)))
            }
            #expect(try await ledger.write(entry) == .written)
        }
    }

    private func places(of run: String) throws -> [String: CheckPlace?] {
        let checks = try #require(try ledger.trace(run: run)).gateChecks
        return Dictionary(uniqueKeysWithValues: checks.map { ("\($0.path) \($0.tier)", $0.place) })
    }

    /// Against a count of all that came before, in runs that overlap.
    @Test func theLast500AreCounted() async throws {
        for run in ["r0", "r1", "r2"] { try await ledger.begin(.sample(run)) }
        var random = SeededGenerator(seed: 34)
        let values = (0..<1_500).map { index in
            Value(run: "r\(Int.random(in: 0..<3, using: &random))", path: "a[\(index)]", number: Double(Int.random(in: 0..<50, using: &random)) / 50, second: Int64(index))
        }
        try await write(values)
        for run in ["r0", "r1", "r2"] {
            let places = try places(of: run)
            for (index, value) in values.enumerated() where value.run == run {
                let before = values[max(0, index - 500)..<index]
                #expect(places["a[\(index)] small"] == CheckPlace(below: before.count { $0.number < value.number }, of: before.count))
            }
        }
    }

    /// Another gate, another tier, another workflow and what comes later are not looked at.
    @Test func onlyItsOwn() async throws {
        try await ledger.begin(.sample("r"))
        try await ledger.begin(.sample("other"))
        try temporary.execute("UPDATE run SET workflow = 'another' WHERE run_id = 'other'")
        try await write([
            Value(run: "r", path: "a[0]", number: 0.2, second: 1), Value(run: "r", path: "a[1]", number: 0.1, second: 2, gate: "h"),
            Value(run: "r", path: "a[2]", number: 0.1, second: 3, tier: "large"), Value(run: "other", path: "a[0]", number: 0.1, second: 4),
            Value(run: "r", path: "a[3]", number: 0.3, second: 5), Value(run: "r", path: "a[4]", number: 0.9, second: 6),
        ])
        let places = try places(of: "r")
        #expect(places["a[0] small"] == CheckPlace(below: 0, of: 0) && places["a[3] small"] == CheckPlace(below: 1, of: 1))
        #expect(places["a[1] small"] == CheckPlace(below: 0, of: 0) && places["a[2] large"] == CheckPlace(below: 0, of: 0))
    }

    /// The question goes along the index: a walk over all checks of a ledger would make `show` slow in a year.
    @Test func theIndexIsUsed() throws {
        let queue = try temporary.connect()
        defer { try? queue.close() }
        let plan = try queue.read { database in
            try Row.fetchAll(
                database,
                sql: "EXPLAIN QUERY PLAN SELECT ended_at FROM gate_check WHERE gate_hash = x'00' AND step_id = 'a' AND tier = 't' AND name = 'n' AND ended_at < 9 ORDER BY ended_at DESC LIMIT 1 OFFSET 499"
            ).map { $0["detail"] as String }
        }
        #expect(plan.count == 1 && plan[0].contains("gate_check_values"), "\(plan)")
    }
}
