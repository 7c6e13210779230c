import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Calls with all by which their costs can be told again, as they are read of a ledger.
@Suite struct RecordedCallTests {
    private static let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!

    private static func usage(_ random: inout SeededGenerator) -> TokenUsage {
        func some(_ most: Int) -> Int? { Bool.random(using: &random) ? Int.random(in: 0...most, using: &random) : nil }
        var usage = TokenUsage(plainInput: Int.random(in: 0...900, using: &random), cacheRead: some(90), cacheWrite: some(90), plainOutput: Int.random(in: 0...900, using: &random), reasoning: some(50))
        if usage.cacheWrite != nil { usage.cacheWriteLong = some(40) }
        // What has no column of its own.
        (usage.audioInput, usage.audioOutput, usage.searches) = (some(20), some(20), some(3))
        if Bool.random(using: &random) { usage.terms = ServedTerms(service: .flex, region: Bool.random(using: &random) ? "us" : nil) }
        return usage
    }

    @Test func everyClassIsRead() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        var random = SeededGenerator(seed: 16)
        var written: [(id: String, usage: TokenUsage)] = []
        for run in ["a", "b", "c"] {
            try await ledger.begin(.sample(run))
            for number in 1...40 {
                let (id, usage) = (CallID(run: RunID(run), number: number), Self.usage(&random))
                _ = try await ledger.write(
                    JournalEntry(
                        run,
                        .callStarted(
                            CallStarted(
                                id: id, path: "draft", tier: "small", askedTier: number % 2 == 0 ? "mid" : nil, model: ModelReference(provider: "acme", model: "opus"), purpose: .try,
                                ordinal: number, request: ContentHash(of: "q"), held: dollars("1"), retryOf: nil, priceRows: ["acme/opus/input"])), at: Self.noon.adding(.seconds(Int64(number)))))
                _ = try await ledger.write(
                    JournalEntry(
                        run,
                        .callEnded(
                            CallEnded(
                                id: id, path: "draft", state: .settled, cost: dollars("0.01"), usage: usage, finishReason: .stop, response: nil, failure: nil, jitter: 0,
                                priceRows: ["acme/opus/input", "acme/opus/output"], modelServed: "opus-2", total: .milliseconds(7), detail: CostDetail(tierSource: usage.terms.map { _ in .served }))),
                        at: Self.noon.adding(.seconds(Int64(number)))))
                written.append((id.text, usage))
            }
        }
        // By pages that break runs.
        var read: [RecordedCall] = []
        try await ledger.archive.forEachRecordedCall(AuditFilter(), page: 7) { read += $0 }
        #expect(read.map(\.id) == written.map(\.id))
        for (call, own) in zip(read, written) { #expect(call.usage == own.usage, "\(call.id)") }
        #expect(read[1].asked == "mid" && read[1].tier == "small" && read[0].asked == "small" && read[0].modelServed == "opus-2" && read[0].total == .milliseconds(7))
        #expect(read[0].priceRows == ["acme/opus/input", "acme/opus/output"] && read[0].cost == dollars("0.01") && !read[0].isGated)
        var some: [RecordedCall] = []
        try await ledger.archive.forEachRecordedCall(AuditFilter(since: Self.noon.adding(.seconds(10)), until: Self.noon.adding(.seconds(20))), runs: ["b", "x"]) { some += $0 }
        #expect(some.map(\.id) == (10..<20).map { "b.\($0)" })
        #expect(try ledger.recordedCalls(filter: AuditFilter(workflow: "nobody's"), limit: 10).isEmpty)
    }
}
