import Economics
import Values

/// The rows of steps, of the run as a whole, and of what people were asked.
extension Projection {
    // MARK: Runs

    func begin(_ start: RunStarted, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.runStarted)
        sink.put(run.text)
        sink.put(start.workflow)
        sink.put(start.file)
        sink.put(RunStatus.running.rawValue)
        sink.put(at.microseconds)
        sink.put(1)
        sink.put(start.maxCost?.picoDollars)
        sink.put(start.graph)
        sink.put(start.inputs)
        sink.put(start.sources)
        sink.put(start.meaning)
        sink.put(start.origin.commit)
        sink.put(Self.plain(start.origin.release))
        sink.put(Self.text(start.tags))
        sink.put(Self.text(start.owner))
        sink.put(Self.plain(start.decision.id))
        sink.put(start.decision.unit)
        sink.put(start.decision.counts.isEmpty ? nil : JSONEncoding.wire.string(.array(start.decision.counts.map(JSONValue.string))))
        sink.put(Self.plain(start.batch))
        sink.put(start.batchIndex)
        sink.put(start.kind.rawValue)
        sink.put(start.purpose.rawValue)
        sink.put(start.parent)
        sink.put(start.maxTokens)
        sink.put(start.holdout.map { $0.isChosen ? 1 : 0 })
        sink.put(start.holdout?.draw)
        sink.put(start.holdout?.rate.millionths)
        try sink.end()
    }

    func end(_ end: RunEnded, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.runEnded)
        sink.put(end.status.rawValue)
        sink.put(at.microseconds)
        sink.put(end.outputs)
        sink.put(end.failure.map { JSONEncoding.canonical.string($0.json) })
        sink.put(Self.plain(end.outcome))
        try sink.end()
        if let outcome = end.outcome { try put(OutcomeRecorded(value: outcome, source: OutcomeRecorded.workflow), at, sink) }
    }

    func put(_ outcome: OutcomeRecorded, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.outcomeRecorded)
        sink.put(Self.plain(outcome.value))
        sink.put(at.microseconds)
        sink.put(Self.plain(outcome.source))
        try sink.end()
    }

    // MARK: Steps

    func change(
        _ path: String, _ status: NodeStatus, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, reason: String? = nil, _ sink: any RowSink
    ) throws {
        try sink.begin(.nodeChanged)
        sink.put(path)
        sink.put(NodePath.step(path))
        sink.put(NodePath.index(path))
        sink.put(status.rawValue)
        sink.put(startedAt?.microseconds)
        sink.put(endedAt?.microseconds)
        sink.put(nil as ContentHash?)
        sink.put(nil as String?)
        sink.put(reason)
        try sink.end()
    }

    func end(
        _ path: String, _ status: NodeStatus, _ at: Timestamp, output: ContentHash? = nil, failure: StepFailure? = nil, _ sink: any RowSink
    ) throws {
        try sink.begin(.nodeEnded)
        sink.put(path)
        sink.put(NodePath.step(path))
        sink.put(NodePath.index(path))
        sink.put(status.rawValue)
        sink.put(at.microseconds)
        sink.put(output)
        sink.put(failure.map { JSONEncoding.canonical.string($0.json) })
        sink.put(nil as String?)
        try sink.end()
    }

    /// It took no time of this run: it has an end alone.
    func inherit(_ node: NodeInherited, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.nodeInherited)
        sink.put(node.path)
        sink.put(NodePath.step(node.path))
        sink.put(NodePath.index(node.path))
        sink.put(node.status.rawValue)
        sink.put(at.microseconds)
        sink.put(node.output)
        sink.put(node.failure.map { JSONEncoding.canonical.string($0.json) })
        sink.put(node.reason?.text)
        sink.put(Self.plain(node.from))
        try sink.end()
    }

    // MARK: Questions

    /// One that was taken back before it was answered is asked again under its number.
    func ask(_ path: String, _ request: ApprovalRequest, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.questionAsked)
        sink.put(path)
        sink.put(request.number)
        sink.put(request.kind.rawValue)
        sink.put(request.message)
        sink.put(at.microseconds)
        sink.put(request.until?.microseconds)
        sink.put(request.onTimeout.rawValue)
        sink.put(request.cap?.picoDollars)
        sink.put(request.asked?.picoDollars)
        sink.put(request.cause)
        sink.put(Self.plain(request.reason))
        sink.put(false)
        put(nil, sink)
        try sink.end()
    }

    func answer(_ path: String, _ decision: ApprovalDecision, _ sink: any RowSink) throws {
        try sink.begin(.questionAnswered)
        sink.put(path)
        sink.put(decision.question?.number ?? 1)
        sink.put(true)
        put(decision, sink)
        try sink.end()
    }

    private func put(_ decision: ApprovalDecision?, _ sink: any RowSink) {
        sink.put(decision?.at.microseconds)
        sink.put(decision.map { $0.isApproved ? 1 : 0 } as Int?)
        sink.put(decision?.choice.word)
        sink.put(decision?.choice.tier)
        sink.put(decision?.choice.value)
        sink.put(Self.plain(decision?.by))
        sink.put(decision?.system.map { JSONEncoding.canonical.string($0.json) })
        sink.put(Self.plain(decision?.note))
        sink.put(decision?.cap?.picoDollars)
        sink.put(decision?.spent?.picoDollars)
        sink.put(decision?.held?.picoDollars)
        sink.put(decision?.isTimeout ?? false)
    }

    // MARK: Answers that are remembered

    func take(_ hit: MemoHit, _ at: Timestamp, _ sink: any RowSink) throws {
        // Before form 3 the row told more than the fact.
        guard let model = hit.model else { return }
        try sink.begin(.memoTaken)
        sink.put(hit.path)
        sink.put(run.text)
        sink.put(NodePath.step(hit.path))
        sink.put(hit.tier)
        sink.put(model.provider)
        sink.put(model.model)
        sink.put(hit.call)
        sink.put(hit.saved?.picoDollars)
        sink.put(hit.tags.map(Self.text))
        sink.put(at.microseconds)
        sink.put(hit.how.rawValue)
        try sink.end()
    }

    func keep(_ kept: MemoKept, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.memoKept)
        sink.put(kept.question)
        sink.put(kept.call.number)
        sink.put(kept.output)
        sink.put(kept.cost?.picoDollars)
        sink.put(at.microseconds)
        try sink.end()
    }
}
