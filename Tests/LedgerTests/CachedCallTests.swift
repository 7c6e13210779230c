import Economics
import PromptCaching
import TestSupport
import Testing
import Values

@testable import Ledger
@testable import WorkflowModel

/// Calls as far as prompt caches had to do with them: what is read of a ledger for the account, and as a trace.
@Suite struct CachedCallTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    private static let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!
    private static let prices = [("input", "4"), ("cache_read", "0.4"), ("cache_write", "5"), ("output", "20")].map { unit, price in
        PriceRow(
            id: "acme/opus/\(unit)", provider: "acme", model: "opus", unit: PriceUnit(rawValue: unit)!, price: try! PriceRow.perMillion(price, name: unit), source: "test",
            checkedAt: "2026-11-21")
    }
    private static let texts = ["policy": String(repeating: "p", count: 8000), "case": String(repeating: "c", count: 400), "question": "What now?"]

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private func plan(_ own: UInt64, cached: Int, marks: Bool) -> CachePlan {
        CachePlan(
            rules: "anthropic-5m", leastTokens: 1024, space: 9,
            ends: [
                .init(segment: 0, name: 5, tokens: 2000, stability: .workflow, reads: [3000]), .init(segment: 1, name: own, tokens: 2100, stability: .execution, reads: [0]),
            ], cached: cached, marks: marks ? [.init(end: 0, lifetime: .seconds(300))] : [])
    }

    private func call(
        _ run: String, _ number: Int, after seconds: Int64, plan: CachePlan? = nil, usage: TokenUsage?, miss: CacheMiss? = nil, segments: [String] = ["policy", "question"],
        rows: [String] = ["acme/opus/input", "acme/opus/output"], purpose: CallPurpose = .try, tags: JSONObject? = nil, state: CallState = .settled,
        notes: [CallNote] = []
    ) async throws {
        let documents = segments.map { Blob(Array((Self.texts[$0] ?? $0).utf8)) }
        let list = zip(segments, documents).map { name, blob in #"{"hash":"\#(blob.hash.hex)","role":"user","class":"step","origin":"\#(name)","starts_message":true}"# }
        let manifest = Blob(Array(#"{"model":"acme/opus","segments":[\#(list.joined(separator: ","))],"max_output_tokens":10}"#.utf8))
        let id = CallID(run: RunID(run), number: number)
        let start = JournalEntry(
            run,
            .callStarted(
                CallStarted(
                    id: id, path: "draft", tier: "small", model: ModelReference(provider: "acme", model: "opus"), purpose: purpose, ordinal: number, request: manifest.hash,
                    held: dollars("1"), retryOf: nil, tags: tags, priceRows: rows, cache: plan)), at: Self.noon.adding(.seconds(seconds)))
        start.blobs = documents + [manifest]
        _ = try await ledger.write(start)
        let answer = Blob(Array("\"yes\"".utf8))
        let end = JournalEntry(
            run,
            .callEnded(
                CallEnded(
                    id: id, path: "draft", state: state, cost: dollars("0.01"), usage: usage, finishReason: .stop, response: answer.hash, failure: nil, jitter: 0, notes: notes, priceRows: rows,
                    cacheMiss: miss)), at: Self.noon.adding(.seconds(seconds + 1)))
        end.blobs = [answer]
        _ = try await ledger.write(end)
    }

    private func write() async throws {
        try await ledger.record(priceRows: Self.prices.map { ($0.id, JSONEncoding.canonical.string($0.json)) })
        try await ledger.begin(.sample("a", tags: ["team": "blue"], at: Self.noon))
        try await ledger.begin(.sample("b", workflow: "letters", at: Self.noon))
        try await call("a", 1, after: 0, plan: plan(50, cached: 0, marks: true), usage: TokenUsage(plainInput: 100, cacheRead: 0, cacheWrite: 2000, plainOutput: 5), rows: ["acme/opus/input", "acme/opus/cache_write", "acme/opus/output"])
        try await call("b", 1, after: 30, plan: plan(51, cached: 2000, marks: false), usage: TokenUsage(plainInput: 100, cacheRead: 2000, plainOutput: 5), rows: ["acme/opus/input", "acme/opus/cache_read", "acme/opus/output"])
        try await call("a", 2, after: 900, plan: plan(52, cached: 2000, marks: false), usage: TokenUsage(plainInput: 2100, cacheRead: 0, plainOutput: 5), miss: .expired, tags: ["team": "red"])
        try await call("a", 3, after: 950, usage: TokenUsage(plainInput: 2003, plainOutput: 5))
        try await call("a", 4, after: 960, usage: TokenUsage(plainInput: 2100, plainOutput: 5), segments: ["policy", "case"])
        // Neither of them met a cache.
        try await call("a", 5, after: 970, usage: TokenUsage(plainInput: 10, plainOutput: 0), purpose: .count)
        try await call("a", 6, after: 980, usage: TokenUsage(plainInput: 10, plainOutput: 0), state: .void)
    }

    private func ids(_ filter: AuditFilter = AuditFilter(), lead: TimeSpan = .seconds(0)) throws -> (all: [String], selected: [String]) {
        let calls = try ledger.cachedCalls(filter: filter, before: lead, after: nil, limit: 100)
        return (calls.map(\.id), calls.filter(\.isSelected).map(\.id))
    }

    @Test func callsAreToldInTheOrderOfTheirBeginning() async throws {
        try await write()
        let calls = try ledger.cachedCalls(filter: AuditFilter(), before: .seconds(0), after: nil, limit: 100)
        #expect(calls.map(\.id) == ["a.1", "b.1", "a.2", "a.3", "a.4"])
        #expect(calls[1].read == 2000 && calls[1].input == 2100 && calls[1].plan == plan(51, cached: 2000, marks: false) && calls[1].workflow == "letters")
        #expect(calls[0].written == 2000 && calls[2].miss == .expired && calls[3].plan == nil && calls[3].read == nil && calls[0].isHeldOut == nil)
        #expect(try ledger.keptPriceRows().map(\.id) == Self.prices.map(\.id).sorted())
        // A page at a time it is the same.
        var paged: [String] = []
        try await ledger.archive.forEachCachedCall(AuditFilter(), page: 2) { page in
            #expect(page.count <= 2)
            paged += page.map(\.id)
        }
        #expect(paged == calls.map(\.id))
    }

    @Test func othersInTheSameCachesComeAlong() async throws {
        try await write()
        #expect(try ids(AuditFilter(workflow: "letters")) == (["a.1", "b.1", "a.2", "a.3", "a.4"], ["b.1"]))
        #expect(try ids(AuditFilter(tag: ("team", "blue"))).selected == ["a.1", "a.3", "a.4"])
        #expect(try ids(AuditFilter(tag: ("team", "red"))).selected == ["a.2"])
        let later = AuditFilter(since: Self.noon.adding(.seconds(100)), until: Self.noon.adding(.seconds(955)))
        #expect(try ids(later) == (["a.2", "a.3"], ["a.2", "a.3"]))
        #expect(try ids(later, lead: .seconds(80)) == (["b.1", "a.2", "a.3"], ["a.2", "a.3"]))
    }

    /// What no server says, or says as it cannot be, is unknown: never nothing, and never a sum of a part of it.
    @Test func whatNoServerSaysIsUnknown() async throws {
        try await ledger.record(priceRows: Self.prices.map { ($0.id, JSONEncoding.canonical.string($0.json)) })
        try await ledger.begin(.sample("a", at: Self.noon))
        let rows = ["acme/opus/input", "acme/opus/cache_write", "acme/opus/output"]
        let written = TokenUsage(plainInput: 100, cacheRead: 0, cacheWrite: 2000, plainOutput: 5)
        try await call("a", 1, after: 0, plan: plan(50, cached: 0, marks: true), usage: TokenUsage(plainInput: 2100, plainOutput: 5))
        try await call("a", 2, after: 1, plan: plan(51, cached: 0, marks: true), usage: nil)
        try await call("a", 3, after: 2, plan: plan(52, cached: 0, marks: true), usage: TokenUsage(plainInput: 100, cacheWrite: 2000, plainOutput: 5), rows: rows)
        let doubt = CallNote(.usageDoubtful, "the usage is not taken as final: its cached tokens are more than its prompt")
        try await call("a", 4, after: 3, plan: plan(53, cached: 0, marks: true), usage: written, rows: rows, notes: [doubt])
        let unknown = try #require(try ledger.audit(by: []).first)
        #expect(unknown.cacheSaved == .zero && unknown.cacheUnknown == 4)
        let calls = try ledger.cachedCalls(filter: AuditFilter(), before: .seconds(0), after: nil, limit: 100)
        #expect(calls.map(\.isDoubtful) == [false, false, false, true])
        // Beside one that is known.
        try await call("a", 5, after: 4, plan: plan(54, cached: 0, marks: true), usage: written, rows: rows)
        let both = try #require(try ledger.audit(by: []).first)
        #expect(both.cacheSaved == MoneySum.zero - MoneySum(dollars("0.002")) && both.cacheUnknown == 4)
    }

    @Test func anAuditSaysWhatCachesSaved() async throws {
        try await write()
        let total = try #require(try ledger.audit(by: []).first)
        // 2,000 tokens read at $0.4 and not $4, and 2,000 written at $5: 0.0072 - 0.002.
        #expect(total.cacheSaved == MoneySum(dollars("0.0052")) && total.cacheUnknown == 0)
        let rows = try ledger.audit(by: [.workflow, .step])
        #expect(rows.first { $0.keys[0] == "letters" }?.cacheSaved == MoneySum(dollars("0.0072")))
        #expect(rows.first { $0.keys[0] == "triage" }?.cacheSaved == MoneySum.zero - MoneySum(dollars("0.002")))
        // Without its price nobody knows.
        try temporary.execute("DELETE FROM price_row WHERE id = 'acme/opus/cache_read'")
        let bare = try #require(try ledger.audit(by: []).first)
        #expect(bare.cacheSaved == MoneySum.zero - MoneySum(dollars("0.002")) && bare.cacheUnknown == 1)
        // What only warms a cache is a cost.
        try temporary.execute("UPDATE model_call SET purpose = 'warm' WHERE call_id = 'a.1'")
        #expect(try ledger.audit(by: []).first?.cacheSaved == MoneySum.zero - MoneySum(dollars("0.01")))
    }

    @Test func aTraceTellsWhatWasExpected() async throws {
        try await write()
        let calls = try #require(try ledger.trace(run: "a")).calls
        #expect(calls.map(\.predictedCacheTokens) == [0, 2000, nil, nil, nil, nil] && calls[1].cacheMiss == .expired)
    }

    /// Plans name prefixes; without one the segments of the prompt do.
    @Test func theLedgerIsATrace() async throws {
        try await write()
        let archive = ledger.archive
        var trace = RecordedCacheTrace(archive: archive)
        let calls = try await archive.cachedCalls(filter: AuditFilter(), before: .seconds(0), after: nil, limit: 100)
        let requests = try await trace.requests(calls).compactMap(\.self)
        #expect(requests.count == 5 && requests.map(\.tokens) == [2100, 2100, 2100, 2002, 2100] && requests.allSatisfy(\.isInBlocks))
        #expect(requests[0].pieces[0] == requests[1].pieces[0] && requests[0].pieces[1] != requests[1].pieces[1] && requests[0].space == requests[1].space)
        #expect(requests[3].pieces[0] == requests[4].pieces[0] && requests[3].pieces[1] != requests[4].pieces[1] && requests[3].space == requests[4].space)
        #expect(requests[3].space != requests[0].space && requests[3].pieces.map(\.tokens) == [2000, 2])
        #expect(requests.map(\.time).elementsEqual([0, 30, 900, 950, 960].map { Double(Self.noon.microseconds) / 1e6 + $0 }))

        var simulator = CacheSimulator(rules: CacheRules.known.first { $0.name == "gemini" }!.with(leastTokens: 1000), policy: .tail)
        for request in requests { simulator.add(request) }
        // The second reads what the first left, and the last what the one before it did.
        #expect(simulator.result.readTokens == 4000)

        // Documents that are gone leave a call out.
        try temporary.execute("DELETE FROM blob WHERE CAST(bytes AS TEXT) = 'What now?'")
        var bare = RecordedCacheTrace(archive: archive)
        #expect(try await bare.requests(calls).map { $0 == nil } == [false, false, false, true, false])
    }

    /// However long a ledger is, what is remembered of it stays within bounds.
    @Test func aTraceForgetsPromptsWithWhatTheyConsistOf() async throws {
        try await ledger.begin(.sample("a", at: Self.noon))
        for number in 1...8 { try await call("a", number, after: Int64(number), usage: TokenUsage(plainInput: 10, plainOutput: 0), segments: ["own \(number)", "question"]) }
        let archive = ledger.archive
        let calls = try await archive.cachedCalls(filter: AuditFilter(), before: .seconds(0), after: nil, limit: 100)
        var trace = RecordedCacheTrace(archive: archive, remembering: 2)
        var most = (prompts: 0, segments: 0)
        for call in calls {
            let requests = try await trace.requests([call])
            #expect(requests.count == 1 && requests[0] != nil)
            most = (max(most.prompts, trace.remembered.prompts), max(most.segments, trace.remembered.segments))
        }
        #expect(calls.count == 8 && most == (3, 4))
    }
}

extension CacheRules {
    fileprivate func with(leastTokens: Int) -> CacheRules {
        var rules = self
        rules.leastTokens = leastTokens
        return rules
    }
}
