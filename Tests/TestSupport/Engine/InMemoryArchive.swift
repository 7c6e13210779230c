import Economics
import Values
import WorkflowModel

/// What a journal in memory has, told as an archive tells it: from the entries as they were handed over, without a row of a database.
public struct InMemoryArchive: RunArchive {
    private let journal: InMemoryJournal

    public init(_ journal: InMemoryJournal) { self.journal = journal }

    // MARK: Runs

    public func runs(filter: RunFilter) async throws(JournalError) -> [RunRecord] {
        var records = journal.runs.map(\.record).filter { run in
            (filter.workflow ?? run.workflow) == run.workflow && (filter.status ?? run.status) == run.status
                && run.startedAt >= filter.since ?? run.startedAt && (filter.batch == nil || filter.batch == run.batch)
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

    public func hasBatch(_ name: String) async throws(JournalError) -> Bool { journal.runs.contains { $0.start.batch == name } }

    /// Nothing is removed from memory.
    public func removedLines(ofBatch name: String) async throws(JournalError) -> Int { 0 }

    public func runs(ofBatch name: String) async throws(JournalError) -> [Int: RunRecord] {
        let runs = journal.runs.filter { $0.start.batch == name && $0.start.batchIndex != nil }
        return Dictionary(runs.map { ($0.start.batchIndex!, $0.record) }) { _, later in later }
    }

    // MARK: One run

    /// - Parameter maxItems: nothing is left out here, however many items there are.
    public func trace(run id: String, maxItems: Int?) async throws(JournalError) -> RunTrace? {
        guard let run = journal.run(RunID(id)) else { return nil }
        let asked = try await approvals(run: id, isOpen: false)
        return RunTrace(run: run.record, nodes: run.nodeRecords, calls: run.callRecords, memoHits: run.hits, approvals: asked)
    }

    public func events(run id: String, filter: EventFilter) async throws(JournalError) -> [EventRecord] {
        let events = journal.run(RunID(id))?.eventRecords ?? []
        let chosen = events.filter { event in event.sequence > filter.after && (filter.kinds.map { $0.contains(event.kind) } ?? true) }
        return Array(chosen.prefix(filter.limit))
    }

    public func approvals(run id: String?, isOpen: Bool) async throws(JournalError) -> [ApprovalRecord] {
        let runs = journal.runs.filter { id == nil || id == $0.start.id.text }
        let records = runs.flatMap(\.questions).filter { !isOpen || $0.decision == nil }
        let texts = try await documents(records.map(\.request.message))
        return records.map { record in
            var request = record.request
            request.text = texts[request.message].flatMap { try? JSONParser.parse($0).stringValue }
            return ApprovalRecord(
                run: record.run, workflow: record.workflow, path: record.path, request: request, requestedAt: record.requestedAt, spent: record.spent,
                held: record.held, decision: record.decision)
        }
    }

    public func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] { try await journal.documents(hashes) }

    // MARK: RunHistory

    /// A plan from here knows of no earlier run.
    public func history(workflow: String) async throws(JournalError) -> WorkflowHistory { WorkflowHistory() }
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
        var record = RunRecord(
            id: start.id.text, workflow: start.workflow, file: start.file, status: end?.status ?? .running, startedAt: start.at)
        record.endedAt = end?.at
        record.spending = spending
        record.maxCost = cap ?? start.maxCost
        record.inputTokens = calls.reduce(0) { $0 + ($1.end?.usage?.totalInput ?? 0) }
        record.outputTokens = calls.reduce(0) { $0 + ($1.end?.usage?.totalOutput ?? 0) }
        record.tags = start.tags
        record.owner = start.owner
        record.decisionID = start.decisionID
        record.outcome = end?.outcome
        record.batch = start.batch
        record.batchIndex = start.batchIndex
        record.inputs = start.inputs
        record.outputs = end?.outputs
        record.failure = end?.failure?.json
        record.graph = start.graph
        record.location = start.location
        return record
    }

    fileprivate var nodeRecords: [NodeRecord] {
        var records: [String: NodeRecord] = [:]
        for update in entries.flatMap(\.nodes) {
            let record = records[update.path] ?? NodeRecord(path: update.path, step: update.step, item: update.item, status: update.status)
            let isOpen = [.pending, .running, .waiting].contains(update.status)
            if isOpen { record.startedAt = record.startedAt ?? update.at }
            record.endedAt = isOpen ? nil : update.at
            record.status = update.status
            record.output = update.output
            record.failure = update.failure?.json
            record.reason = update.reason ?? (isOpen ? nil : record.reason)
            records[update.path] = record
        }
        return records.values.sorted { a, b in
            let (x, y) = (a.startedAt ?? a.endedAt, b.startedAt ?? b.endedAt)
            return x == y ? a.path < b.path : (x?.microseconds ?? 0) < (y?.microseconds ?? 0)
        }
    }

    fileprivate var callRecords: [CallRecord] {
        calls.map { call in
            let (start, end) = (call.start, call.end)
            let record = CallRecord(
                id: start.id.text, path: start.path, step: start.step, tier: start.tier, purpose: start.purpose.rawValue, ordinal: start.ordinal,
                provider: start.provider, modelAsked: start.modelAsked, state: call.state, startedAt: start.at)
            record.held = end == nil ? start.held : end?.held
            record.cost = end?.cost
            record.inputTokens = end?.usage?.totalInput
            record.cacheReadTokens = end?.usage?.cacheRead
            record.cacheWriteTokens = end?.usage?.cacheWrite
            record.outputTokens = end?.usage?.totalOutput
            record.reasoningTokens = end?.usage?.reasoning
            record.usageRaw = end?.usageRaw
            record.priceRows = end?.priceRows ?? []
            record.modelServed = end?.modelServed
            record.request = start.request
            record.response = end?.response
            record.httpStatus = end?.httpStatus
            record.finishReason = end?.finishReason
            record.failure = end?.failure?.json
            record.timeToFirstToken = end?.timeToFirstToken
            record.total = end?.total
            record.retryOf = start.retryOf
            record.endedAt = end?.at
            record.tags = start.tags ?? [:]
            record.notes = end?.notes ?? []
            return record
        }.sorted { $0.startedAt < $1.startedAt }
    }

    fileprivate var hits: [MemoHitRecord] {
        entries.flatMap(\.memos).compactMap { memo in
            guard case .taken(let hit) = memo else { return nil }
            return MemoHitRecord(
                path: hit.path, step: hit.step, tier: hit.tier, provider: hit.provider, modelAsked: hit.modelAsked, call: hit.call, saved: hit.saved, at: hit.at)
        }
    }

    fileprivate var questions: [ApprovalRecord] {
        var records: [ApprovalRecord] = []
        for update in entries.flatMap(\.approvals) {
            if let index = records.firstIndex(where: { $0.path == update.path && $0.request.number == update.request.number }) {
                records[index].decision = update.decision ?? records[index].decision
            } else {
                records.append(ApprovalRecord(
                    run: start.id.text, workflow: start.workflow, path: update.path, request: update.request, requestedAt: update.at,
                    spent: Money(saturating: spending.cost), held: Money(saturating: spending.held), decision: update.decision))
            }
        }
        return records
    }
}
