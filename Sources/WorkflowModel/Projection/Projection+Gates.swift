import Economics
import Values

/// The rows of gates: what each check found, what was decided of each tier, and which is taken.
extension Projection {
    func end(_ check: CheckEnded, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.checkEnded)
        sink.put(check.path)
        sink.put(check.tier)
        sink.put(check.check)
        sink.put(NodePath.step(check.path))
        sink.put(check.kind)
        sink.put(check.result.rawValue)
        sink.put(check.score.map { "\($0)" })
        sink.put(check.threshold.map { "\($0)" })
        sink.put(check.output)
        sink.put(Self.plain(check.reason))
        sink.put(check.cost?.picoDollars)
        sink.put(check.time.milliseconds)
        sink.put(at.microseconds)
        sink.put(check.value.map { "\($0)" })
        sink.put(check.gate)
        try sink.end()
    }

    func decide(_ tier: TierDecided, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.tierDecided)
        sink.put(tier.path)
        sink.put(tier.tier)
        sink.put(NodePath.step(tier.path))
        sink.put(tier.gate)
        sink.put(tier.verdict.rawValue)
        sink.put(tier.failure?.rawValue)
        sink.put(tier.decidedBy)
        sink.put(tier.notRun.isEmpty ? nil : JSONEncoding.wire.string(.array(tier.notRun.map(JSONValue.string))))
        sink.put(tier.output)
        sink.put(at.microseconds)
        sink.put(Self.plain(tier.reason))
        sink.put(tier.window)
        sink.put(tier.lastTier)
        Self.put(tier.signals, sink)
        try sink.end()
    }

    /// In the order of ``RowChange/signals``.
    static func put(_ signals: AnswerSignals?, _ sink: any RowSink) {
        let logprobs = signals?.logprobs
        sink.put(signals?.bytes)
        sink.put(plain(signals?.finish))
        sink.put(signals?.matchesSchema.map { $0 ? 1 : 0 })
        // The shortest decimals that read back as the same numbers.
        for figure in [logprobs?.sum, logprobs?.lowest, logprobs?.mean, logprobs?.p10, logprobs?.margin] { sink.put(figure.map { "\($0)" }) }
        sink.put(logprobs?.tokens)
        sink.put((signals?.partsJSON).map(JSONEncoding.canonical.string))
    }

    func put(_ draw: ShadowDrawn, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.shadowDrawn)
        sink.put(draw.path)
        sink.put(NodePath.step(draw.path))
        sink.put(draw.gate)
        sink.put(draw.draw)
        sink.put(draw.rate.millionths)
        sink.put(draw.isChosen)
        sink.put(draw.inputBytes)
        sink.put(at.microseconds)
        try sink.end()
    }

    func end(_ shadow: ShadowEnded, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.shadowEnded)
        sink.put(shadow.path)
        sink.put(shadow.tier)
        sink.put(NodePath.step(shadow.path))
        sink.put(shadow.result.rawValue)
        sink.put(shadow.failure?.rawValue)
        sink.put(Self.plain(shadow.reason))
        sink.put(shadow.output)
        sink.put(at.microseconds)
        Self.put(shadow.signals, sink)
        try sink.end()
    }

    func count(_ rate: RateCounted, _ sink: any RowSink) throws {
        try sink.begin(.rateCounted)
        sink.put(rate.path)
        sink.put(rate.from)
        sink.put(!rate.isTripped)
        sink.put(rate.answered)
        sink.put(rate.escalated)
        try sink.end()
    }

    /// One that takes no answer is told by its node's failure, and one that a person gave by what they were asked.
    func end(_ gate: GateEnded, _ sink: any RowSink) throws {
        guard let tier = gate.tier else { return }
        try sink.begin(.gateEnded)
        sink.put(gate.path)
        sink.put(tier)
        sink.put(true)
        sink.put(gate.cause)
        sink.put(Self.plain(gate.reason))
        sink.put(Self.plain(gate.by))
        try sink.end()
    }
}
