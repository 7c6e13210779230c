import Economics
import PromptCaching
import Values

extension CallStarted {
    func write(to json: inout JSONObjectWriter) {
        json.put("call", id.number)
        json.put("step", path)
        json.put("tier", tier)
        if !part.isEmpty { json.put("part", part) }
        json.put("asked_tier", askedTier)
        json.put("model", model.description)
        json.put("purpose", purpose.rawValue)
        json.put("ordinal", ordinal)
        json.put("request", request)
        json.put("wire", wire)
        json.put("held_usd", held?.decimalText)
        json.put("bound_usd", bound?.decimalText)
        json.put("room_usd", room?.decimalText)
        if let tokens { tokens.write(to: &json) }
        json.put("retry_of", retryOf)
        json.put("tags", tags.map(JSONValue.object))
        if !caps.isEmpty {
            json.put("caps", caps) { cap, json in
                json.put("scope", cap.scope)
                json.put("cap_usd", cap.cap.decimalText)
            }
        }
        if !trimmed.isEmpty { json.put("trimmed", trimmed) { $0.write(to: &$1) } }
        if !priceRows.isEmpty { json.put("price_rows", priceRows) }
        json.put("cache", cache?.json)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            id: try fields.call(), path: try fields.step(), tier: try fields.text("tier"), part: try fields.optionalText("part") ?? "",
            askedTier: try fields.optionalText("asked_tier"), model: try fields.value("model", ModelReference.init(text:)),
            purpose: try fields.value("purpose", CallPurpose.init(rawValue:)), ordinal: try fields.int("ordinal"), request: try fields.hash("request"),
            wire: try fields.optionalHash("wire"), held: try fields.money("held_usd"), retryOf: try fields.optionalInt("retry_of"),
            tags: try fields.object("tags"),
            caps: try fields.list("caps") { cap in
                guard let scope = cap["scope"]?.stringValue, let amount = cap["cap_usd"]?.stringValue.flatMap(Money.init(decimal:)) else { return nil }
                return (scope, amount)
            },
            bound: try fields.money("bound_usd"), room: try fields.money("room_usd"), tokens: try TokenHold(fields), trimmed: try fields.list("trimmed", TrimmedValue.init(json:)), priceRows: try fields.texts("price_rows"),
            cache: try fields.cachePlan())
    }
}

extension CallEnded {
    /// Of most calls, and not written.
    private static let usualStatus = 200

    func write(to json: inout JSONObjectWriter) {
        json.put("call", id.number)
        json.put("step", path)
        json.put("state", state.rawValue)
        // Null: unpriced.
        if let cost { json.put("cost_usd", cost.decimalText) } else { json.put("cost_usd", JSONValue.null) }
        // Classes stand within their sums, as servers tell them.
        json.put("input_tokens", usage?.totalInput)
        json.put("cache_read_tokens", usage?.cacheRead)
        json.put("cache_write_tokens", usage?.totalCacheWrite)
        if let usage, usage.hasRareClasses { usage.writeRareClasses(to: &json) }
        json.put("output_tokens", usage?.totalOutput)
        json.put("reasoning_tokens", usage?.reasoning)
        json.put("finish_reason", finishWord ?? finishReason?.rawValue)
        json.put("response", response)
        json.put("logprobs", logprobs)
        json.put("failure", failure?.json)
        // Only a failure can lead to a wait.
        if failure != nil { json.put("jitter", JSONValue.double(jitter)) }
        if isOutage { json.put("outage", true) }
        json.put("held_usd", kept?.decimalText)
        json.put("held_tokens", keptTokens)
        if !notes.isEmpty { json.put("notes", CallNote.json(notes)) }
        if let priceRows { json.put("price_rows", priceRows) }
        if !newPriceRows.isEmpty { json.put("new_price_rows", JSONValue.array(newPriceRows.map(\.json))) }
        json.put("model", modelServed)
        // Zero: no answer of any status.
        if httpStatus != Self.usualStatus { json.put("http", httpStatus ?? 0) }
        json.put("usage_raw", usageRaw)
        json.put("ttft_ms", timeToFirstToken.map { Int($0.milliseconds) })
        json.put("ms", total.map { Int($0.milliseconds) })
        if detail != .none { detail.write(to: &json) }
        json.put("cache_miss", cacheMiss?.rawValue)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        var usage: TokenUsage?
        if let input = try fields.optionalInt("input_tokens"), let output = try fields.optionalInt("output_tokens") {
            let (read, write) = (try fields.optionalInt("cache_read_tokens"), try fields.optionalInt("cache_write_tokens"))
            let reasoning = try fields.optionalInt("reasoning_tokens")
            let (long, audioIn, audioOut) = (
                try fields.optionalInt("cache_write_long_tokens"), try fields.optionalInt("audio_input_tokens"), try fields.optionalInt("audio_output_tokens")
            )
            usage = TokenUsage(
                plainInput: input - (read ?? 0) - (write ?? 0) - (audioIn ?? 0), cacheRead: read, cacheWrite: long.map { (write ?? $0) - $0 } ?? write,
                cacheWriteLong: long, audioInput: audioIn, plainOutput: output - (reasoning ?? 0) - (audioOut ?? 0), reasoning: reasoning,
                audioOutput: audioOut, searches: try fields.optionalInt("web_searches"), terms: try ServedTerms(fields))
        }
        // A word that this program does not know is the server's own.
        let word = try fields.optionalText("finish_reason")
        let reason = word.map { FinishReason(rawValue: $0) ?? .other }
        let failure = fields.payload["failure"].flatMap(CallFailure.init(json:))
        if failure == nil, fields.payload["failure"] != nil { throw fields.missing("failure") }
        let status = try fields.optionalInt("http")
        self.init(
            id: try fields.call(), path: try fields.step(), state: try fields.value("state", CallState.init(rawValue:)), cost: try fields.money("cost_usd"),
            usage: usage, usageRaw: try fields.optionalText("usage_raw"), finishReason: reason, finishWord: reason?.rawValue == word ? nil : word,
            response: try fields.optionalHash("response"), logprobs: try fields.optionalHash("logprobs"), failure: failure,
            jitter: fields.payload["jitter"]?.doubleValue ?? 0, isOutage: try fields.flag("outage"), kept: try fields.money("held_usd"), keptTokens: try fields.optionalInt("held_tokens"),
            notes: CallNote.list(fields.payload["notes"]), priceRows: fields.payload["price_rows"] == nil ? nil : try fields.texts("price_rows"),
            newPriceRows: try fields.list("new_price_rows", PriceRow.init(json:)), modelServed: try fields.optionalText("model"),
            httpStatus: status == 0 ? nil : status ?? Self.usualStatus, timeToFirstToken: try fields.optionalInt("ttft_ms").map { .milliseconds(Int64($0)) },
            total: try fields.optionalInt("ms").map { .milliseconds(Int64($0)) }, detail: try CostDetail(fields), cacheMiss: try fields.optional("cache_miss", CacheMiss.init(rawValue:)))
    }
}

extension BudgetRefusal {
    func write(to json: inout JSONObjectWriter) {
        json.put("scope", scope)
        switch amounts {
        case .money(let amounts):
            json.put("cap_usd", amounts.cap.decimalText)
            json.put("spent_usd", amounts.spent.decimalText)
            json.put("asked_usd", amounts.asked.decimalText)
            json.put("exceeded_usd", amounts.exceeded?.decimalText)
            json.put("room_usd", amounts.room?.decimalText)
        case .tokens(let amounts):
            json.put("cap_tokens", amounts.cap)
            json.put("spent_tokens", amounts.spent)
            json.put("asked_tokens", amounts.asked)
            json.put("exceeded_tokens", amounts.exceeded)
            json.put("room_tokens", amounts.room)
        }
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        func amount(_ key: String) throws(EventDecodingError) -> Money { try fields.value(key, Money.init(decimal:)) }
        let scope = try fields.text("scope")
        if let cap = try fields.optionalInt("cap_tokens") {
            self.init(
                scope: scope,
                tokens: Amounts(
                    cap: cap, spent: try fields.int("spent_tokens"), asked: try fields.int("asked_tokens"), exceeded: try fields.optionalInt("exceeded_tokens"),
                    room: try fields.optionalInt("room_tokens")))
            return
        }
        self.init(
            scope: scope, cap: try amount("cap_usd"), spent: try amount("spent_usd"), asked: try amount("asked_usd"), exceeded: try fields.money("exceeded_usd"),
            room: try fields.money("room_usd"))
    }
}

extension EventFields {
    /// `nil`: nothing was planned.
    fileprivate func cachePlan() throws(EventDecodingError) -> CachePlan? {
        guard let json = payload["cache"] else { return nil }
        guard let plan = CachePlan(json: json) else { throw missing("cache") }
        return plan
    }
}

extension TokenHold {
    fileprivate func write(to json: inout JSONObjectWriter) {
        json.put("held_tokens", held)
        json.put("bound_tokens", bound)
        json.put("room_tokens", room)
        json.put("token_caps", caps) { cap, json in
            json.put("scope", cap.scope)
            json.put("cap_tokens", cap.cap)
        }
    }

    fileprivate init?(_ fields: EventFields) throws(EventDecodingError) {
        guard let held = try fields.optionalInt("held_tokens") else { return nil }
        self.init(
            held: held, bound: try fields.optionalInt("bound_tokens"), room: try fields.optionalInt("room_tokens"),
            caps: try fields.list("token_caps") { cap in
                guard let scope = cap["scope"]?.stringValue, let amount = cap["cap_tokens"]?.intValue else { return nil }
                return TokenCap(scope: scope, cap: Int(amount))
            })
    }
}

extension PrefixReleased {
    func write(to json: inout JSONObjectWriter) {
        json.put("call", call.number)
        json.put("step", path)
        json.put("by", by)
        json.put("prefix", CachePlan.hex(prefix))
        json.put("waited_ms", Int(clamping: waited.milliseconds))
        // Absent: its answer had begun.
        if cause != .began { json.put("cause", cause.rawValue) }
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            call: try fields.call(), path: try fields.step(), by: try fields.text("by"), prefix: try fields.value("prefix", CachePlan.number(hex:)),
            waited: .milliseconds(Int64(try fields.count("waited_ms"))), cause: try fields.optional("cause", Cause.init(rawValue:)) ?? .began)
    }
}

extension MemoHit {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("call", call)
        json.put("output", output)
        json.put("tier", tier)
        json.put("model", model?.description)
        json.put("saved_usd", saved?.decimalText)
        json.put("tags", tags.map(JSONValue.object))
        // Absent: it was there before.
        if how != .memo { json.put("how", how.rawValue) }
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), call: try fields.text("call"), output: try fields.hash("output"), tier: try fields.optionalText("tier") ?? "",
            model: try fields.optional("model", ModelReference.init(text:)), saved: try fields.money("saved_usd"), tags: try fields.object("tags"),
            how: try fields.optional("how", How.init(rawValue:)) ?? .memo)
    }
}

extension MemoKept {
    func write(to json: inout JSONObjectWriter) {
        json.put("step", path)
        json.put("question", question)
        json.put("call", call.number)
        json.put("output", output)
        json.put("cost_usd", cost?.decimalText)
    }

    convenience init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            path: try fields.step(), question: try fields.hash("question"), call: try fields.call(), output: try fields.hash("output"),
            cost: try fields.money("cost_usd"))
    }
}

extension TrimmedValue {
    func write(to json: inout JSONObjectWriter) {
        json.put("key", key)
        json.put("before_bytes", before)
        json.put("after_bytes", after)
    }

    init?(json: JSONValue) {
        guard let key = json["key"]?.stringValue, let before = json["before_bytes"]?.intValue, let after = json["after_bytes"]?.intValue else { return nil }
        self.init(key: key, before: Int(before), after: Int(after))
    }
}

extension TokenUsage {
    /// Whether it has what calls of text seldom have; nothing is written of what is not there.
    fileprivate var hasRareClasses: Bool { cacheWriteLong != nil || audioInput != nil || audioOutput != nil || searches != nil || terms != nil }

    fileprivate func writeRareClasses(to json: inout JSONObjectWriter) {
        json.put("cache_write_long_tokens", cacheWriteLong)
        json.put("audio_input_tokens", audioInput)
        json.put("audio_output_tokens", audioOutput)
        json.put("web_searches", searches)
        json.put("service_tier", terms?.serviceWord)
        json.put("region", terms?.region)
    }
}

extension CostDetail {
    // What is absent is the usual.
    fileprivate func write(to json: inout JSONObjectWriter) {
        json.put("reported_usd", reported?.decimalText)
        json.put("cost_basis", basis?.rawValue)
        json.put("priced_usd", priced?.decimalText)
        json.put("list_usd", list?.decimalText)
        json.put("tier_source", tierSource?.rawValue)
    }

    fileprivate init(_ fields: EventFields) throws(EventDecodingError) {
        self.init(
            reported: try fields.money("reported_usd"), basis: try fields.optional("cost_basis", CostBasis.init(rawValue:)),
            priced: try fields.money("priced_usd"), list: try fields.money("list_usd"),
            tierSource: try fields.optional("tier_source", TierSource.init(rawValue:)))
    }
}

extension ServedTerms {
    fileprivate init?(_ fields: EventFields) throws(EventDecodingError) {
        let (word, region) = (try fields.optionalText("service_tier"), try fields.optionalText("region"))
        if word == nil, region == nil { return nil }
        let service = word.flatMap(ServiceTier.init(rawValue:))
        self.init(service: service, otherService: service == nil ? word : nil, region: region)
    }
}
