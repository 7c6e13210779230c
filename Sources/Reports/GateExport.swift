import Economics
import Glibc
import Values
import WorkflowModel

/// What `gate export` prints: an execution of a gate as a row that `gate simulate` reads, from which the gate decides the same again.
public enum GateExport {
    /// The documents that a row is made of.
    public static func documents(of execution: GateExecution) -> [ContentHash] {
        execution.tiers.compactMap(\.output) + execution.shadows.compactMap(\.output) + execution.checks.compactMap(\.output) + execution.calls.compactMap { $0.purpose == CallPurpose.count.rawValue ? nil : $0.response }
            + [execution.inputs].compactMap(\.self)
    }

    /// - Parameter document: by its hash; `nil`: it was removed, and what it was is not recorded.
    public static func row(_ execution: GateExecution, document: (ContentHash) -> JSONValue?) -> JSONValue {
        var tiers = JSONObject()
        for tier in execution.tiers { tiers[tier.tier] = .object(answer(of: tier, execution, document)) }
        for shadow in execution.shadows where tiers[shadow.tier] == nil {
            if let answer = answer(of: shadow, execution, document) { tiers[shadow.tier] = .object(answer) }
        }
        var row: JSONObject = [
            "id": .string("\(execution.run)/\(execution.path)"), "run": .string(execution.run), "path": .string(execution.path),
            "at": .time(execution.tiers.last?.decidedAt), "gate": .hash(execution.tiers.first?.gate),
            "asked": .array(execution.tiers.map { .string($0.tier) }),
        ]
        row["stopped_after"] = stop(of: execution)
        row["taken"] = execution.tiers.first(where: \.isTaken).map { .string($0.tier) }
        row["shadow"] = shadow(of: execution)
        row["outcome"] = execution.outcome.map(JSONValue.string)
        // A workflow that runs inside of another has inputs of its own, which no document has.
        if !execution.path.utf8.contains(UInt8(ascii: "/")) { row["inputs"] = execution.inputs.flatMap(document) }
        row["tiers"] = .object(tiers)
        return .object(row)
    }

    /// Where a further tier would have been asked, and was not for a reason that lies outside of the answers.
    private static func stop(of execution: GateExecution) -> JSONValue? {
        guard let last = execution.tiers.last, let final = last.lastTier, !final.hasSameBytes(as: last.tier) else { return nil }
        let goesOn = last.verdict == .rejected || last.failure.map { [.outputInvalid, .truncated, .emptyAnswer, .refusal].contains($0) } ?? false
        guard goesOn else { return nil }
        var stop: JSONObject = ["tier": .string(last.tier)]
        stop["cause"] = cause(of: execution).map(JSONValue.string)
        return .object(stop)
    }

    /// `nil`: where no answer was taken, a ledger does not have it but of `max_rate`, of a cap that the step failed by, and of what a person was asked for.
    private static func cause(of execution: GateExecution) -> String? {
        if let cause = execution.tiers.first(where: \.isTaken)?.cause ?? execution.cause { return cause }
        return execution.tiers.contains { $0.rate?.wentOn == false } ? GateTierRecord.CountedRate.cause : nil
    }

    // MARK: One tier

    private static func answer(of tier: GateTierRecord, _ execution: GateExecution, _ document: (ContentHash) -> JSONValue?) -> JSONObject {
        let calls = execution.calls.filter {
            $0.tier.hasSameBytes(as: tier.tier) && $0.purpose != CallPurpose.count.rawValue && $0.purpose != CallPurpose.shadow.rawValue
        }
        let own = calls.filter(\.part.isEmpty)
        var answer = JSONObject()
        answer["asked_tier"] = tier.askedTier.map(JSONValue.string)
        tell(tier.failure, tier.output, tier.signals, own, &answer, document)
        answer["correct"] = isCorrect(tier, execution).map(JSONValue.bool)
        figure(own, tier.signals, &answer)
        var told: [CallRecord] = own
        var checks = JSONObject()
        for check in execution.checks where check.tier.hasSameBytes(as: tier.tier) {
            let asked = calls.filter { $0.part.isPart(of: check.name) }
            told += asked
            checks[check.name] = .object(outcome(of: check, asked, tier.signals, document))
        }
        // Those that were not run have their figures all the same.
        for part in tier.signals?.parts ?? [] where checks[part.check] == nil { checks[part.check] = ["signals": .object(figures(part.logprobs))] }
        if checks.count > 0 { answer["checks"] = .object(checks) }
        sample(calls, &answer, document)
        // What was asked for nothing is paid, too.
        let rest = calls.filter { call in !told.contains { $0 === call } }
        if !rest.isEmpty { pay(rest, &answer, "extra_cost_usd") }
        return answer
    }

    /// Of one that was asked for comparison; `nil`: it was not, or nobody waited for it.
    private static func answer(of shadow: GateShadowRecord, _ execution: GateExecution, _ document: (ContentHash) -> JSONValue?) -> JSONObject? {
        guard shadow.result == .answered || shadow.result == .failed else { return nil }
        let calls = execution.calls.filter { $0.tier.hasSameBytes(as: shadow.tier) && $0.purpose == CallPurpose.shadow.rawValue }
        var answer: JSONObject = ["shadow": true]
        tell(shadow.failure, shadow.output, shadow.signals, calls, &answer, document)
        figure(calls, shadow.signals, &answer)
        if let output = shadow.output, output == execution.tiers.first(where: \.isTaken)?.output { answer["correct"] = execution.isCorrect.map(JSONValue.bool) }
        var checks = JSONObject()
        for part in shadow.signals?.parts ?? [] { checks[part.check] = ["signals": .object(figures(part.logprobs))] }
        if checks.count > 0 { answer["checks"] = .object(checks) }
        return answer
    }

    /// Draws that were refused are of long questions more often than others: whoever reads shadows counts them.
    private static func shadow(of execution: GateExecution) -> JSONValue? {
        guard let draw = execution.draw else { return nil }
        func tiers(_ result: ShadowEnded.Result) -> JSONValue { .array(execution.shadows.filter { $0.result == result }.map { .string($0.tier) }) }
        return [
            "draw": .int(draw.draw), "rate": .string("\(draw.rate)"), "chosen": .bool(draw.isChosen), "input_bytes": .number(draw.inputBytes), "refused": tiers(.refused),
            "unknown": tiers(.unknown),
        ]
    }

    private static func figure(_ calls: [CallRecord], _ signals: AnswerSignals?, _ answer: inout JSONObject) {
        pay(calls, &answer)
        answer["ms"] = .int(calls.reduce(0) { $0 + ($1.total?.milliseconds ?? 0) })
        answer["input_tokens"] = .int(calls.reduce(0) { $0 + Int64($1.inputTokens ?? 0) })
        answer["output_tokens"] = .int(calls.reduce(0) { $0 + Int64($1.outputTokens ?? 0) })
        answer["signals"] = signals.map { .object(self.signals($0)) }
    }

    /// The output, or why there is none, so that what is always checked finds the same again.
    private static func tell(
        _ failure: FailureKind?, _ output: ContentHash?, _ signals: AnswerSignals?, _ calls: [CallRecord], _ answer: inout JSONObject,
        _ document: (ContentHash) -> JSONValue?
    ) {
        let finish = signals?.finish ?? calls.last?.finishReason
        let text = calls.last { $0.response != nil }?.response.flatMap(document)
        switch failure {
        case nil:
            answer["output"] = output.flatMap(document)
            answer["finish_reason"] = finish.map(JSONValue.string)
        case .emptyAnswer?:
            answer["output"] = ""
            answer["finish_reason"] = finish.map(JSONValue.string)
        case .outputInvalid?:
            answer["output"] = text
            answer["finish_reason"] = finish.map(JSONValue.string)
        case .truncated?:
            answer["output"] = text
            answer["finish_reason"] = .string(FinishReason.length.rawValue)
        case .refusal?: answer["finish_reason"] = .string(FinishReason.contentFilter.rawValue)
        case let kind?: answer["failure"] = .string(kind.rawValue)
        }
    }

    /// What is known of the answer that was taken holds for every tier that gave the same.
    private static func isCorrect(_ tier: GateTierRecord, _ execution: GateExecution) -> Bool? {
        guard let isCorrect = execution.isCorrect, let taken = execution.tiers.first(where: \.isTaken) else { return nil }
        if tier.isTaken { return isCorrect }
        return tier.output != nil && tier.output == taken.output ? isCorrect : nil
    }

    /// What is known of a cost, and whether a part of it is not; without a key where nothing is.
    private static func pay(_ calls: [CallRecord], _ answer: inout JSONObject, _ key: String = "cost_usd") {
        var (sum, unknown) = (MoneySum.zero, 0)
        for call in calls {
            if let cost = call.cost { sum.add(cost) } else if call.state != .void { unknown += 1 }
        }
        if unknown == 0 || sum > .zero { answer[key] = sum.json }
        if unknown > 0 { answer["cost_is_lower_bound"] = true }
    }

    private static func signals(_ signals: AnswerSignals) -> JSONObject {
        var object: JSONObject = ["bytes": .int(Int64(signals.bytes))]
        if let matches = signals.matchesSchema { object["schema"] = .bool(matches) }
        signals.logprobs.map(figures)?.forEachPair { object[$0] = $1 }
        return object
    }

    private static func figures(_ logprobs: AnswerSignals.Logprobs) -> JSONObject {
        var object: JSONObject = [
            "logprob_sum": .double(logprobs.sum), "logprob_min": .double(logprobs.lowest), "logprob_mean": .double(logprobs.mean), "logprob_p10": .double(logprobs.p10),
        ]
        object["logprob_margin"] = logprobs.margin.map(JSONValue.double)
        return object
    }

    // MARK: Checks

    private static func outcome(
        of check: GateCheckRecord, _ calls: [CallRecord], _ signals: AnswerSignals?, _ document: (ContentHash) -> JSONValue?
    ) -> JSONObject {
        var outcome = JSONObject()
        let output = check.output.flatMap(document)
        if check.result == .lost { outcome["lost"] = true }
        if !follows(check, output) {
            switch check.result {
            case .passed: outcome["passed"] = true
            case .failed, .error: outcome["passed"] = false
            case .scored, .lost: break
            }
        }
        outcome["score"] = check.score.map(JSONValue.double)
        outcome["output"] = output
        pay(calls, &outcome)
        outcome["ms"] = .int(check.time.milliseconds)
        outcome["reason"] = check.reason.map(JSONValue.string)
        if check.kind == "logprob", check.result != .lost {
            let logprobs = signals?.parts.first { $0.check.hasSameBytes(as: check.name) }?.logprobs
            // Where its probability is not that of the whole answer it looked at a part of which nothing could be told.
            if let logprobs = logprobs ?? signals?.logprobs.flatMap({ exp($0.sum) == check.score ? $0 : nil }) { outcome["signals"] = .object(figures(logprobs)) }
        }
        return outcome
    }

    /// Whether that it passed follows from its score, so that it may be held against another threshold.
    private static func follows(_ check: GateCheckRecord, _ output: JSONValue?) -> Bool {
        guard let score = check.score, check.value == nil, ["judge", "agree"].contains(check.kind), output?["passed"] == nil else { return false }
        guard check.result == .passed || check.result == .failed else { return false }
        let wouldPass = check.threshold.map { score >= $0 } ?? (check.kind == "agree" && score > 0.5)
        return (check.threshold != nil || check.kind == "agree") && wouldPass == (check.result == .passed)
    }

    /// The further answers of the model to the same question, of the only check that asks for any.
    private static func sample(_ calls: [CallRecord], _ answer: inout JSONObject, _ document: (ContentHash) -> JSONValue?) {
        var parts: TextTable<[CallRecord]> = [:]
        for call in calls where call.purpose == CallPurpose.agree.rawValue || call.part.utf8.contains(UInt8(ascii: "#")) { parts[call.part, default: []].append(call) }
        let numbered = parts.sorted { $0.key < $1.key }.compactMap { part, calls -> (name: String, number: Int, calls: [CallRecord])? in
            guard let (name, number) = part.cut(atLast: UInt8(ascii: "#")), let number = Int(number) else { return nil }
            return (name, number, calls)
        }.sorted { $0.number < $1.number }
        guard let name = numbered.first?.name, numbered.allSatisfy({ $0.name.hasSameBytes(as: name) }) else { return }
        answer["samples"] = .array(numbered.map { sample in sample.calls.last { $0.failure == nil }?.response.flatMap(document) ?? .null })
        pay(numbered.flatMap(\.calls), &answer, "sample_cost_usd")
    }
}

extension String {
    /// `judge`, or `vote#2` of `vote`.
    fileprivate func isPart(of check: String) -> Bool {
        guard utf8.starts(with: check.utf8) else { return false }
        let rest = utf8.dropFirst(check.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "#")
    }
}
