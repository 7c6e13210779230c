import Economics
import Values
import WorkflowModel

/// What a journal in memory has, told as an archive tells it: from the entries as they were handed over, without a row of a database.
public struct InMemoryArchive: RunArchive {
    fileprivate let journal: InMemoryJournal

    public init(_ journal: InMemoryJournal) { self.journal = journal }

    // MARK: Runs

    public func runs(filter: RunFilter) async throws(JournalError) -> [RunRecord] {
        var records = journal.runs.map(\.record).filter { run in
            (filter.workflow ?? run.workflow) == run.workflow && (filter.status ?? run.status) == run.status
                && run.startedAt >= filter.since ?? run.startedAt && (filter.batch == nil || filter.batch == run.batch) && (filter.parent == nil || filter.parent == run.parent)
                && (!filter.isResumable || run.isResumable)
        }.newestFirst()
        if let before = filter.before, let index = journal.runs.map(\.record).newestFirst().firstIndex(where: { $0.id == before }) {
            let later = Set(journal.runs.map(\.record).newestFirst()[...index].map(\.id))
            records.removeAll { later.contains($0.id) }
        }
        return Array(records.prefix(filter.limit))
    }

    public func run(_ id: String) async throws(JournalError) -> RunRecord? { journal.run(RunID(id))?.record }

    public func resolveRunID(_ text: String) async throws(JournalError) -> RunMatch {
        let ids = journal.runs.map(\.record).newestFirst().map(\.id)
        if text.isEmpty { return .none }
        if text == "last" { return ids.first.map(RunMatch.found) ?? .none }
        if ids.contains(text) { return .found(text) }
        let matches = ids.filter { $0.hasPrefix(text) || $0.hasSuffix(text) }.sorted(by: >)
        return matches.isEmpty ? .none : matches.count == 1 ? .found(matches[0]) : .ambiguous(Array(matches.prefix(10)))
    }

    public func hasBatch(_ name: String) async throws(JournalError) -> Bool { journal.runs.contains { $0.started?.batch == name } }

    /// Nothing is removed from memory.
    public func removedLines(ofBatch name: String) async throws(JournalError) -> Int { 0 }

    public func runs(ofBatch name: String) async throws(JournalError) -> [Int: RunRecord] {
        let runs = journal.runs.filter { $0.started?.batch == name && $0.started?.batchIndex != nil }
        return Dictionary(runs.map { ($0.started!.batchIndex!, $0.record) }) { _, later in later }
    }

    // MARK: One run

    /// - Parameter maxItems: nothing is left out here, however many items there are.
    public func trace(run id: String, maxItems: Int?) async throws(JournalError) -> RunTrace? {
        guard let run = journal.run(RunID(id)) else { return nil }
        let asked = try await approvals(run: id, isOpen: false)
        var trace = RunTrace(run: run.record, nodes: run.nodeRecords, calls: run.callRecords, memoHits: run.hits, approvals: asked)
        (trace.gateTiers, trace.gateChecks) = (run.gateTiers, run.gateChecks)
        (trace.gateDraws, trace.gateShadows) = (run.gateDraws, run.gateShadows)
        return trace
    }

    public func events(run id: String, filter: EventFilter) async throws(JournalError) -> [EventRecord] {
        let events = journal.run(RunID(id))?.eventRecords ?? []
        let chosen = events.filter { event in event.sequence > filter.after && (filter.kinds.map { $0.contains(event.kind) } ?? true) }
        return Array(chosen.prefix(filter.limit))
    }

    public func approvals(run id: String?, isOpen: Bool) async throws(JournalError) -> [ApprovalRecord] {
        let runs = journal.runs.filter { id == nil || id == $0.start.id.text }
        let records = runs.flatMap(\.questions).filter { !isOpen || $0.decision == nil }
        let texts = try await documents(records.map(\.request.message) + records.flatMap(\.candidates).compactMap(\.tier.output))
        func text(_ hash: ContentHash) -> JSONValue? { texts[hash].flatMap { try? JSONParser.parse($0) } }
        return records.map { record in
            var record = record
            record.request.text = text(record.request.message)?.stringValue
            for index in record.candidates.indices { record.candidates[index].answer = record.candidates[index].tier.output.flatMap(text) }
            return record
        }
    }

    public func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] { try await journal.documents(hashes) }

    public func facts(run id: String, after sequence: Int, most: Int) async throws(JournalError) -> [RecordedFact] {
        var (chain, head) = (EventChain(), EventChain.origin(of: id))
        let facts = (journal.run(RunID(id))?.events ?? []).enumerated().map { index, fact in
            head = fact.payload.withUnsafeBytes { chain.link(after: head, sequence: Int64(index + 1), at: fact.at.microseconds, kind: fact.kind, payload: $0) }
            return RecordedFact(sequence: index + 1, kind: fact.kind, payload: fact.payload, at: fact.at, hash: head)
        }
        return Array(facts.dropFirst(sequence).prefix(most))
    }

    /// Those of facts: a journal keeps no others.
    public func priceRows(_ ids: [String]) async throws(JournalError) -> [(id: String, json: String)] {
        var rows: [PriceRow] = []
        for fact in journal.runs.flatMap(\.events) { if case .callEnded(let end) = fact.event { rows += end.newPriceRows } }
        return ids.compactMap { id in rows.first { $0.id == id }.map { (id, JSONEncoding.canonical.string($0.json)) } }
    }

    public func transcript(of run: RunRecord) -> any RunTranscript { Transcript(archive: self, run: RunID(run.id), file: run.file) }

    private struct Transcript: RunTranscript {
        let archive: InMemoryArchive
        let run: RunID
        let file: String

        func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord] {
            try await archive.events(run: run.text, filter: EventFilter(after: sequence, limit: most))
        }

        func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] { try await archive.documents(hashes) }

        func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow] {
            let rows = try await archive.priceRows(ids)
            return rows.compactMap { (try? JSONParser.parse($0.json)).flatMap(PriceRow.init(json:)) }
        }

        func redacted() async throws(JournalError) -> Set<ContentHash> { [] }
    }

    // MARK: RunHistory

    /// A plan from here knows of no earlier run.
    public func history(workflow: String) async throws(JournalError) -> WorkflowHistory { WorkflowHistory() }

    public func billedPrompts(of model: ModelReference) async throws(JournalError) -> [BilledPrompt] {
        let calls = journal.runs.flatMap(\.calls).filter { $0.start.model == model && $0.state == .settled && ($0.end?.usage?.totalInput ?? 0) > 0 }
        let latest = calls.enumerated().sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }.prefix(TokenRatio.most)
        return latest.map { BilledPrompt(request: $0.element.start.request, tokens: $0.element.end!.usage!.totalInput) }
    }

    public func plannedCaches(of model: ModelReference, since: Timestamp, most: Int) async throws(JournalError) -> [PlannedCacheRow] {
        let calls = journal.runs.enumerated().flatMap { number, run in run.calls.map { (number, $0) } }
            .filter { $0.1.start.model == model && $0.1.start.cache != nil && $0.1.at >= since }.sorted { $0.1.at < $1.1.at }
        return calls.suffix(most).map { number, call in
            PlannedCacheRow(
                run: Int64(number), plan: call.start.cache!, startedAt: call.at, endedAt: call.end.map { _ in call.at }, input: call.end?.usage?.totalInput,
                read: call.end?.usage?.cacheRead, written: call.end?.usage?.totalCacheWrite, hasBegun: call.end?.response != nil)
        }
    }
}

extension [RunRecord] {
    /// Of runs that began at once, the later one first.
    fileprivate func newestFirst() -> [RunRecord] {
        enumerated().sorted { a, b in
            a.element.startedAt == b.element.startedAt ? a.offset > b.offset : a.element.startedAt > b.element.startedAt
        }.map(\.element)
    }
}

extension InMemoryJournal.Run {
    fileprivate var record: RunRecord {
        let row = tables.rows("run").values.first ?? [:]
        var record = RunRecord(
            id: start.id.text, workflow: row.text("workflow") ?? "", file: row.text("file") ?? "",
            status: row.text("status").flatMap(RunStatus.init(rawValue:)) ?? .running, startedAt: row.moment("started_at") ?? Timestamp(microseconds: 0))
        record.endedAt = row.moment("ended_at")
        record.spending = spending
        record.maxCost = cap ?? row.money("max_cost_pico")
        record.maxTokens = row.int("max_tokens").map(Int.init)
        record.heldTokens = scopes[BudgetRefusal.runScope + TokenCap.mark].map { Int($0.held) } ?? 0
        record.band = row.text("band").flatMap(BudgetBand.Name.init(rawValue:))
        record.inputTokens = calls.reduce(0) { $0 + ($1.end?.usage?.totalInput ?? 0) }
        record.outputTokens = calls.reduce(0) { $0 + ($1.end?.usage?.totalOutput ?? 0) }
        record.tags = row.json("tags")?.objectValue ?? [:]
        record.owner = row.json("owners")?.objectValue ?? [:]
        record.decisionID = row.text("decision_id")
        record.outcome = row.text("outcome")
        record.batch = row.text("batch")
        record.batchIndex = row.int("batch_index").map(Int.init)
        record.inputs = row.hash("inputs_hash")
        record.outputs = row.hash("outputs_hash")
        record.failure = row.json("error")
        record.graph = row.hash("graph_hash")
        record.version = row.hash("version")
        record.commit = row.text("git_commit")
        record.release = row.text("release")
        record.location = start.location
        record.kind = row.text("kind").flatMap(RunKind.init(rawValue:)) ?? .workflow
        record.purpose = row.text("purpose").flatMap(RunPurpose.init(rawValue:)) ?? .production
        record.parent = row.text("parent")
        return record
    }

    fileprivate var nodeRecords: [NodeRecord] {
        tables.rows("step_attempt").values.map { row in
            let record = NodeRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, item: row.int("item").map(Int.init),
                status: row.text("status").flatMap(NodeStatus.init(rawValue:))!)
            record.startedAt = row.moment("started_at")
            record.endedAt = row.moment("ended_at")
            record.output = row.hash("output_hash")
            record.failure = row.json("error")
            record.reason = row.text("reason")
            record.inheritedFrom = row.text("inherited_from")
            return record
        }.sorted { a, b in
            let (x, y) = (a.startedAt ?? a.endedAt, b.startedAt ?? b.endedAt)
            return x == y ? a.path < b.path : (x?.microseconds ?? 0) < (y?.microseconds ?? 0)
        }
    }

    fileprivate var callRecords: [CallRecord] {
        tables.rows("model_call").values.sorted { $0.int("number")! < $1.int("number")! }.map { row in
            let record = CallRecord(
                id: CallID(run: start.id, number: Int(row.int("number")!)).text, path: row.text("node_path")!, step: row.text("step_id")!,
                tier: row.text("tier")!, purpose: row.text("purpose")!, ordinal: Int(row.int("ordinal")!), provider: row.text("provider")!,
                modelAsked: row.text("model_asked")!, state: row.text("state").flatMap(CallState.init(rawValue:))!, startedAt: row.moment("started_at")!)
            record.held = row.money("held_pico")
            record.heldTokens = row.int("held_tokens").map(Int.init) ?? 0
            record.cost = row.money("cost_pico")
            record.inputTokens = row.int("input_tokens").map(Int.init)
            record.cacheReadTokens = row.int("cache_read_tokens").map(Int.init)
            record.cacheWriteTokens = row.int("cache_write_tokens").map(Int.init)
            record.outputTokens = row.int("output_tokens").map(Int.init)
            record.reasoningTokens = row.int("reasoning_tokens").map(Int.init)
            record.usageRaw = row.text("usage_raw")
            record.priceRows = row.json("price_rows")?.arrayValue?.compactMap(\.stringValue) ?? []
            record.modelServed = row.text("model_served")
            record.request = row.hash("request_hash")
            record.response = row.hash("response_hash")
            record.httpStatus = row.int("http_status").map(Int.init)
            record.finishReason = row.text("finish_reason")
            record.failure = row.json("error")
            record.timeToFirstToken = row.int("ttft_ms").map { .milliseconds($0) }
            record.total = row.int("total_ms").map { .milliseconds($0) }
            record.retryOf = row.text("retry_of")
            record.endedAt = row.moment("ended_at")
            record.tags = row.json("tags")?.objectValue ?? [:]
            record.notes = CallNote.list(row.json("notes"))
            record.part = row.text("part") ?? ""
            record.askedTier = row.text("asked_tier")
            record.predictedCacheTokens = row.int("cache_predicted_tokens").map(Int.init)
            record.missed(row.text("cache_miss"))
            record.waitedFor = row.text("waited_for")
            record.waited = row.int("waited_ms").map { .milliseconds($0) }
            return record
        }.sorted { $0.startedAt < $1.startedAt }
    }

    fileprivate var hits: [MemoHitRecord] {
        tables.rows("memo_hit").values.map { row in
            MemoHitRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, tier: row.text("tier")!, provider: row.text("provider")!,
                modelAsked: row.text("model_asked")!, call: row.text("call_id")!, saved: row.money("saved_pico"), at: row.moment("started_at")!, how: row.text("how").flatMap(MemoHit.How.init(rawValue:)) ?? .memo)
        }.sorted { $0.path < $1.path }
    }

    fileprivate var gateTiers: [GateTierRecord] {
        tables.rows("gate_tier").values.map { row in
            var tier = GateTierRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, tier: row.text("tier")!, verdict: row.text("verdict").flatMap(TierDecided.Verdict.init(rawValue:))!,
                failure: row.text("failure_kind").flatMap(FailureKind.init(rawValue:)), decidedBy: row.text("decided_by"),
                notRun: row.json("not_run")?.arrayValue?.compactMap(\.stringValue) ?? [], output: row.hash("output_hash"), decidedAt: row.moment("decided_at")!,
                isTaken: row.int("taken") == 1, takenBy: row.text("taken_by"), cause: row.text("cause"), reason: row.text("reason"))
            tier.gate = row.hash("gate_hash")
            tier.lastTier = row.text("last_tier")
            tier.signals = row.signals
            tier.askedTier = callRecords.first { $0.part.isEmpty && $0.path == tier.path && $0.tier == tier.tier }?.askedTier
            return tier
        }.sorted { ($0.decidedAt, $0.path) < ($1.decidedAt, $1.path) }
    }

    fileprivate var gateDraws: [GateDrawRecord] {
        tables.rows("gate_draw").values.map { row in
            GateDrawRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, draw: row.int("draw")!, rate: Share(millionths: Int(row.int("rate_millionths")!))!,
                isChosen: row.int("chosen") == 1, inputBytes: Int(row.int("input_bytes")!))
        }.sorted { $0.path < $1.path }
    }

    fileprivate var gateShadows: [GateShadowRecord] {
        tables.rows("gate_shadow").values.map { row in
            GateShadowRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, tier: row.text("tier")!, result: row.text("result").flatMap(ShadowEnded.Result.init(rawValue:))!,
                failure: row.text("failure_kind").flatMap(FailureKind.init(rawValue:)), reason: row.text("reason"), output: row.hash("output_hash"),
                endedAt: row.moment("ended_at")!, signals: row.signals)
        }.sorted { ($0.endedAt, $0.path, $0.tier) < ($1.endedAt, $1.path, $1.tier) }
    }

    fileprivate var gateChecks: [GateCheckRecord] {
        tables.rows("gate_check").values.map { row in
            var check = GateCheckRecord(
                path: row.text("node_path")!, step: row.text("step_id")!, tier: row.text("tier")!, name: row.text("name")!, kind: row.text("kind")!,
                result: row.text("result").flatMap(CheckEnded.Result.init(rawValue:))!, score: row.text("score").flatMap(Double.init),
                value: row.text("value").flatMap(Double.init), threshold: row.text("threshold").flatMap(Double.init), reason: row.text("reason"),
                cost: row.money("cost_pico"), time: .milliseconds(row.int("total_ms")!), endedAt: row.moment("ended_at")!)
            check.output = row.hash("output_hash")
            check.gate = row.hash("gate_hash")
            return check
        }.sorted { ($0.endedAt, $0.path) < ($1.endedAt, $1.path) }
    }

    fileprivate var questions: [ApprovalRecord] {
        var records: [ApprovalRecord] = []
        let workflow = started?.workflow ?? ""
        for fact in events {
            switch fact.event {
            case .approvalRequested(let path, let request):
                records.removeAll { $0.path == path && $0.request.number == request.number }
                records.append(
                    ApprovalRecord(
                        run: start.id.text, workflow: workflow, path: path, request: request, requestedAt: fact.at,
                        spent: Money(saturating: spending.cost), held: Money(saturating: spending.held)))
            case .approvalDecided(let path, let decision):
                if let index = records.lastIndex(where: { $0.path == path && $0.request.number == decision.question?.number ?? 1 }) { records[index].decision = decision }
            default: break
            }
        }
        for index in records.indices where records[index].request.kind == .gate {
            let path = records[index].path
            records[index].candidates = gateTiers.filter { $0.path == path }.map { tier in
                GateCandidate(tier: tier, checks: gateChecks.filter { $0.path == path && $0.tier == tier.tier }, answer: nil)
            }
        }
        return records
    }
}

extension RowTables.Row {
    fileprivate func text(_ column: String) -> String? { if case .text(let text)? = self[column] { text } else { nil } }
    fileprivate func int(_ column: String) -> Int64? { if case .int(let number)? = self[column] { number } else { nil } }
    fileprivate func hash(_ column: String) -> ContentHash? { if case .hash(let hash)? = self[column] { hash } else { nil } }
    fileprivate func json(_ column: String) -> JSONValue? { text(column).flatMap { try? JSONParser.parse($0) } }
    fileprivate func money(_ column: String) -> Money? { int(column).map(Money.init(picoDollars:)) }
    fileprivate var signals: AnswerSignals? {
        guard let bytes = int("answer_bytes") else { return nil }
        func figure(_ column: String) -> Double? { text("logprob_" + column).flatMap(Double.init) }
        let logprobs = figure("sum").map {
            AnswerSignals.Logprobs(
                sum: $0, lowest: figure("min")!, mean: figure("mean")!, p10: figure("p10")!, margin: figure("margin"), tokens: Int(int("logprob_tokens")!))
        }
        return AnswerSignals(
            bytes: Int(bytes), finish: text("finish_reason"), matchesSchema: int("schema_passed").map { $0 == 1 }, logprobs: logprobs,
            parts: json("logprob_parts").flatMap(AnswerSignals.parts(json:)) ?? [])
    }
    fileprivate func moment(_ column: String) -> Timestamp? { int(column).map(Timestamp.init(microseconds:)) }
}
