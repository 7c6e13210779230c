import Economics
import Values

extension ApprovalRequest {
    func write(to json: inout JSONObjectWriter) {
        json.put("number", number)
        json.put("kind", kind.rawValue)
        json.put("message", message)
        json.put("until", until?.rfc3339)
        json.put("on_timeout", onTimeout.rawValue)
        json.put("cap_usd", cap?.decimalText)
        json.put("asked_usd", asked?.decimalText)
        json.put("cause", cause)
        json.put("reason", reason)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            number: try fields.optionalInt("number") ?? 1, kind: try fields.optional("kind", QuestionKind.init(rawValue:)), message: try fields.hash("message"),
            until: try fields.optional("until", Timestamp.init(rfc3339:)), onTimeout: try fields.value("on_timeout", TimeoutAnswer.init(rawValue:)),
            cap: try fields.money("cap_usd"), asked: try fields.money("asked_usd"), cause: try fields.optionalText("cause"), reason: try fields.optionalText("reason"))
    }
}

extension ApprovalDecision {
    func write(to json: inout JSONObjectWriter) {
        json.put("number", question?.number)
        json.put("kind", question?.kind.rawValue)
        json.put("choice", choice.word)
        json.put("tier", choice.tier)
        json.put("output", choice.value)
        json.put("approved", isApproved)
        json.put("by", by)
        json.put("as", system?.json)
        json.put("note", note)
        json.put("at", at.rfc3339)
        if isTimeout { json.put("timeout", true) }
        json.put("cap_usd", cap?.decimalText)
        json.put("message", question?.message)
        json.put("asked_usd", question?.asked?.decimalText)
        json.put("asked_cap_usd", question?.cap?.decimalText)
        json.put("spent_usd", spent?.decimalText)
        json.put("held_usd", held?.decimalText)
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        var question: ApprovalRequest?
        if let message = try fields.optionalHash("message") {
            question = ApprovalRequest(
                number: try fields.optionalInt("number") ?? 1, kind: try fields.optional("kind", QuestionKind.init(rawValue:)), message: message, until: nil,
                onTimeout: .fail, cap: try fields.money("asked_cap_usd"), asked: try fields.money("asked_usd"))
        }
        let isApproved = try fields.bool("approved")
        let (tier, value) = (try fields.optionalText("tier"), try fields.optionalHash("output"))
        let choice = try fields.optional("choice") { ApprovalChoice(word: $0, tier: tier, value: value) } ?? (isApproved ? .approve : .reject)
        guard isApproved == (choice != .reject) else { throw fields.missing("approved") }
        self.init(
            choice, by: try fields.text("by"), note: try fields.optionalText("note"),
            at: try fields.value("at", Timestamp.init(rfc3339:)), isTimeout: try fields.flag("timeout"), cap: try fields.money("cap_usd"),
            system: fields.payload["as"].flatMap(SystemUser.init(json:)), spent: try fields.money("spent_usd"), held: try fields.money("held_usd"),
            question: question)
    }
}
