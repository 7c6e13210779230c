import Values
import WorkflowModel

/// What the facts tell of a gate: what its checks found, what was decided of its tiers, and how it ended. Owned by one run's state.
final class GateRecord {
    struct Check {
        let end: CheckEnded
        let output: JSONValue?
    }

    /// What is read of each item beside its output.
    static let itemKeys = ["accepted", "tier", "attempts", "tiers_asked", "checks"]

    private(set) var checks: [Check] = []
    private(set) var decisions: [TierDecided] = []
    /// What was counted before the second tier was asked.
    private(set) var rate: RateCounted?
    private(set) var end: GateEnded?
    /// Whether it was drawn for comparison or not.
    private(set) var isDrawn = false

    /// Whether an answer that was accepted before stands in place of all of it.
    var isRemembered = false

    var isAccepted: Bool { isRemembered || end?.isAccepted == true }

    /// The answer of the highest tier that has one which passed the hard checks.
    var best: (tier: String, document: ContentHash)? { decisions.last { $0.output != nil }.map { ($0.tier, $0.output!) } }

    /// The tiers of which a person may take the answer.
    var choices: [String] { decisions.filter { $0.output != nil }.map(\.tier) }

    func answer(of tier: String) -> ContentHash? { decisions.first { $0.tier == tier }?.output }

    /// What a check found in a tier's answer, where that is recorded.
    func check(_ name: String, of tier: String) -> Check? { checks.first { $0.end.check == name && $0.end.tier == tier } }

    func add(_ check: CheckEnded, output: JSONValue?) throws(IllegalFact) {
        guard self.check(check.check, of: check.tier) == nil else { throw IllegalFact("'\(check.check)' of \(check.tier) has ended at '\(check.path)' before") }
        checks.append(Check(end: check, output: output))
    }

    func add(_ tier: TierDecided) throws(IllegalFact) {
        guard end == nil, !decisions.contains(where: { $0.tier == tier.tier }) else { throw IllegalFact("\(tier.tier) was decided at '\(tier.path)' before") }
        decisions.append(tier)
    }

    func add(_ counted: RateCounted) throws(IllegalFact) {
        guard rate == nil, end == nil, decisions.count == 1, decisions[0].tier == counted.from, decisions[0].window != nil else {
            throw IllegalFact("nothing was to be counted at '\(counted.path)'")
        }
        rate = counted
    }

    /// Whether a question of a tier may be asked: none behind a rate that is passed.
    func admits(_ call: CallStarted) -> Bool { rate?.isTripped != true || !call.part.isEmpty || call.tier == rate?.from }

    func end(_ gate: GateEnded) throws(IllegalFact) {
        guard end == nil else { throw IllegalFact("the gate of '\(gate.path)' has ended before") }
        if let tier = gate.tier, !decisions.contains(where: { $0.tier == tier }) { throw IllegalFact("'\(gate.path)' cannot take the answer of \(tier)") }
        end = gate
    }

    func drawn(_ draw: ShadowDrawn) throws(IllegalFact) {
        guard !isDrawn else { throw IllegalFact("'\(draw.path)' was drawn before") }
        isDrawn = true
    }

    /// `.tiers_asked` and `.checks` of the step, those of the answer that is taken, with the rest.
    func facts(over totals: JSONObject) -> JSONObject {
        var facts = totals
        facts["tiers_asked"] = .int(Int64(decisions.count))
        var found = JSONObject()
        for check in checks where check.end.tier == end?.tier && check.end.result != .lost {
            var fields = JSONObject(minimumCapacity: 3)
            if check.end.result != .scored { fields["passed"] = .bool(check.end.result == .passed) }
            fields["score"] = check.end.score.map(JSONValue.double)
            fields["output"] = check.output
            found[check.end.check] = .object(fields)
        }
        facts["checks"] = .object(found)
        return facts
    }
}
