import Economics
import Values
import WorkflowModel

extension TraceReport {
    /// Everything that the ledger knows of the run. Absent values are `null`, so that every object has all its keys; nodes
    /// stand in the ledger's order, calls in that of their start.
    ///
    /// `input_tokens` counts the whole prompt, what was read from a cache included.
    public static func json(_ trace: RunTrace) -> JSONValue {
        let calls = trace.calls.sorted { ($0.startedAt, $0.path, $0.ordinal, $0.id) < ($1.startedAt, $1.path, $1.ordinal, $1.id) }
        let asked = Dictionary(grouping: calls, by: \.path)
        let gates = GateTrace.byPath(trace)
        let remembered = Dictionary(trace.memoHits.map { ($0.path, "\($0.provider)/\($0.modelAsked)") }) { first, _ in first }
        // The last answer of each that asked.
        let decisions = Dictionary(trace.approvals.compactMap { ask in ask.decision.map { (ask.path, ApprovalReport.json($0)) } }) { _, later in later }
        let nodes = trace.nodes.map { node in
            let gate = gates[node.path]
            // Ordinals count within a tier.
            let own = asked[node.path] ?? []
            let answerer = Answerer(of: gate == nil ? own.sorted { $0.ordinal < $1.ordinal } : own, taken: gate?.taken)
            return JSONValue.object(
                json(node)
                    .with("model_asked", .text(answerer?.asked ?? remembered[node.path]))
                    .with("answered_by", .text(gate?.isGiven == true ? nil : answerer == nil ? remembered[node.path] : answerer?.answered))
                    .with("decision", decisions[node.path] ?? .null))
        }
        let document: JSONObject = [
            "run": json(trace.run), "nodes": .array(nodes), "calls": .array(calls.map(json)), "memo_hits": .array(trace.memoHits.map(json)),
            "approvals": ApprovalReport.json(trace.approvals),
            "gate_tiers": .array(gateTiers(trace, asked)), "gate_checks": .array(trace.gateChecks.map(json)),
            "gate_draws": .array(trace.gateDraws.map(json)), "gate_shadows": .array(trace.gateShadows.map(json)),
        ]
        if trace.redacted.isEmpty { return .object(document) }
        return .object(document.with("redacted", .array(trace.redacted.map(\.hex).sorted().map(JSONValue.string))))
    }

    /// Each with what it adds to those below it: whether the answer is another one, and what the node has cost so far.
    private static func gateTiers(_ trace: RunTrace, _ calls: [String: [CallRecord]]) -> [JSONValue] {
        var below: [String: ContentHash] = [:]
        var soFar: [String: MoneySum] = [:]
        return trace.gateTiers.map { tier in
            let own = calls[tier.path]?.filter { $0.tier.hasSameBytes(as: tier.tier) && $0.purpose != CallPurpose.shadow.rawValue } ?? []
            for call in own { soFar[tier.path, default: .zero].add(call.cost ?? .zero) }
            var object = json(tier)
            object["same_answer"] = tier.output.flatMap { output in below[tier.path].map { .bool($0 == output) } } ?? .null
            object["cost_so_far_usd"] = (soFar[tier.path] ?? .zero).json
            if let output = tier.output { below[tier.path] = output }
            return .object(object)
        }
    }

    static func json(_ tier: GateTierRecord) -> JSONObject {
        [
            "path": .string(tier.path), "step": .string(tier.step), "tier": .string(tier.tier), "asked_tier": .text(tier.askedTier), "verdict": .string(tier.verdict.rawValue),
            "failure_kind": .text(tier.failure?.rawValue), "decided_by": .text(tier.decidedBy), "not_run": .array(tier.notRun.map(JSONValue.string)),
            "output_hash": .hash(tier.output), "decided_at": .time(tier.decidedAt), "taken": .bool(tier.isTaken), "taken_by": .text(tier.takenBy), "cause": .text(tier.cause),
            "reason": .text(tier.reason), "signals": tier.signals?.json ?? .null,
        ]
    }

    private static func json(_ draw: GateDrawRecord) -> JSONValue {
        [
            "path": .string(draw.path), "step": .string(draw.step), "draw": .int(draw.draw), "rate": .string("\(draw.rate)"), "chosen": .bool(draw.isChosen),
            "input_bytes": .number(draw.inputBytes),
        ]
    }

    private static func json(_ shadow: GateShadowRecord) -> JSONValue {
        [
            "path": .string(shadow.path), "step": .string(shadow.step), "tier": .string(shadow.tier), "result": .string(shadow.result.rawValue),
            "failure_kind": .text(shadow.failure?.rawValue), "reason": .text(shadow.reason), "output_hash": .hash(shadow.output), "ended_at": .time(shadow.endedAt),
            "signals": shadow.signals?.json ?? .null,
        ]
    }

    static func json(_ check: GateCheckRecord) -> JSONValue {
        [
            "path": .string(check.path), "step": .string(check.step), "tier": .string(check.tier), "name": .string(check.name), "kind": .string(check.kind),
            "result": .string(check.result.rawValue), "score": check.score.map(JSONValue.double) ?? .null, "value": check.value.map(JSONValue.double) ?? .null,
            "threshold": check.threshold.map(JSONValue.double) ?? .null,
            "distance": check.measure.flatMap { measure in check.threshold.map { .double(measure - $0) } } ?? .null,
            "place": check.place.map { ["below": .number($0.below), "of": .number($0.of)] } ?? .null, "reason": .text(check.reason), "cost_usd": .money(check.cost),
            "duration_ms": .span(check.time), "ended_at": .time(check.endedAt),
        ]
    }

    /// Stands in place of a call: the answer cost nothing, and the call that gave it had cost `saved_usd`.
    private static func json(_ hit: MemoHitRecord) -> JSONValue {
        [
            "path": .string(hit.path), "step": .string(hit.step), "tier": .string(hit.tier), "provider": .string(hit.provider),
            "model_asked": .string(hit.modelAsked), "call": .string(hit.call), "cost_usd": Money.zero.json, "saved_usd": .money(hit.saved),
            "how": .string(hit.how.rawValue), "at": .time(hit.at),
        ]
    }

    static func json(_ run: RunRecord) -> JSONValue {
        let head: JSONObject = [
            "id": .string(run.id), "workflow": .string(run.workflow), "file": .string(run.file),
            "status": .string(run.status.rawValue),
            "started_at": .time(run.startedAt), "ended_at": .time(run.endedAt),
            "duration_ms": .span(Figures.span(run.startedAt, run.endedAt)),
        ]
        let rest: JSONObject = [
            "max_cost_usd": .money(run.maxCost),
            "input_tokens": .number(run.inputTokens), "output_tokens": .number(run.outputTokens),
            "tags": .object(run.tags), "owner": .object(run.owner),
            "version": .hash(run.version), "commit": .text(run.commit), "release": .text(run.release),
            "decision_id": .text(run.decisionID), "outcome": .text(run.outcome), "batch": .text(run.batch),
            "inputs_hash": .hash(run.inputs), "outputs_hash": .hash(run.outputs), "failure": run.failure ?? .null,
            "kind": .string(run.kind.rawValue), "purpose": .string(run.purpose.rawValue), "parent": .text(run.parent),
            "resumable": .bool(run.isResumable), "process_gone": .bool(run.isAbandoned), "pruned_at": .time(run.prunedAt),
        ]
        var object = run.spending.fields(into: head)
        rest.forEachPair { object[$0] = $1 }
        if let cap = run.maxTokens {
            object["max_tokens"] = .number(cap)
            object["held_tokens"] = .number(run.heldTokens)
        }
        if let band = run.band { object["band"] = .string(band.rawValue) }
        if run.isImported {
            object["imported"] = run.imported.map { ["file": .string($0.origin.file), "bundle": .string($0.origin.hash.hex), "at": .time($0.at)] } ?? [:]
        }
        return .object(object)
    }

    private static func json(_ node: NodeRecord) -> JSONObject {
        [
            "path": .string(node.path), "step": .string(node.step), "item": .number(node.item),
            "status": .string(node.status.rawValue),
            "started_at": .time(node.startedAt), "ended_at": .time(node.endedAt),
            "duration_ms": .span(Figures.span(node.startedAt, node.endedAt)),
            "reason": .text(node.reason), "output_hash": .hash(node.output), "failure": node.failure ?? .null,
            "inherited_from": .text(node.inheritedFrom),
        ]
    }

    private static func json(_ call: CallRecord) -> JSONValue {
        [
            "id": .string(call.id), "path": .string(call.path), "step": .string(call.step), "tier": .string(call.tier), "asked_tier": .text(call.askedTier),
            "purpose": .string(call.purpose), "part": .string(call.part), "ordinal": .number(call.ordinal), "retry_of": .text(call.retryOf),
            "provider": .string(call.provider), "model_asked": .string(call.modelAsked), "model_served": .text(call.modelServed),
            "state": .string(call.state.rawValue), "is_unpriced": .bool(call.isUnpriced),
            "cost_usd": .money(call.cost), "held_usd": .money(call.held),
            "input_tokens": .number(call.inputTokens), "cache_read_tokens": .number(call.cacheReadTokens),
            "cache_write_tokens": .number(call.cacheWriteTokens), "output_tokens": .number(call.outputTokens),
            "reasoning_tokens": .number(call.reasoningTokens), "usage_raw": .text(call.usageRaw),
            "price_rows": .array(call.priceRows.map(JSONValue.string)),
            "request_hash": .hash(call.request), "response_hash": .hash(call.response),
            "http_status": .number(call.httpStatus), "finish_reason": .text(call.finishReason), "failure": call.failure ?? .null,
            "ttft_ms": .span(call.timeToFirstToken), "total_ms": .span(call.total),
            "started_at": .time(call.startedAt), "ended_at": .time(call.endedAt),
            "tags": .object(call.tags), "trimmed": call.trimmed ?? [],
            "notes": CallNote.json(call.notes),
            "cost_basis": .text(call.costBasis?.rawValue), "reported_usd": .money(call.detail.reported), "priced_usd": .money(call.detail.priced),
            "list_usd": .money(call.detail.list), "service_tier": .text(call.serviceTier), "tier_source": .text(call.detail.tierSource?.rawValue),
            "cache_predicted_tokens": .number(call.predictedCacheTokens), "cache_miss": .text(call.cacheMiss?.rawValue),
            "waited_for": .text(call.waitedFor), "waited_ms": .span(call.waited),
        ]
    }
}
