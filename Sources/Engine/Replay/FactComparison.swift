import Economics
import Values
import WorkflowModel

/// A recorded fact against the one that the machines make in its place. What the outside said is taken from the record and not compared: it is
/// listed here, kind by kind, and the chain alone protects it.
struct FactComparison {
    enum Verdict: Equatable {
        case same
        /// The request of a call, where requests are encoded otherwise.
        case otherBytes
        /// By that key of their payloads; `nil`: they are of other kinds.
        case different(key: String?)
    }

    private let recorded: EventRecord
    private let made: JournaledEvent
    private let started: RunStarted
    private let mostRoom: CapAmount?
    /// Whether a process before went on from another moment than the record tells of, by which what is left for the rest may be anything.
    private let isGoneOn: Bool

    /// - Parameter mostRoom: of a call, what was to be left for the rest of the run at the most; `nil`: it is known.
    init(_ recorded: EventRecord, _ made: JournaledEvent, started: RunStarted, mostRoom: CapAmount? = nil, isGoneOn: Bool = false) {
        self.isGoneOn = isGoneOn
        self.mostRoom = mostRoom
        self.recorded = recorded
        self.made = made
        self.started = started
    }

    /// What the outside said, by the keys of payloads. Of an end of a call and of a hit in the memory, all of it is, and what follows from it is
    /// made anew elsewhere.
    static func isOutside(_ key: String, _ kind: String, _ recorded: JSONObject) -> Bool {
        switch (kind, key) {
        case ("command_ended", "ms"), ("check_ended", "ms"), ("call_started", "wire"), ("approval_requested", "until"): true
        case ("approval_decided", "at"): recorded["timeout"] == true
        case ("shadow_ended", "reason"): recorded["result"] == "refused" || recorded["result"] == "unknown"
        default: false
        }
    }

    func verdict(isOfOtherEncoder: Bool) -> Verdict {
        guard recorded.kind == made.kind else { return .different(key: nil) }
        if JSONEncoding.wire.bytes(recorded.payload) == made.payload { return .same }
        let other = (try? JSONParser.parse(made.payload))?.objectValue ?? [:]
        let own = told
        var verdict = Verdict.same
        for key in own.keys + other.keys.filter({ !own.contains($0) }) where own[key] != other[key] {
            if Self.isOutside(key, recorded.kind, own) {
                if key == "until", !isAsLong(own[key], other[key]) { return .different(key: key) }
                continue
            }
            if key == "room_usd" || key == "room_tokens", isRoom(own, other) { continue }
            if key == "request", isOfOtherEncoder {
                verdict = .otherBytes
                continue
            }
            return .different(key: key)
        }
        return verdict
    }

    /// The payload as it would be written now: facts of earlier forms tell less, or otherwise.
    private var told: JSONObject {
        let payload = recorded.payload.objectValue ?? [:]
        guard started.facts < RunStarted.currentFacts, let event = try? RunEvent(kind: recorded.kind, payload: recorded.payload, run: RunID("")) else { return payload }
        return (try? JSONParser.parse(event.payload))?.objectValue ?? payload
    }

    /// Whether what is left for the rest of the run is told in the record as it may have been: what had begun, and is told of later, may have begun
    /// before or behind.
    private func isRoom(_ own: JSONObject, _ other: JSONObject) -> Bool {
        if isGoneOn { return true }
        guard let mostRoom else { return false }
        func amount(_ payload: JSONObject) -> CapAmount {
            CapAmount(money: payload["room_usd"]?.stringValue.flatMap(Money.init(decimal:)) ?? .zero, tokens: payload["room_tokens"]?.intValue.map(Int.init) ?? 0)
        }
        let (told, least) = (amount(own), amount(other))
        return told.money >= least.money && told.money <= mostRoom.money && told.tokens >= least.tokens && told.tokens <= mostRoom.tokens
    }

    /// Whether a time is as far behind its fact in both.
    private func isAsLong(_ own: JSONValue?, _ other: JSONValue?) -> Bool {
        guard let own = own?.stringValue.flatMap(Timestamp.init(rfc3339:)), let other = other?.stringValue.flatMap(Timestamp.init(rfc3339:)) else { return false }
        return own.since(recorded.at) == other.since(made.at)
    }

    /// What a refusal says of the call that was refused, and is not so.
    static func unlike(_ refusal: BudgetRefusal, _ call: CallStarted) -> String? {
        if let asked = refusal.money?.asked, asked != call.held { return "a cap refused a call that held \(asked.decimalText), and it holds \(call.held?.decimalText ?? "nothing")" }
        if let asked = refusal.tokens?.asked, asked != call.tokens?.held { return "a cap refused a call that held \(asked) tokens, and it holds \(call.tokens?.held ?? 0)" }
        return nil
    }
}
