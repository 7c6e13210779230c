import Values
import WorkflowModel

/// Gates in the words of reports.
enum GateWords {
    /// `check judge of small: failed, 0.4 of at least 0.8`
    static func sentence(_ check: CheckEnded) -> String {
        "check \(check.check) of \(check.tier): " + finding(check.result, check.kind, measure: check.value ?? check.score, threshold: check.threshold, reason: check.reason)
    }

    /// `small: not accepted, by judge`
    static func sentence(_ tier: TierDecided) -> String { "\(tier.tier): " + verdict(tier.verdict, failure: tier.failure, decidedBy: tier.decidedBy) + (tier.reason.map { ": \($0)" } ?? "") }

    /// `small`, or `small (answered by large)` where another tier was asked in its place.
    static func tier(_ name: String, answeredBy other: String?) -> String { other.map { "\(name) (answered by \($0))" } ?? name }

    /// The same of a decision; of one that has no answer `small (asked of large)`.
    static func tier(_ record: GateTierRecord) -> String {
        guard record.verdict == .failed, let other = record.askedTier else { return tier(record.tier, answeredBy: record.askedTier) }
        return "\(record.tier) (asked of \(other))"
    }

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

    /// `failed, 0.25 of at least 0.5 (0.25 short; above 12 of the last 480)`
    static func finding(_ check: GateCheckRecord) -> String {
        finding(check.result, check.kind, measure: check.measure, threshold: check.threshold, place: check.place, reason: check.reason)
    }

    private static func finding(_ result: CheckEnded.Result, _ kind: String, measure: Double?, threshold: Double?, place: CheckPlace? = nil, reason: String?) -> String {
        var text = word(result)
        if let measure {
            // The reason of log-probabilities names what was measured, and says both.
            let isTold = kind == "logprob" && reason.map { $0.contains(figure(measure)) && (threshold.map(figure).map($0.contains) ?? true) } == true
            if let reason, isTold { text += ": \(reason)" } else { text += ", \(figure(measure))" + (threshold.map { " of at least \(figure($0))" } ?? "") }
            var further: [String] = []
            if let threshold { further.append(distance(measure - threshold)) }
            if let place, place.of > 0 { further.append("above \(Figures.count(place.below)) of the last \(Figures.count(place.of))") }
            if !further.isEmpty { text += " (\(further.joined(separator: "; ")))" }
            if isTold { return text }
        }
        if let reason { text += ": \(reason)" }
        return text
    }

    private static func distance(_ distance: Double) -> String {
        distance < 0 ? "\(figure(-distance)) short" : distance > 0 ? "\(figure(distance)) over" : "just enough"
    }

    /// How an answer differs from the one of the tier below.
    ///
    /// - Parameters:
    ///   - hashes: of the two.
    ///   - values: the answers themselves; `nil`: they are not there to be compared.
    static func difference(_ hashes: (ContentHash, ContentHash), _ values: (JSONValue?, JSONValue?)) -> String {
        if hashes.0 == hashes.1 { return "same answer" }
        switch values {
        case (.object(let below)?, .object(let answer)?):
            let fields = differingFields(below, answer)
            if fields.isEmpty || fields.count > 4 { return "another answer, in \(Figures.counted(fields.count, "field"))" }
            return "another answer, in " + fields.joined(separator: ", ")
        case (.string(let below)?, .string(let answer)?):
            return "another answer, of \(Figures.counted(answer.count, "character")) for \(Figures.count(below.count))"
        default: return "another answer"
        }
    }

    /// Fields that one of the two has and the other has not, or has otherwise, in the order of the answer.
    static func differingFields(_ below: JSONObject, _ answer: JSONObject) -> [String] {
        answer.keys.filter { below[$0] != answer[$0] } + below.keys.filter { answer[$0] == nil }
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

    /// `the check 'judge' fails at every tier in 12 of 40 executions (30 %), for $0.12: …`
    static func sentence(_ check: HopelessCheck) -> String {
        let share = Figures.percent(Int128(check.executions), of: Int128(check.of)) ?? ""
        let often = "\(Figures.count(check.executions)) of \(Figures.counted(check.of, "execution")) (\(share))"
        return "the check '\(check.check)' fails at every tier in \(often), for \(check.cost.displayText): it is the question, or the check, and not the model"
    }

    static func word(_ result: ShadowEnded.Result) -> String {
        switch result {
        case .answered: "answered"
        case .failed: "no answer"
        case .refused: "not asked, as there was no room for it"
        case .unknown: "not known"
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
