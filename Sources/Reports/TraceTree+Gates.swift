import Economics
import Values
import WorkflowModel

/// What a trace tells of one gate.
struct GateTrace {
    var tiers: [GateTierRecord] = []
    var checks: [GateCheckRecord] = []
    /// Of tiers whose answers a person is shown, as long as they are asked.
    var answers: [String: JSONValue] = [:]
    var shadows: [GateShadowRecord] = []
    /// Whether the answer is a person's own, and so no model's.
    var isGiven = false

    /// The tier whose answer is the step's.
    var taken: String? { tiers.last { $0.isTaken }?.tier }

    static func byPath(_ trace: RunTrace) -> [String: GateTrace] {
        var gates: [String: GateTrace] = [:]
        for tier in trace.gateTiers { gates[tier.path, default: GateTrace()].tiers.append(tier) }
        for shadow in trace.gateShadows { gates[shadow.path, default: GateTrace()].shadows.append(shadow) }
        for check in trace.gateChecks { gates[check.path, default: GateTrace()].checks.append(check) }
        for ask in trace.approvals where ask.request.kind == .gate && ask.decision?.choice.value != nil { gates[ask.path, default: GateTrace()].isGiven = true }
        for ask in trace.approvals where ask.decision == nil && !trace.run.isOver {
            for candidate in ask.candidates { gates[ask.path, default: GateTrace()].answers[candidate.tier.tier] = candidate.answer }
        }
        return gates
    }
}

/// A gate, tier by tier: what was asked, what each check found, which decided, which were not run, and what it cost so far.
extension TraceTree {
    mutating func climb(_ gate: GateTrace, _ all: [CallRecord], rest: String, _ told: inout TextSet) {
        let calls = all.filter { $0.purpose != CallPurpose.shadow.rawValue }
        defer { compare(gate, all, rest: rest) }
        var names = gate.tiers.map(\.tier)
        for call in calls where !names.contains(where: { $0.hasSameBytes(as: call.tier) }) { names.append(call.tier) }
        var soFar: [CallRecord] = []
        for (index, name) in names.enumerated() {
            let own = calls.filter { $0.tier.hasSameBytes(as: name) }
            soFar += own
            let isLast = index == names.count - 1 && gate.shadows.isEmpty
            let mark = isLast ? style.lastBranch : style.branch
            let decided = gate.tiers.firstIndex { $0.tier.hasSameBytes(as: name) }
            let tally = Tally(own)
            rows.add([
                StyledText(rest + mark.lead, .dim) + StyledText(decided.map { GateWords.tier(gate.tiers[$0]) } ?? name),
                decided.map { verdict(gate.tiers, at: $0) } ?? StyledText("asked"),
                "", "",
                StyledText(tally.tokensText(style)),
                StyledText(tally.cached > 0 ? Figures.count(tally.cached) : ""),
                StyledText(tally.costText(style)),
            ])
            let below = rest + mark.rest
            let checks = gate.checks.filter { $0.tier.hasSameBytes(as: name) }
            // Nothing is told behind the calls.
            let isBare = checks.isEmpty && names.count == 1 && (decided.map { gate.tiers[$0].reason == nil && (gate.tiers[$0].notRun.isEmpty || gate.tiers[$0].verdict == .failed) } ?? true)
            for (index, call) in own.enumerated() { self.call(call, isLast: isBare && index == own.count - 1, rest: below, &told) }
            for check in checks {
                tell("\(check.name): " + GateWords.finding(check), prefix: below, tint: tint(check.result))
            }
            if let record = decided.map({ gate.tiers[$0] }) {
                if !record.notRun.isEmpty, record.verdict != .failed { tell("not run: \(record.notRun.joined(separator: ", ")); \(why(record))", prefix: below, tint: .dim) }
                let why = record.isTaken ? GateWords.taken(by: record.takenBy, reason: record.reason) : record.reason
                if let rate = record.rate, record.cause != GateTierRecord.CountedRate.cause, let sentence = rate.sentence { tell(sentence, prefix: below, tint: .yellow) }
                if let why { tell(why, prefix: below, tint: record.takenBy == nil ? .yellow : .green) }
                if let answer = gate.answers[name] { tell("answer: \((answer.stringValue ?? answer.jsonText).beginning(bytes: 400))", prefix: below, tint: nil) }
            }
            if names.count > 1 { tell("\(Tally(soFar).costText(style)) so far", prefix: below, tint: .dim) }
        }
    }

    /// What was asked for comparison: it is no part of what the gate decided, nor of what that cost.
    private mutating func compare(_ gate: GateTrace, _ calls: [CallRecord], rest: String) {
        let taken = gate.tiers.last { $0.isTaken }?.output
        for (index, shadow) in gate.shadows.enumerated() {
            let own = calls.filter { $0.purpose == CallPurpose.shadow.rawValue && $0.tier.hasSameBytes(as: shadow.tier) }
            let mark = index == gate.shadows.count - 1 ? style.lastBranch : style.branch
            let tally = Tally(own)
            var text = "for comparison: " + GateWords.word(shadow.result)
            if let output = shadow.output, let taken { text += ", " + GateWords.difference((taken, output), (options.answers?(taken), options.answers?(output))) }
            rows.add([
                StyledText(rest + mark.lead, .dim) + StyledText(shadow.tier), StyledText(text, .dim), "", "",
                StyledText(tally.tokensText(style)), StyledText(tally.cached > 0 ? Figures.count(tally.cached) : ""), StyledText(own.isEmpty ? "" : tally.costText(style)),
            ])
            if let reason = shadow.reason { tell(reason, prefix: rest + mark.rest, tint: .dim) }
        }
    }

    private func verdict(_ tiers: [GateTierRecord], at index: Int) -> StyledText {
        let record = tiers[index]
        var text = GateWords.verdict(record.verdict, failure: record.failure, decidedBy: record.decidedBy)
        if let output = record.output, let below = tiers[..<index].last(where: { $0.output != nil })?.output {
            text += ", " + GateWords.difference((below, output), (options.answers?(below), options.answers?(output)))
        }
        if record.isTaken { text += ", taken" }
        return StyledText(text, record.verdict == .accepted ? .green : record.verdict == .failed ? .red : .yellow)
    }

    private func why(_ record: GateTierRecord) -> String {
        record.verdict == .undecided ? "nothing reads what they would say" : "they could change nothing"
    }

    private func tint(_ result: CheckEnded.Result) -> Tint? {
        switch result {
        case .passed: .green
        case .failed, .error: .yellow
        case .lost: .red
        case .scored: nil
        }
    }
}
