import WorkflowModel

/// Gates in the words of reports.
enum GateWords {
    /// `check judge of small: failed, 0.4 of at least 0.8`
    static func sentence(_ check: CheckEnded) -> String {
        "check \(check.check) of \(check.tier): " + finding(check.result, score: check.score, threshold: check.threshold, reason: check.reason)
    }

    /// `small: not accepted, by judge`
    static func sentence(_ tier: TierDecided) -> String { "\(tier.tier): " + verdict(tier.verdict, failure: tier.failure, decidedBy: tier.decidedBy) + (tier.reason.map { ": \($0)" } ?? "") }

    /// Of one whose answer is taken without being accepted, or by a person's word; `nil`: nothing is to be told.
    static func sentence(_ gate: GateEnded) -> String? {
        if gate.tier == nil, !gate.isAccepted { return nil }
        if gate.tier == nil { return "a value given" + (gate.by.map { " by \($0)" } ?? "") }
        return taken(by: gate.by, reason: gate.reason)
    }

    /// `chosen by ann: the last tier's was not accepted either`
    static func taken(by person: String?, reason: String?) -> String? {
        if let person { return "chosen by \(person)" + (reason.map { ": \($0)" } ?? "") }
        return reason.map { "taken though it was not accepted: \($0)" }
    }

    static func finding(_ result: CheckEnded.Result, score: Double?, threshold: Double?, reason: String?) -> String {
        var text = word(result)
        if let score { text += ", \(figure(score))" + (threshold.map { " of at least \(figure($0))" } ?? "") }
        if let reason { text += ": \(reason)" }
        return text
    }

    static func verdict(_ verdict: TierDecided.Verdict, failure: FailureKind?, decidedBy: String?) -> String {
        let by = decidedBy.map { ", by \($0)" } ?? ""
        switch verdict {
        case .accepted: return "accepted" + by
        case .rejected: return "not accepted" + by
        case .undecided: return "not decided: nothing reads it"
        case .unavailable: return "not decided: a check is lost"
        case .failed: return failure.map { "no answer: \($0.rawValue)" } ?? "no answer"
        }
    }

    private static func word(_ result: CheckEnded.Result) -> String {
        switch result {
        case .passed: "passed"
        case .failed: "failed"
        case .scored: "no verdict"
        case .error: "could not be told"
        case .lost: "lost"
        }
    }

    /// With four places at most.
    static func figure(_ number: Double) -> String {
        guard number.magnitude < 1e9 else { return "\(number)" }
        let rounded = (number * 10_000).rounded() / 10_000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
