import Economics
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

@Suite struct ReservationTests {
    /// Sixty-four callers, random amounts and ends. After each commit, seen from another connection: what is held is
    /// what the calls hold, for the run and for each inner cap, of cost and of tokens, and never more than the cap.
    @Test(arguments: [1, 2, 3]) func neverHoldsMoreThanACap(seed: UInt64) async throws {
        let temporary = try TemporaryLedger()
        let check = CapCheck(path: temporary.path)
        let ledger = try temporary.open { $0.didCommit = { check.run() } }
        let cap = dollars("30")
        let inner = (0..<4).map { (scope: "scope\($0)", cap: dollars("9")) }
        let ofRun = TokenCap(scope: BudgetRefusal.runScope, cap: 30_000)
        try await ledger.begin(.sample("r", cap: cap))
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var random = SplitMix(state: seed << 32 | UInt64(task))
                    let caps = task % 2 == 0 ? [inner[task / 2 % 4]] : []
                    let path = caps.first?.scope ?? "free"
                    for attempt in 0..<6 {
                        let number = task * 6 + attempt
                        let asked = Money(picoDollars: Int64(random.next() % 3_000_000_000_000) + 1)
                        let most = Int(random.next() % 3_000) + 1
                        let room = random.next() % 4 == 0 ? Int(random.next() % 3_000) : nil
                        let tokens = TokenHold(held: most, room: room, caps: [ofRun] + caps.map { TokenCap(scope: $0.scope, cap: 9_000) })
                        let start = JournalEntry.start(
                            "r", number, held: asked, caps: caps, path: "\(path)/\(number)", room: room.map { dollars("0.001") * $0 }, tokens: tokens)
                        var reply = try! await ledger.write(start)
                        while reply == .postponed {
                            tally.add(\.postponed)
                            // As the engine does it, but without its queue: ask again when something has ended.
                            await Task.yield()
                            reply = try! await ledger.write(start)
                        }
                        guard reply == .written else {
                            tally.add(\.refused)
                            continue
                        }
                        let cost = Money(picoDollars: Int64(random.next() % UInt64(asked.picoDollars)) / 8)
                        let used = TokenUsage(plainInput: most / 2, plainOutput: Int(random.next() % UInt64(most)) / 8)
                        let end: JournalEntry
                        switch random.next() % 12 {
                        case 0: end = .end("r", number, .void, held: .zero, cost: .zero, usage: nil)
                        case 1: end = .end("r", number, .estimated, held: asked, cost: cost)
                        default: end = .end("r", number, .settled, held: cost, cost: cost, usage: used)
                        }
                        tally.add(\.ended)
                        if random.next() % 2 == 0 { ledger.post(end) } else { _ = try! await ledger.write(end) }
                    }
                }
            }
        }
        _ = try await ledger.write(.finish("r"))
        ledger.close()
        let counts = tally.counts
        #expect(counts.ended > 20)
        #expect(counts.postponed > 0)
        #expect(counts.refused > 0)
        #expect(check.violations == [])
        #expect(check.commits > 10)
        let reader = try Ledger.openReadOnly(path: temporary.path)
        let trace = try #require(try reader.trace(run: "r"))
        #expect(trace.calls.count == counts.ended)
        #expect(trace.run.spending.cost == trace.calls.reduce(into: MoneySum.zero) { $0.add($1.cost ?? .zero) })
        #expect(trace.run.spending.held == trace.calls.reduce(into: MoneySum.zero) { $0.add($1.held ?? .zero) })
    }

    /// A1: once a bill has brought a cap above its bound nothing that draws on it starts, also when what is in flight settles for so
    /// little that a call would fit again.
    @Test(arguments: [false, true]) func anExceededCapStaysClosed(isInner: Bool) async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        let caps = isInner ? [(scope: "a", cap: dollars("10"))] : []
        try await ledger.begin(.sample("r", cap: isInner ? nil : dollars("10")))
        func start(_ number: Int, _ held: String) async throws -> JournalReply {
            try await ledger.write(.start("r", number, held: dollars(held), caps: caps, path: "a/\(number)"))
        }
        #expect(try await start(1, "4") == .written)
        #expect(try await start(2, "5") == .written)
        _ = try await ledger.write(.end("r", 1, .overrun, held: dollars("6"), cost: dollars("6")))
        guard case .refused(let early) = try await start(3, "1") else {
            Issue.record("it is not refused at once")
            return
        }
        #expect(early.money?.exceeded == dollars("11"))
        ledger.post(.end("r", 2, .settled, held: dollars("0.5"), cost: dollars("0.5")))
        guard case .refused(let refusal) = try await start(4, "0") else {
            Issue.record("it is not refused")
            return
        }
        #expect(refusal.money?.exceeded == dollars("11") && refusal.money?.spent == dollars("6.5"))
        #expect(refusal.message == "\(isInner ? "the cap of a" : "the run's budget") is exceeded: $11.00 of $10.00 was spent or held, as a call cost more than was held for it; no other starts")
        // Facts without a call go on.
        #expect(try await ledger.write(.event("r", "after")) == .written)
        if isInner {
            // Another cap is another.
            #expect(try await ledger.write(.start("r", 5, held: dollars("1"), caps: [("b", dollars("10"))], path: "b")) == .written)
        } else {
            let message = Blob(Array("\"more?\"".utf8))
            let request = ApprovalRequest(message: message.hash, until: nil, onTimeout: .fail, cap: dollars("12"), asked: dollars("1"))
            let raise = JournalEntry(
                "r", .approvalRequested("a", request),
                .approvalDecided("a", ApprovalDecision(isApproved: true, by: "ann", note: nil, at: .now(), question: request)))
            raise.blobs = [message]
            #expect(try await ledger.write(raise) == .written)
            #expect(try await start(5, "1") == .written)
        }
        #expect(try ledger.verify(run: "r")?.faults.filter { $0.contains("exceeded") || $0.contains("more than was held") } == [])
    }

    /// The end that exceeds a cap and the call behind it may come in one entry.
    @Test func whatFollowsAnOverrunInItsEntryIsRefused() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r", cap: dollars("10")))
        _ = try await ledger.write(.start("r", 1, held: dollars("4")))
        _ = try await ledger.write(.start("r", 2, held: dollars("5")))
        let reply = try await ledger.write(
            .start("r", 3, held: dollars("1")), after: .end("r", 1, .overrun, held: dollars("6"), cost: dollars("6")))
        guard case .refused = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(try ledger.trace(run: "r")?.run.held == MoneySum(dollars("11")))
        // The same where another end leaves room again.
        let next = try await ledger.write(
            .start("r", 4, held: dollars("1")), after: .end("r", 2, .settled, held: dollars("0.5"), cost: dollars("0.5")))
        guard case .refused = next else {
            Issue.record("\(next)")
            return
        }
        #expect(try ledger.trace(run: "r")?.run.held == MoneySum(dollars("6.5")))
    }
}

private final class Tally: Sendable {
    struct Counts {
        var ended = 0
        var postponed = 0
        var refused = 0
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func add(_ which: any WritableKeyPath<Counts, Int> & Sendable) { state.withLock { $0[keyPath: which] += 1 } }
}

/// Looks at a ledger through a connection of its own.
private final class CapCheck: Sendable {
    private let path: String
    private let state = Mutex((queue: DatabaseQueue?.none, commits: 0, violations: [String]()))

    init(path: String) { self.path = path }

    var commits: Int { state.withLock { $0.commits } }
    var violations: [String] { state.withLock { $0.violations } }

    func run() {
        state.withLock { state in
            do {
                let queue: DatabaseQueue
                if let known = state.queue {
                    queue = known
                } else {
                    var configuration = Configuration()
                    configuration.readonly = true
                    queue = try DatabaseQueue(path: path, configuration: configuration)
                    state.queue = queue
                }
                state.commits += 1
                let found = try queue.read { database in
                    try String.fetchAll(
                        database,
                        sql: """
                            SELECT 'run ' || r.held_pico FROM run r WHERE r.held_pico > r.max_cost_pico
                                OR r.held_pico <> (SELECT coalesce(sum(c.held_pico), 0) FROM model_call c WHERE c.run = r.id)
                                OR r.open_pico <> (SELECT coalesce(sum(c.held_pico), 0) FROM model_call c
                                    WHERE c.run = r.id AND c.state = 'held')
                            UNION ALL
                            SELECT w.scope || ' ' || w.held_pico FROM budget_window w WHERE w.held_pico > w.cap_pico
                                OR w.held_pico <> (SELECT coalesce(sum(CASE w.unit WHEN 'tokens' THEN c.held_tokens ELSE c.held_pico END), 0) FROM model_call c
                                    WHERE c.run = w.run AND (w.scope = '(run)#tokens' OR c.node_path GLOB replace(w.scope, '#tokens', '') || '/*'))
                            """)
                }
                if state.violations.count < 5 { state.violations += found }
            } catch {
                if state.violations.count < 5 { state.violations.append("\(error)") }
            }
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
