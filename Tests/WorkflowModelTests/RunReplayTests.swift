import Economics
import Testing
import Values
import WorkflowModel

/// The law of caps, by facts alone.
@Suite struct RunReplayTests {
    private static let hash = ContentHash(of: "")
    private static let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!

    private func faults(_ facts: [RunEvent], form: Int = 3, cap: String? = "1") throws -> [String] {
        var replay = RunReplay(run: RunID("r"))
        let start = RunEvent.runStarted(
            RunStarted(
                workflow: "w", graph: Self.hash, sources: Self.hash, inputs: Self.hash, maxCost: cap.map { usd($0) }, encoder: 1, program: "tests", facts: form))
        for (index, fact) in ([start] + facts).enumerated() {
            replay.take(index + 1, kind: fact.kind, payload: try JSONParser.parse(fact.payload), at: Self.noon)
        }
        #expect(replay.form == form)
        return replay.faults
    }

    private func usd(_ text: String) -> Money { Money(decimal: text)! }

    private func began(_ call: Int, _ held: String, caps: [(String, String)] = []) -> RunEvent {
        .callStarted(
            CallStarted(
                id: CallID(run: RunID("r"), number: call), path: "draft", tier: "small", model: ModelReference(provider: "p", model: "m"), purpose: .try,
                ordinal: call, request: Self.hash, held: usd(held), retryOf: nil, caps: caps.map { ($0.0, usd($0.1)) }))
    }

    private func ended(_ call: Int, _ state: CallState, held: String? = nil, cost: String? = nil) -> RunEvent {
        .callEnded(
            CallEnded(
                id: CallID(run: RunID("r"), number: call), path: "draft", state: state, cost: cost.map { usd($0) }, usage: nil, finishReason: nil, response: nil,
                failure: nil, jitter: 0, kept: held.map { usd($0) }))
    }

    private let question = ApprovalRequest(message: Self.hash, until: nil, onTimeout: .fail, cap: Money(decimal: "2")!)

    private func decided(_ isApproved: Bool, cap: String? = nil) -> RunEvent {
        .approvalDecided("draft", ApprovalDecision(isApproved: isApproved, by: "ann", note: nil, at: Self.noon, cap: cap.map { usd($0) }, question: question))
    }

    @Test func whatFitsIsNoFault() throws {
        #expect(try faults([began(1, "0.6"), ended(1, .settled, held: "0.2", cost: "0.2"), began(2, "0.8"), ended(2, .void), began(3, "0.8")]) == [])
    }

    /// A record that somebody made up: nothing is summed up of it.
    @Test func countsThatCannotBeAreFound() throws {
        let end = RunEvent.callEnded(
            CallEnded(
                id: CallID(run: RunID("r"), number: 1), path: "draft", state: .settled, cost: usd("0.1"), usage: TokenUsage(plainInput: -14, plainOutput: 1), finishReason: .stop, response: nil, failure: nil, jitter: 0))
        #expect(try faults([began(1, "0.6"), end]) == ["event 3: the end of call \(CallID(run: RunID("r"), number: 1)) cannot be true"])
        #expect(try faults([.itemsExpanded("each", count: -3, items: Self.hash)]) == ["event 2: 'each' cannot have -3 items"])
    }

    @Test func aCallBeyondACapIsFound() throws {
        #expect(try faults([began(1, "0.6"), began(2, "0.5")]) == ["event 3: call 2 began beyond the run's budget"])
        #expect(try faults([began(1, "0.6", caps: [("draft", "0.5")])], cap: nil) == ["event 2: call 1 began beyond the cap of 'draft'"])
        // What is held for a call whose end nobody knows stays.
        #expect(try faults([began(1, "0.6"), ended(1, .unknown, held: "0.6"), began(2, "0.5")]) == ["event 4: call 2 began beyond the run's budget"])
    }

    @Test func aCallUnderAnExceededCapIsFound() throws {
        let over = [began(1, "0.6"), ended(1, .overrun, held: "1.1", cost: "1.1")]
        #expect(try faults(over) == [], "it cost more than was held for it: that is told, and no fault")
        #expect(try faults(over + [began(2, "0")]) == ["event 4: call 2 began although the run's budget was exceeded"])
    }

    @Test func aPersonWhoRaisesTheCapOpensIt() throws {
        let asked = [RunEvent.approvalRequested("draft", question)]
        let over = [began(1, "0.6"), ended(1, .overrun, held: "1.1", cost: "1.1")] + asked
        #expect(try faults(over + [decided(true, cap: "2"), began(2, "0.9")]) == [], "as much as was asked for")
        #expect(try faults(over + [decided(true, cap: "3"), began(2, "1.9")]) == [], "more than that")
        #expect(try faults(over + [decided(false), began(2, "0")]).count == 1)
        // It never falls.
        #expect(try faults(asked + [decided(true, cap: "0.1"), began(1, "0.9")]) == [])
    }

    @Test func whatCountsLessThanItCostIsFound() throws {
        #expect(try faults([began(1, "0.6"), ended(1, .estimated, held: "0.1", cost: "0.2")]) == ["event 3: call 1 counts $0.10 and cost $0.20"])
        #expect(try faults([began(1, "0.6"), ended(1, .settled, held: "0.7", cost: "0.7")]) == ["event 3: call 1 counts more than was held for it, and is settled"])
    }

    /// Facts of the first form do not tell what is held: of them nothing is said.
    @Test func ofEarlierFactsNothingIsSaid() throws {
        #expect(try faults([began(1, "6"), began(2, "5")], form: 1) == [])
    }
}
