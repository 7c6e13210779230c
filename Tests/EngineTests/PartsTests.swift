import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct ConcurrencyLimiterTests {
    @Test func placesAreGivenInTheOrderOfAsking() async {
        let limiter = ConcurrencyLimiter(limit: 1)
        #expect(limiter.tryAcquire())
        #expect(!limiter.tryAcquire())
        let clock = ManualClock()
        let executor = IdleExecutor { clock.advanceToNext() }
        let order = RecordedOrder()
        var tasks: [Task<Void, Never>] = []
        for index in 0..<5 {
            tasks.append(
                Task(executorPreference: executor) {
                    guard await limiter.acquire() else { return }
                    order.add(index)
                    limiter.release()
                })
        }
        tasks.append(Task(executorPreference: executor) { limiter.release() })
        for task in tasks { await task.value }
        #expect(order.all == [0, 1, 2, 3, 4])
        #expect(limiter.tryAcquire())
    }

    @Test func aCancelledOneTakesNoPlace() async {
        let limiter = ConcurrencyLimiter(limit: 1)
        #expect(limiter.tryAcquire())
        let clock = ManualClock()
        let executor = IdleExecutor { clock.advanceToNext() }
        let first = Task(executorPreference: executor) { await limiter.acquire() }
        let second = Task(executorPreference: executor) { await limiter.acquire() }
        first.cancel()
        #expect(await first.value == false)
        limiter.release()
        #expect(await second.value == true)
        limiter.release()
        #expect(limiter.tryAcquire())
        #expect(!limiter.tryAcquire())
    }

    /// Tasks on many threads, some of them cancelled: no place is lost and none given twice.
    @Test func noPlaceIsLostOrGivenTwice() async {
        let limiter = ConcurrencyLimiter(limit: 3)
        let inside = RecordedOrder()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<500 {
                group.addTask {
                    let task = Task {
                        guard await limiter.acquire() else { return }
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                        limiter.release()
                    }
                    if index % 3 == 0 { task.cancel() }
                    await task.value
                }
            }
        }
        #expect(inside.most <= 3)
        for _ in 0..<3 { #expect(limiter.tryAcquire()) }
        #expect(!limiter.tryAcquire())
    }
}

private final class RecordedOrder: Sendable {
    private let state = SharedState()

    var all: [Int] { state.read { $0.order } }
    var most: Int { state.read { $0.most } }

    func add(_ index: Int) { state.change { $0.order.append(index) } }
    func enter() {
        state.change {
            $0.inside += 1; $0.most = max($0.most, $0.inside)
        }
    }
    func leave() { state.change { $0.inside -= 1 } }
}

private final class SharedState: Sendable {
    struct Content {
        var order: [Int] = []
        var inside = 0
        var most = 0
    }

    private let content = Mutex(Content())

    func read<T: Sendable>(_ body: (Content) -> T) -> T { content.withLock { body($0) } }
    func change(_ body: (inout Content) -> Void) { content.withLock { body(&$0) } }
}

@Suite struct PriceSheetCacheTests {
    private let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!
    private let profile = ModelProfile(
        reference: ModelReference(provider: "p", model: "alias"), servedID: "m", contextWindow: nil, maxConcurrency: nil)

    @Test func aSheetHoldsUntilTheNextChange() throws {
        let book = PriceBook(
            overrides: [
                .test("p", "m", .input, "1", to: noon), .test("p", "m", .output, "1", to: noon), .test("p", "m", .input, "2", from: noon),
                .test("p", "m", .output, "2", from: noon),
            ], catalogue: .none)
        let cache = PriceSheetCache(book)
        let before = Timestamp(microseconds: noon.microseconds - 1)
        func price(_ moment: Timestamp) -> Money? { cache.sheet(profile, at: moment)?.row(.input, promptTokens: 1)?.price }
        #expect(price(before) == Money(picoDollars: 1_000_000))
        #expect(price(noon) == Money(picoDollars: 2_000_000))
        // A clock that goes back is no reason for a wrong price.
        #expect(price(before) == Money(picoDollars: 1_000_000))
        #expect(price(noon.adding(.seconds(1_000_000))) == Money(picoDollars: 2_000_000))
    }

    @Test func aMissingPriceIsRememberedUntilItBegins() {
        let book = PriceBook(overrides: [.test("p", "m", .input, "1", from: noon), .test("p", "m", .output, "1", from: noon)], catalogue: .none)
        let cache = PriceSheetCache(book)
        #expect(cache.sheet(profile, at: Timestamp(microseconds: noon.microseconds - 1)) == nil)
        #expect(cache.sheet(profile, at: noon) != nil)
    }
}

@Suite struct InputBindingTests {
    private func graph() throws -> WorkflowGraph {
        try workflow(
            """
            version: 1
            name: t
            inputs:
              ticket: { type: object, required: [id] }
              tone: { type: string, default: plain }
            steps:
              - { id: a, value: "1" }
            """)
    }

    @Test func defaultsAreFilledInInTheOrderOfDeclaration() throws {
        let bound = try InputBinding.bind(["tone": "warm", "ticket": ["id": 1]], to: graph())
        #expect(Array(bound.keys) == ["ticket", "tone"])
        #expect(try InputBinding.bind(["ticket": ["id": 1]], to: graph())["tone"] == "plain")
    }

    @Test func everyProblemIsReported() throws {
        do {
            _ = try InputBinding.bind(["tikcet": 1, "tone": 5], to: graph())
            Issue.record("it was accepted")
        } catch let error as Diagnostics {
            #expect(
                error.all.map { "\($0.code): \($0.message)" } == [
                    "AW301: unknown input 'tikcet'", "AW302: missing input 'ticket'", "AW303: input 'tone': the value must be a string; found integer 5",
                ])
            #expect(error.all.first?.hint == "did you mean 'ticket'?")
        }
    }
}

@Suite struct InMemoryJournalTests {
    private let run = RunID("r")

    private func begin(_ journal: InMemoryJournal, _ cap: Money?) async throws {
        let facts = JournalEntry(run: run)
        let hash = ContentHash(of: "")
        facts.facts = [
            JournaledEvent(
                .runStarted(RunStarted(workflow: "w", graph: hash, sources: hash, inputs: hash, maxCost: cap, encoder: 1, program: "test")), at: ManualClock.epoch)
        ]
        try await journal.begin(RunStart(id: run, location: "/p/w.yaml"), with: facts)
    }

    private func call(_ number: Int, _ held: String?, _ caps: [(scope: String, cap: Money)] = []) -> JournalEntry {
        let entry = JournalEntry(run: run)
        entry.facts = [
            JournaledEvent(
                .callStarted(
                    CallStarted(
                        id: CallID(run: run, number: number), path: "draft", tier: "m", model: ModelReference(provider: "p", model: "m"), purpose: .try, ordinal: number,
                        request: ContentHash(of: ""), held: held.map(usd), retryOf: nil, caps: caps)), at: ManualClock.epoch)
        ]
        return entry
    }

    private func end(_ number: Int, cost: String) -> JournalEntry {
        let entry = JournalEntry(run: run)
        entry.facts = [
            JournaledEvent(
                .callEnded(
                    CallEnded(
                        id: CallID(run: run, number: number), path: "draft", state: .settled, cost: usd(cost), usage: nil, finishReason: nil, response: nil,
                        failure: nil, jitter: 0)), at: ManualClock.epoch)
        ]
        return entry
    }

    /// As the ledger's own tests tell it.
    @Test func reservationsAreGrantedPostponedOrRefused() async throws {
        let journal = InMemoryJournal()
        try await begin(journal, usd("10"))
        #expect(try await journal.write(call(1, "10.01")) == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: usd("10"), spent: .zero, asked: usd("10.01"))))
        #expect(try await journal.write(call(1, "6")) == .written)
        #expect(try await journal.write(call(2, "6")) == .postponed)
        #expect(try await journal.write(call(2, "4")) == .written)
        _ = try await journal.write(end(1, cost: "3"))
        #expect(try await journal.write(call(3, "3")) == .written)
        #expect(try await journal.write(call(4, "8")) == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: usd("10"), spent: usd("3"), asked: usd("8"))))
        #expect(try await journal.write(call(4, nil)) == .written)
        #expect(journal.run(run)?.mostHeld == usd("10").picoDollars)
    }

    @Test func anInnerCapHasItsOwnCounter() async throws {
        let journal = InMemoryJournal()
        let caps = [(scope: "draft", cap: usd("2"))]
        try await begin(journal, usd("10"))
        #expect(try await journal.write(call(1, "1.5", caps)) == .written)
        #expect(try await journal.write(call(2, "1", caps)) == .postponed)
        #expect(try await journal.write(call(2, "2.5", caps)) == .refused(BudgetRefusal(scope: "draft", cap: usd("2"), spent: .zero, asked: usd("2.5"))))
        #expect(try await journal.write(call(2, "2")) == .written)
        let both = end(1, cost: "0").followed(by: call(3, "2", caps))
        #expect(try await journal.write(both) == .written)
    }

    @Test func whatWasPostedAndFailedShowsAtTheNextWrite() async throws {
        let journal = InMemoryJournal()
        try await begin(journal, nil)
        journal.post(end(7, cost: "1"))
        await #expect(throws: JournalError.self) { try await journal.write(call(1, nil)) }
        await #expect(throws: JournalError.self) { try await begin(journal, nil) }
    }
}
