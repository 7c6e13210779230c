import Economics
import Values

extension CheckEnded {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("tier", tier)
        json.put("check", check)
        json.put("kind", kind)
        json.put("result", result.rawValue)
        json.put("score", score.map(JSONValue.double))
        json.put("value", value.map(JSONValue.double))
        json.put("threshold", threshold.map(JSONValue.double))
        json.put("output", output)
        json.put("reason", reason)
        json.put("cost_usd", cost?.decimalText)
        json.put("ms", Int(time.milliseconds))
        json.put("gate", gate)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), tier: try fields.text("tier"), check: try fields.text("check"), kind: try fields.text("kind"),
            result: try fields.value("result", Result.init(rawValue:)), score: try fields.optionalDouble("score"), value: try fields.optionalDouble("value"),
            threshold: try fields.optionalDouble("threshold"), output: try fields.optionalHash("output"), reason: try fields.optionalText("reason"),
            cost: try fields.money("cost_usd"), time: .milliseconds(Int64(try fields.int("ms"))), gate: try fields.optionalHash("gate"))
    }
}

extension TierDecided {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("tier", tier)
        json.put("gate", gate)
        json.put("verdict", verdict.rawValue)
        json.put("failure_kind", failure?.rawValue)
        json.put("decided_by", decidedBy)
        if !notRun.isEmpty { json.put("not_run", notRun) }
        json.put("reason", reason)
        json.put("output", output)
        json.put("signals", signals?.json)
        json.put("last", lastTier)
        json.put("window", window)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), tier: try fields.text("tier"), gate: try fields.hash("gate"), verdict: try fields.value("verdict", Verdict.init(rawValue:)),
            failure: try fields.optional("failure_kind", FailureKind.init(rawValue:)), decidedBy: try fields.optionalText("decided_by"),
            notRun: try fields.texts("not_run"), reason: try fields.optionalText("reason"), output: try fields.optionalHash("output"),
            signals: try fields.signals(), lastTier: try fields.optionalText("last"), window: try fields.optionalHash("window"))
    }
}

extension RateCounted {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("from", from)
        json.put("tier", tier)
        json.put("limit", rate.limit.description)
        json.put("window_ms", Int(rate.window.milliseconds))
        json.put("answered", answered)
        json.put("escalated", escalated)
        if isTripped { json.put("tripped", true) }
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        let rate = EscalationRate(limit: try fields.value("limit", Share.init(text:)), window: .milliseconds(Int64(try fields.count("window_ms"))))
        self.init(
            path: try fields.step(), from: try fields.text("from"), tier: try fields.text("tier"), rate: rate,
            answered: try fields.count("answered"), escalated: try fields.count("escalated"))
        guard try fields.flag("tripped") == isTripped else { throw fields.missing("tripped") }
    }
}

extension GateEnded {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("tier", tier)
        json.put("accepted", isAccepted)
        json.put("cause", cause)
        json.put("reason", reason)
        json.put("by", by)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), tier: try fields.optionalText("tier"), isAccepted: try fields.bool("accepted"), cause: try fields.optionalText("cause"),
            reason: try fields.optionalText("reason"), by: try fields.optionalText("by"))
    }
}

extension EventFields {
    func signals() throws(EventDecodingError) -> AnswerSignals? {
        guard let value = payload["signals"] else { return nil }
        guard let signals = AnswerSignals(json: value) else { throw missing("signals") }
        return signals
    }
}
