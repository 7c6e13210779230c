import Testing
import Values
import WorkflowModel

/// The law of caps, by facts alone.
@Suite struct CapReplayTests {
    private func faults(_ facts: [(String, JSONValue)], form: Int64 = 2, cap: String? = "1") -> [String] {
        var replay = CapReplay()
        var start: JSONObject = ["facts": .int(form)]
        if let cap { start["max_cost_usd"] = .string(cap) }
        replay.take("run_started", .object(start))
        for (kind, payload) in facts { replay.take(kind, payload) }
        #expect(replay.isTold == (form >= 2))
        return replay.faults
    }

    private func began(_ call: Int64, _ held: String, caps: [(String, String)] = []) -> (String, JSONValue) {
        ("call_started", ["call": .int(call), "held_usd": .string(held), "caps": .array(caps.map { ["scope": .string($0.0), "cap_usd": .string($0.1)] })])
    }

    private func ended(_ call: Int64, _ state: CallState, held: String? = nil, cost: String? = nil) -> (String, JSONValue) {
        var payload: JSONObject = ["call": .int(call), "state": .string(state.rawValue)]
        payload["held_usd"] = held.map(JSONValue.string)
        payload["cost_usd"] = cost.map(JSONValue.string)
        return ("call_ended", .object(payload))
    }

    @Test func whatFitsIsNoFault() {
        #expect(faults([began(1, "0.6"), ended(1, .settled, held: "0.2", cost: "0.2"), began(2, "0.8"), ended(2, .void), began(3, "0.8")]) == [])
    }

    @Test func aCallBeyondACapIsFound() {
        #expect(faults([began(1, "0.6"), began(2, "0.5")]) == ["event 3: call 2 began beyond the run's budget"])
        #expect(faults([began(1, "0.6", caps: [("draft", "0.5")])], cap: nil) == ["event 2: call 1 began beyond the cap of 'draft'"])
        // What is held for a call whose end nobody knows stays.
        #expect(faults([began(1, "0.6"), ended(1, .unknown, held: "0.6"), began(2, "0.5")]) == ["event 4: call 2 began beyond the run's budget"])
    }

    @Test func aCallUnderAnExceededCapIsFound() {
        let over = [began(1, "0.6"), ended(1, .overrun, held: "1.1", cost: "1.1")]
        #expect(faults(over) == [], "it cost more than was held for it: that is told, and no fault")
        #expect(faults(over + [began(2, "0")]) == ["event 4: call 2 began although the run's budget was exceeded"])
    }

    @Test func aPersonWhoRaisesTheCapOpensIt() {
        let asked: [(String, JSONValue)] = [("approval_requested", ["step": "draft", "cap_usd": "2"])]
        let over = [began(1, "0.6"), ended(1, .overrun, held: "1.1", cost: "1.1")] + asked
        #expect(faults(over + [("approval_decided", ["step": "draft", "approved": true]), began(2, "0.9")]) == [], "as much as was asked for")
        #expect(faults(over + [("approval_decided", ["step": "draft", "approved": true, "cap_usd": "3"]), began(2, "1.9")]) == [], "more than that")
        #expect(faults(over + [("approval_decided", ["step": "draft", "approved": false]), began(2, "0")]).count == 1)
        // It never falls.
        #expect(faults(asked + [("approval_decided", ["step": "draft", "approved": true, "cap_usd": "0.1"]), began(1, "0.9")]) == [])
    }

    @Test func whatCountsLessThanItCostIsFound() {
        #expect(faults([began(1, "0.6"), ended(1, .estimated, held: "0.1", cost: "0.2")]) == ["event 3: call 1 counts $0.10 and cost $0.20"])
        #expect(faults([began(1, "0.6"), ended(1, .settled, held: "0.7", cost: "0.7")]) == ["event 3: call 1 counts more than was held for it, and is settled"])
    }

    /// Facts of the form before do not tell what is held: of them nothing is said.
    @Test func ofEarlierFactsNothingIsSaid() {
        #expect(faults([began(1, "6"), began(2, "5")], form: 1) == [])
    }
}
