import Economics
import Glibc
import Values

/// What rows follow from the facts of a run: pure, and the only maker of rows. A ledger writes them, and whoever holds a record against
/// itself makes them again.
///
/// The counters of caps are no rows of one fact: what a fact adds to them is ``CapMovement``'s to say.
public struct Projection: Sendable {
    /// Whose facts they are.
    public let run: RunID
    /// Calls that began and have no end, by their numbers.
    public private(set) var openCalls: [Int: OpenCall] = [:]

    /// A call without an end, as far as its end needs it.
    public struct OpenCall: Sendable {
        public let path: String
        public let tier: String
        public let part: String
        public let ordinal: Int
        public let held: Money?
        public let caps: [(scope: String, cap: Money)]
        public let tokens: TokenHold?
        public let priceRows: [String]

        public init(
            path: String, tier: String, part: String, ordinal: Int, held: Money?, caps: [(scope: String, cap: Money)] = [], tokens: TokenHold? = nil,
            priceRows: [String] = []
        ) {
            self.path = path
            self.tier = tier
            self.part = part
            self.ordinal = ordinal
            self.held = held
            self.caps = caps
            self.tokens = tokens
            self.priceRows = priceRows
        }

        public init(_ call: CallStarted) {
            self.init(
                path: call.path, tier: call.tier, part: call.part, ordinal: call.ordinal, held: call.held, caps: call.caps, tokens: call.tokens,
                priceRows: call.priceRows)
        }
    }

    /// - Parameter openCalls: of a run that another process has begun.
    public init(run: RunID, openCalls: [Int: OpenCall] = [:]) {
        self.run = run
        self.openCalls = openCalls
    }

    /// Hands over the rows that a fact makes or changes. Facts of a run are taken in their order.
    ///
    /// - Throws: `IllegalFact` for one that cannot follow those before it, and what the sink throws.
    public mutating func rows(of fact: RunEvent, at: Timestamp, into sink: any RowSink) throws {
        switch fact {
        case .runStarted(let start): try begin(start, at, sink)
        case .runResumed(let resumed): try resume(resumed, sink)
        case .runEnded(let end): try self.end(end, at, sink)
        case .outcomeRecorded(let outcome):
            try sink.begin(.runOutcome)
            sink.put(Self.plain(outcome.value))
            try sink.end()
            try put(outcome, at, sink)
        case .callStarted(let call): try begin(call, at, sink)
        case .callEnded(let end): try self.end(end, at, sink)
        case .nodeStarted(let path), .itemsExpanded(let path, _, _), .approvalDecided(let path, _):
            try change(path, .running, startedAt: at, sink)
            if case .approvalDecided(_, let decision) = fact { try answer(path, decision, sink) }
        case .approvalRequested(let path, let request):
            try change(path, .waiting, sink)
            try ask(path, request, at, sink)
        case .stepSkipped(let path, let reason): try change(path, .skipped, endedAt: at, reason: reason.text, sink)
        case .passEnded(let path, let pass, let verdict):
            if let reason = verdict.reason(pass: pass) { try change(path, .running, startedAt: at, reason: reason, sink) }
        case .nodeSucceeded(let path, let output), .itemsCollected(let path, let output): try end(path, .succeeded, at, output: output.hash, sink)
        case .nodeRecovered(let path, let failure, let output): try end(path, .succeeded, at, output: output.hash, failure: failure, sink)
        case .nodeFailed(let path, let failure): try end(path, .failed, at, failure: failure, sink)
        case .nodeCancelled(let path): try end(path, .cancelled, at, sink)
        case .prefixReleased(let released): try release(released, sink)
        case .memoHit(let hit): try take(hit, at, sink)
        case .memoKept(let kept): try keep(kept, at, sink)
        case .checkEnded(let check): try end(check, at, sink)
        case .tierDecided(let tier): try decide(tier, at, sink)
        case .rateCounted(let rate): try count(rate, sink)
        case .gateEnded(let gate): try end(gate, sink)
        case .bandEntered(let entered):
            try sink.begin(.runBand)
            sink.put(entered.band.rawValue)
            try sink.end()
        case .shadowDrawn(let draw): try put(draw, at, sink)
        case .shadowEnded(let shadow): try end(shadow, at, sink)
        case .nodeInherited(let node): try inherit(node, at, sink)
        case .filesAccepted(let files):
            try sink.begin(.filesAccepted)
            sink.put(files.graph)
            sink.put(files.sources)
            sink.put(files.meaning)
            try sink.end()
        case .conditionEvaluated, .scopeOpened, .deadlinePassed, .inputTrimmed, .callRefused, .commandEnded, .outputRejected, .interruptRequested,
            .cancelRequested, .runPruned, .documentsRedacted:
            break
        }
    }

    /// Takes a fact without making its rows.
    public mutating func take(_ fact: RunEvent) throws(IllegalFact) {
        switch fact {
        case .callStarted(let call): try open(call)
        case .callEnded(let end): _ = try close(end)
        case .runResumed(let resumed):
            for number in resumed.lost { _ = try lose(number) }
            openCalls.removeAll()
        default: break
        }
    }

    // MARK: Calls

    private mutating func open(_ call: CallStarted) throws(IllegalFact) {
        guard openCalls.updateValue(OpenCall(call), forKey: call.id.number) == nil else { throw IllegalFact("call \(call.id) began already") }
    }

    private mutating func close(_ end: CallEnded) throws(IllegalFact) -> OpenCall {
        guard let call = openCalls.removeValue(forKey: end.id.number) else {
            throw IllegalFact("call \(end.id) ended but was never begun, or ended before")
        }
        return call
    }

    private mutating func lose(_ number: Int) throws(IllegalFact) -> OpenCall {
        guard let call = openCalls.removeValue(forKey: number) else { throw IllegalFact("call \(number) is lost, and was never begun or has ended") }
        return call
    }

    private mutating func begin(_ call: CallStarted, _ at: Timestamp, _ sink: any RowSink) throws {
        try open(call)
        try sink.begin(.callStarted)
        sink.put(call.path)
        sink.put(call.tier)
        sink.put(call.part)
        sink.put(call.ordinal)
        sink.put(call.id.number)
        sink.put(run.text)
        sink.put(NodePath.step(call.path))
        sink.put(call.askedTier)
        sink.put(call.purpose.rawValue)
        sink.put(call.model.provider)
        sink.put(call.model.model)
        sink.put(CallState.held.rawValue)
        sink.put(call.held?.picoDollars)
        sink.put(call.request)
        sink.put(call.wire)
        sink.put(call.retryOf.map { CallID(run: run, number: $0).text })
        sink.put(at.microseconds)
        sink.put(call.tags.map(Self.text))
        sink.put(call.trimmed.isEmpty ? nil : JSONEncoding.canonical.string(TrimmedValue.json(call.trimmed)))
        sink.put(call.tokens?.held)
        sink.put(call.cache.map { JSONEncoding.canonical.string($0.json) })
        sink.put(call.cache?.cached)
        try sink.end()
    }

    private func release(_ released: PrefixReleased, _ sink: any RowSink) throws {
        guard let call = openCalls[released.call.number] else { throw IllegalFact("call \(released.call) waited and was never begun, or has ended") }
        try sink.begin(.callReleased)
        Self.key(of: call, sink)
        sink.put(Self.plain(released.by))
        sink.put(released.waited.milliseconds)
        try sink.end()
    }

    private mutating func end(_ end: CallEnded, _ at: Timestamp, _ sink: any RowSink) throws {
        let call = try close(end)
        for row in end.newPriceRows { try Self.put(priceRow: row.id, JSONEncoding.canonical.string(row.json), at, sink) }
        try sink.begin(.callEnded)
        Self.key(of: call, sink)
        sink.put(end.state.rawValue)
        sink.put(end.held(of: call.held)?.picoDollars)
        sink.put(end.cost?.picoDollars)
        sink.put(end.usage?.totalInput)
        sink.put(end.usage?.cacheRead)
        sink.put(end.usage?.totalCacheWrite)
        sink.put(end.usage?.cacheWriteLong)
        sink.put(end.usage?.totalOutput)
        sink.put(end.usage?.reasoning)
        sink.put(Self.plain(end.usageRaw))
        sink.put(Self.text(ofRows: end.priceRows ?? call.priceRows))
        sink.put(Self.plain(end.modelServed))
        sink.put(end.response)
        sink.put(end.httpStatus)
        sink.put(Self.plain(end.finishWord) ?? end.finishReason?.rawValue)
        sink.put(end.timeToFirstToken?.milliseconds)
        sink.put(end.total?.milliseconds)
        sink.put(at.microseconds)
        sink.put(end.failure.map { JSONEncoding.canonical.string($0.json) })
        sink.put(end.notes.isEmpty ? nil : JSONEncoding.canonical.string(CallNote.json(end.notes)))
        sink.put(end.detail.reported?.picoDollars)
        sink.put(end.detail.basis?.rawValue)
        sink.put(end.detail.priced?.picoDollars)
        sink.put(end.detail.list?.picoDollars)
        // Of facts before there was a source, the tier stands in the fact alone.
        sink.put(end.detail.tierSource.flatMap { _ in end.usage?.terms?.serviceWord })
        sink.put(end.detail.tierSource?.rawValue)
        sink.put(end.heldTokens(of: call.tokens?.held))
        sink.put(end.cacheMiss?.rawValue)
        try sink.end()
    }

    /// A row of prices that a run may be charged by; the first moment of its use stays.
    public static func put(priceRow id: String, _ json: String, _ at: Timestamp, _ sink: any RowSink) throws {
        try sink.begin(.priceRow)
        sink.put(id)
        sink.put(json)
        sink.put(at.microseconds)
        try sink.end()
    }

    private static func key(of call: OpenCall, _ sink: any RowSink) {
        sink.put(call.path)
        sink.put(call.tier)
        sink.put(call.part)
        sink.put(call.ordinal)
    }

    /// `["a","b"]`; `nil` for none.
    private static func text(ofRows rows: [String]) -> String? {
        if rows.isEmpty { return nil }
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONEncoding.write(row, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A text of others as a row holds it: a NUL would end it for whoever reads it in C. The fact has it as it came.
    static func plain(_ text: String?) -> String? {
        guard let text else { return nil }
        let isPlain = text.utf8.withContiguousStorageIfAvailable { memchr($0.baseAddress ?? UnsafePointer(bitPattern: 1)!, 0, $0.count) == nil } ?? !text.utf8.contains(0)
        if isPlain { return text }
        return text.replacingBytes(of: "\0", with: "\u{FFFD}")
    }

    static func text(_ object: JSONObject) -> String { JSONEncoding.canonical.string(.object(object)) }

    // MARK: Runs

    private mutating func resume(_ resumed: RunResumed, _ sink: any RowSink) throws {
        try sink.begin(.runResumed)
        sink.put(RunStatus.running.rawValue)
        sink.put(nil as Int64?)
        sink.put(nil as String?)
        sink.put(resumed.epoch)
        try sink.end()
        for number in resumed.lost {
            let call = try lose(number)
            try sink.begin(.callLost)
            Self.key(of: call, sink)
            // Of a count nothing is owed, whatever became of it.
            sink.put((CallSite.isCountPart(call.part) ? CallState.void : .unknown).rawValue)
            try sink.end()
        }
        // Before form 3, all that were open are lost.
        openCalls.removeAll()
    }
}
