import Economics
import Engine
import Values
import WorkflowModel

/// A journal in memory that keeps the ledger's rules: entries of a run in order, reservations granted, postponed or refused
/// against the caps of the run and of its inner scopes, nothing written of an entry that is turned away.
public final class InMemoryJournal: RunJournal {
    /// What one run wrote.
    public struct Run: Sendable {
        public let start: RunStart
        public fileprivate(set) var entries: [JournalEntry] = []
        public fileprivate(set) var calls: [Call] = []
        public fileprivate(set) var held: Int64 = 0
        public fileprivate(set) var open: Int64 = 0
        public fileprivate(set) var mostHeld: Int64 = 0
        /// The most that counted against the run's cap, once that was more than the cap.
        public fileprivate(set) var exceeded: Int64?
        public fileprivate(set) var scopes: [String: Scope] = [:]
        public fileprivate(set) var end: RunEnded?
        /// The replies to entries that asked for a reservation, in order.
        public fileprivate(set) var replies: [(call: Int, reply: JournalReply)] = []
        fileprivate var failure: JournalError?
        fileprivate var projection: Projection
        fileprivate var epoch: Int64 = 1
        /// Whether it was begun or taken over here, and has not ended since. A record that was handed in is of a process that is gone.
        fileprivate var isDriven = false
        /// What somebody raised the run's cap to.
        public fileprivate(set) var cap: Money?

        fileprivate init(start: RunStart) {
            self.start = start
            projection = Projection(run: start.id)
        }

        public var events: [JournaledEvent] { entries.flatMap(\.facts) }

        /// The first fact; a run without one was never begun.
        public var started: RunStarted? { if case .runStarted(let started)? = entries.first?.facts.first?.event { started } else { nil } }

        /// The rows that its facts make.
        public var tables: RowTables {
            let tables = RowTables()
            var projection = Projection(run: start.id)
            for fact in events { try! projection.rows(of: fact.event, at: fact.at, into: tables) }
            return tables
        }

        /// The state of each step and item after its last change.
        public var nodes: [String: Node] {
            Dictionary(uniqueKeysWithValues: tables.rows("step_attempt").values.map(Node.init).map { ($0.path, $0) })
        }

        /// Answers that were kept, and taken.
        public var kept: [MemoKept] { events.compactMap { if case .memoKept(let kept) = $0.event { kept } else { nil } } }
        public var taken: [MemoHit] { events.compactMap { if case .memoHit(let hit) = $0.event { hit } else { nil } } }
    }

    /// A row of a step or an item.
    public struct Node: Sendable {
        public let path: String
        public let step: String
        public let status: NodeStatus
        public let output: ContentHash?
        public let failure: StepFailure?
        public let reason: String?

        fileprivate init(_ row: RowTables.Row) {
            func text(_ column: String) -> String? { if case .text(let text)? = row[column] { text } else { nil } }
            path = text("node_path")!
            step = text("step_id")!
            status = NodeStatus(rawValue: text("status")!)!
            output = if case .hash(let hash)? = row["output_hash"] { hash } else { nil }
            failure = text("error").flatMap { try? JSONParser.parse($0) }.flatMap(StepFailure.init(json:))
            reason = text("reason")
        }
    }

    public struct Scope: Sendable {
        public let cap: Int64
        public fileprivate(set) var held: Int64 = 0
        public fileprivate(set) var open: Int64 = 0
        public fileprivate(set) var mostHeld: Int64 = 0
        public fileprivate(set) var exceeded: Int64?
    }

    public struct Call: Sendable {
        public let start: CallStarted
        public let at: Timestamp
        public fileprivate(set) var end: CallEnded?

        public var state: CallState { end?.state ?? .held }
        public var step: String { NodePath.step(start.path) }
        /// What it counts against caps.
        public var held: Money? { end.map { $0.held(of: start.held) } ?? start.held }
    }

    private struct State {
        var runs: [RunID: Run] = [:]
        var order: [RunID] = []
        var operations = 0
        var requests: [RunRequest] = []
        var left: [ContentHash: [UInt8]] = [:]
        /// Events that were posted and that nobody has waited for.
        var pending = 0
        var mostPending = 0
        var broken: JournalError?
    }

    private let state = Mutex(State())
    private let clock: (any EngineClock)?
    private let latency: TimeSpan
    private let failsAt: Int?
    private let room: Int
    private let error: JournalError

    /// - Parameters:
    ///   - latency: how long an answer takes, as a group commit does; needs a clock.
    ///   - room: events that may be pending before it is behind.
    ///   - failsAt: the number of the operation, from 1, that fails, and every one after it. `begin` counts, as do posts.
    public init(
        clock: (any EngineClock)? = nil, latency: TimeSpan = .milliseconds(0), room: Int = .max, failsAt: Int? = nil,
        error: JournalError = JournalError(.diskFull, "no space left on device")
    ) {
        self.clock = clock
        self.latency = latency
        self.failsAt = failsAt
        self.room = room
        self.error = error
    }

    public var runs: [Run] { state.withLock { state in state.order.map { state.runs[$0]! } } }
    public func run(_ id: RunID) -> Run? { state.withLock { $0.runs[id] } }
    /// How often something was handed over.
    public var operations: Int { state.withLock { $0.operations } }
    /// How many events were pending at once.
    public var mostPending: Int { state.withLock { $0.mostPending } }

    // MARK: RunJournal

    public func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError) {
        let outcome: Result<Void, JournalError> = state.withLock { state in
            if let error = count(&state) { return .failure(error) }
            guard state.runs[run.id] == nil else { return .failure(JournalError(.other, "a run named \(run.id) exists already")) }
            state.runs[run.id] = Run(start: run)
            state.order.append(run.id)
            return Self.write(facts, &state).map { _ in state.runs[run.id]!.isDriven = true }
        }
        await wait()
        try outcome.get()
    }

    public func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(JournalError) -> JournalReply {
        let outcome: Result<JournalReply, JournalError> = state.withLock { state in
            if let error = count(&state) { return .failure(error) }
            if let facts, case .failure(let error) = Self.write(facts, &state) { return .failure(error) }
            guard let check = entry.rate, let at = entry.facts.first?.at else { return Self.write(entry, &state) }
            let counted = Self.count(check, at: at, state)
            if counted.isTripped { return .success(.tripped(counted)) }
            return Self.write(entry.counting(counted, at: at), &state).map { $0 == .written ? .counted(counted) : $0 }
        }
        await wait()
        state.withLock { $0.pending = 0 }
        return try outcome.get()
    }

    public func post(_ entry: JournalEntry) {
        state.withLock { state in
            if let error = count(&state) {
                state.runs[entry.run]?.failure = error
                return
            }
            state.pending += entry.facts.count
            state.mostPending = max(state.mostPending, state.pending)
            // Nobody waits: the run's next entry says it.
            _ = Self.write(entry, &state)
        }
    }

    public func takeOver(_ id: RunID, by program: String, at: Timestamp) async throws(JournalError) -> RecordedRun {
        let outcome: Result<RecordedRun, JournalError> = state.withLock { state in
            if let error = count(&state) { return .failure(error) }
            guard var run = state.runs[id] else { return .failure(JournalError(.unknownRun, "there is no run \(id)")) }
            if let end = run.end, end.status != .interrupted, end.status != .waiting { return .failure(JournalError(.hasEnded, "run \(id) has ended")) }
            if run.isDriven { return .failure(JournalError(.owned, "run \(id) is driven by this process")) }
            return Result { () throws(JournalError) in
                let recorded = try run.takeOver(by: program, at: at)
                state.runs[id] = run
                return recorded
            }
        }
        return try outcome.get()
    }

    public func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        let wanted = Set(hashes)
        return state.withLock { state in
            var found = state.left.filter { wanted.contains($0.key) }
            for run in state.runs.values {
                for entry in run.entries { for blob in entry.blobs where wanted.contains(blob.hash) { found[blob.hash] = blob.bytes } }
            }
            return found
        }
    }

    public var isBehind: Bool { state.withLock { $0.pending >= room } }

    public func requests() async throws(JournalError) -> [RunRequest] { state.withLock { $0.requests } }

    /// What a process finds that takes a run over after its owner died when `count` entries were durable.
    public func cut(_ run: RunID, after count: Int) -> InMemoryJournal {
        let whole = self.run(run)!
        return InMemoryJournal(whole.start, Array(whole.entries.prefix(count)))
    }

    /// What a process finds that takes a run over of which so many facts are known, with what they come to.
    ///
    /// Of an entry whose facts are known in part, its documents are there.
    public func cut(_ run: RunID, afterEvents count: Int) -> InMemoryJournal {
        let whole = self.run(run)!
        var left = count
        var entries: [JournalEntry] = []
        for entry in whole.entries where left > 0 {
            let part = JournalEntry(run: run)
            part.facts = Array(entry.facts.prefix(left))
            part.blobs = entry.blobs
            left -= part.facts.count
            entries.append(part)
        }
        return InMemoryJournal(whole.start, entries)
    }

    /// A run of which there is a record, and whose process is gone.
    public convenience init(_ start: RunStart, _ entries: [JournalEntry]) {
        self.init()
        state.withLock { state in
            state.runs[start.id] = Run(start: start)
            state.order = [start.id]
            for entry in entries { _ = Self.write(entry, &state) }
        }
    }

    /// Leaves word for the process that drives a run.
    ///
    /// - Parameter document: the value that somebody gives.
    public func leave(_ request: RunRequest, document: Blob? = nil) {
        state.withLock { state in
            state.requests.append(request)
            if let document { state.left[document.hash] = document.bytes }
        }
    }

    private func count(_ state: inout State) -> JournalError? {
        state.operations += 1
        if state.operations == failsAt { state.broken = error }
        return state.broken
    }

    private func wait() async {
        if let clock, latency.milliseconds > 0 { try? await clock.sleep(for: latency) }
    }

    // MARK: Rules

    /// How many executions of a gate there were of late, and how many went on.
    private static func count(_ check: RateCheck, at moment: Timestamp, _ state: State) -> RateCounted {
        var (answered, escalated) = (0, 0)
        for run in state.runs.values {
            var counting: Set<String> = []
            for fact in run.entries.lazy.flatMap(\.facts) {
                switch fact.event {
                case .tierDecided(let tier) where tier.window == check.key && fact.at >= check.since(moment):
                    answered += 1
                    counting.insert(tier.path)
                case .rateCounted(let rate) where !rate.isTripped && counting.contains(rate.path): escalated += 1
                default: break
                }
            }
        }
        return check.counted(answered: answered, escalated: escalated)
    }

    private static func write(_ entry: JournalEntry, _ state: inout State) -> Result<JournalReply, JournalError> {
        guard var run = state.runs[entry.run] else {
            return .failure(JournalError(.lostOwnership, "run \(entry.run) is not driven by this process"))
        }
        if let failure = run.failure { return .failure(failure) }
        // A record may tell of processes that went on with it.
        let goesOn = if case .runResumed? = entry.facts.first?.event { true } else { false }
        guard run.end == nil || goesOn else { return .failure(JournalError(.lostOwnership, "run \(entry.run) has ended")) }
        let outcome = Result<JournalReply, JournalError> { () throws(JournalError) in try run.apply(entry) }
        if let start = entry.facts.lazy.compactMap(\.callStarted).first, let reply = try? outcome.get() {
            if reply != .written { run = state.runs[entry.run]! }
            run.replies.append((start.id.number, reply))
            state.runs[entry.run] = run
        } else if case .success = outcome {
            state.runs[entry.run] = run
        }
        if case .failure(let error) = outcome { state.runs[entry.run]?.failure = error }
        return outcome
    }
}

extension InMemoryJournal.Run {
    fileprivate mutating func takeOver(by program: String, at: Timestamp) throws(JournalError) -> RecordedRun {
        let before = events
        end = nil
        failure = nil
        epoch += 1
        let resumed = RunResumed(program: program, epoch: epoch, lost: projection.openCalls.keys.sorted())
        let entry = JournalEntry(run: start.id)
        entry.facts = [JournaledEvent(.runResumed(resumed), at: at)]
        _ = try apply(entry)
        isDriven = true
        return recorded(before, resumed, at)
    }

    private func recorded(_ before: [JournaledEvent], _ resumed: RunResumed, _ at: Timestamp) -> RecordedRun {
        var spending = Spending()
        for call in calls {
            spending.add(
                call.end?.state ?? .unknown, cost: call.end?.cost, held: call.held, notes: call.end?.notes ?? [], detail: call.end?.detail ?? .none)
        }
        let started = started!
        return RecordedRun(
            id: start.id, graph: before.reversed().lazy.compactMap { if case .filesAccepted(let files) = $0.event { files.graph } else { nil } }.first ?? started.graph, inputs: started.inputs, startedAt: before[0].at,
            maxCost: cap ?? started.maxCost,
            batch: started.batch.map { ($0, started.batchIndex ?? 0) }, resumed: resumed, resumedAt: at, spending: spending,
            events: Self.records(before), decisions: [:])
    }

    fileprivate mutating func apply(_ entry: JournalEntry) throws(JournalError) -> JournalReply {
        if entries.isEmpty {
            guard case .runStarted? = entry.facts.first?.event else {
                throw JournalError(.other, "run \(start.id) does not begin with the fact that it was started")
            }
        }
        let movement = try CapMovement(entry.facts, after: projection)
        move(held: movement.endHeld, open: movement.endOpen)
        for release in movement.releases { for cap in release.caps { moveScope(cap, held: release.held, open: release.open) } }
        for case .callStarted(let call) in entry.facts.map(\.event) {
            let isTwin = calls.contains {
                $0.start.path == call.path && $0.start.tier == call.tier && $0.start.part == call.part && $0.start.ordinal == call.ordinal
            }
            guard !isTwin else { throw JournalError(.other, "call \(call.id) is recorded already") }
        }
        if movement.reserves {
            var verdicts: [JournalReply] = []
            if let asked = movement.asked {
                verdicts.append(
                    Self.verdict(BudgetRefusal.runScope, asked: asked, room: movement.room, held: held, open: open, exceeded: exceeded, cap: runCap ?? .max))
            }
            for ask in movement.asks {
                for cap in ask.caps {
                    let scope = scopes[cap.key]
                    verdicts.append(
                        Self.verdict(
                            cap.key, asked: ask.amount, room: cap.isOfRun ? ask.room : 0, held: scope?.held ?? 0, open: scope?.open ?? 0,
                            exceeded: scope?.exceeded, cap: cap.cap))
                }
            }
            for case .refused(let refusal) in verdicts { return .refused(refusal) }
            if verdicts.contains(.postponed) { return .postponed }
            if let asked = movement.asked { move(held: asked, open: asked) }
            for ask in movement.asks { for cap in ask.caps { moveScope(cap, held: ask.amount, open: ask.amount) } }
        }
        for fact in entry.facts {
            switch fact.event {
            case .callStarted(let call): calls.append(InMemoryJournal.Call(start: call, at: fact.at))
            case .callEnded(let end):
                // What was lost has no end, and its number may stand for another call in an older record.
                if let index = calls.lastIndex(where: { $0.start.id == end.id }) { calls[index].end = end }
            case .runEnded(let end): (self.end, isDriven) = (end, false)
            case .runResumed: self.end = nil
            default: break
            }
            // Whether it may follow; the rows that it makes are made when they are asked for.
            do { try projection.take(fact.event) } catch { throw JournalError(.other, error.description) }
        }
        entries.append(entry)
        if movement.losesCalls {
            open = 0
            for scope in scopes.keys { scopes[scope]!.open = 0 }
        }
        if let raised = movement.cap {
            cap = max(raised, cap ?? started?.maxCost ?? raised)
            if let runCap, held <= runCap { exceeded = nil }
        }
        return .written
    }

    private mutating func move(held change: Int64, open: Int64) {
        held = held.addingReportingOverflow(change).overflow ? .max : held + change
        self.open += open
        mostHeld = max(mostHeld, held)
        if let runCap, held > runCap { exceeded = max(exceeded ?? 0, held) }
    }

    private var runCap: Int64? { cap?.picoDollars ?? started?.maxCost?.picoDollars }

    private mutating func moveScope(_ cap: CapMovement.Counter, held: Int64, open: Int64) {
        var scope = scopes[cap.key] ?? InMemoryJournal.Scope(cap: cap.cap)
        scope.held = scope.held.addingReportingOverflow(held).overflow ? .max : scope.held + held
        scope.open += open
        scope.mostHeld = max(scope.mostHeld, scope.held)
        if scope.held > scope.cap { scope.exceeded = max(scope.exceeded ?? 0, scope.held) }
        scopes[cap.key] = scope
    }

    /// Whether `asked` fits and leaves `room`, would do so if calls in flight cost nothing, or never will.
    private static func verdict(_ key: String, asked: Int64, room: Int64, held: Int64, open: Int64, exceeded: Int64?, cap: Int64) -> JournalReply {
        if exceeded == nil {
            let most = cap - (asked.addingReportingOverflow(room).overflow ? .max : asked + room)
            if held <= most { return .written }
            if open > 0, held - open <= most { return .postponed }
        }
        return .refused(
            BudgetRefusal(
                key: key,
                BudgetRefusal.Amounts(cap: cap, spent: held - open, asked: asked, exceeded: exceeded, room: room > 0 && exceeded == nil ? room : nil)))
    }
}

extension InMemoryJournal.Run {
    /// The events with their numbers, from 1. They form no chain: the hash is of the payload alone.
    var eventRecords: [EventRecord] { Self.records(events) }

    fileprivate static func records(_ events: [JournaledEvent]) -> [EventRecord] {
        events.enumerated().map { index, event in
            EventRecord(
                sequence: index + 1, kind: event.kind, payload: (try? JSONParser.parse(event.payload)) ?? .null, at: event.at,
                hash: ContentHash(of: event.payload))
        }
    }

    /// What its calls came to.
    var spending: Spending {
        var spending = Spending()
        for call in calls {
            spending.add(call.state, cost: call.end?.cost, held: call.held, notes: call.end?.notes ?? [], detail: call.end?.detail ?? .none)
        }
        return spending
    }

    /// The events as text, `kind step`, in order: `step_started draft`, `run_ended succeeded`.
    public var story: [String] {
        events.map { event in
            let payload = try? JSONParser.parse(event.payload)
            let subject = payload?["step"]?.stringValue ?? payload?["status"]?.stringValue
            return event.kind + (subject.map { " \($0)" } ?? "")
        }
    }

    /// Payloads of one kind of event, in order.
    public func payloads(_ kind: String) -> [JSONValue] {
        events.filter { $0.kind == kind }.compactMap { try? JSONParser.parse($0.payload) }
    }
}

extension InMemoryJournal: AnswerMemory {
    public func recall(_ question: ContentHash, since: Timestamp) async throws(JournalError) -> RememberedAnswer? {
        let entries = state.withLock { state in state.order.flatMap { state.runs[$0]!.entries } }
        var found: (kept: MemoKept, at: Timestamp)?
        for fact in entries.lazy.flatMap(\.facts) {
            if case .memoKept(let kept) = fact.event, kept.question == question { found = (kept, fact.at) }
        }
        guard let (kept, at) = found, at >= since, let blob = entries.lazy.flatMap(\.blobs).first(where: { $0.hash == kept.output }) else { return nil }
        return RememberedAnswer(call: kept.call.text, output: kept.output, document: blob.bytes, at: at, cost: kept.cost)
    }
}

extension JournaledEvent {
    public var callStarted: CallStarted? { if case .callStarted(let call) = event { call } else { nil } }
    public var callEnded: CallEnded? { if case .callEnded(let end) = event { end } else { nil } }
}
