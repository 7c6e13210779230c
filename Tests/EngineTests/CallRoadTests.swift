import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Keeps a record and nothing else.
private actor RoadRecorder: CallRecorder {
    let run: RunID
    var outbox: Outbox
    var prefixes = RunPrefixes()
    var isStopping = false
    private(set) var facts: [RunEvent] = []
    private var numbers = CallNumbers()

    init(run: RunID, journal: any RunJournal) {
        self.run = run
        outbox = Outbox(run: run, journal: journal)
    }

    func objection(to question: Question, at site: CallSite) -> StepFailure? { nil }
    func nextCall() -> CallID { CallID(run: run, number: numbers.next()) }
    func raised(_ bound: Money, of model: ModelReference) -> Money { bound }
    func raised(_ tokens: Int, of model: ModelReference) -> Int { tokens }
    func take(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments) { facts.append(fact) }
    func lose(_ error: JournalError) { outbox.lose(error) }
    func stop() { isStopping = true }

    func ask(_ question: Question, at site: CallSite, by services: CallServices) async -> CallOutcome {
        let road = CallRoad(services)
        let outcome = await road.make(question, at: site, for: self)
        outbox.flush()
        return outcome
    }
}

/// A client that is connected, in miniature.
private actor Client: AnswerSink {
    /// What it was told, an empty text for the first sign of an answer.
    private(set) var heard: [String] = []
    private let last: String?

    init(leavesAt last: String? = nil) { self.last = last }

    func begin() { heard.append("") }

    func take(_ piece: AnswerPiece) {
        guard case .text(let text) = piece else { return }
        heard.append(text)
        if text == last { withUnsafeCurrentTask { $0?.cancel() } }
    }
}

/// Somebody who asks, a journal and a model: no graph, no step, no run that is driven.
private struct RoadRig {
    let rig: EngineRig
    let recorder: RoadRecorder
    private let services: CallServices

    /// - Parameter cap: what the run may cost.
    init(cap: String? = nil, _ script: @escaping ScriptedProvider.Script) async throws {
        rig = EngineRig(script: script)
        let run = RunID("20261121-094815-road0000")
        let hash = ContentHash(of: "")
        let first = JournalEntry(run: run)
        first.facts = [
            JournaledEvent(
                .runStarted(RunStarted(workflow: "t", graph: hash, sources: hash, inputs: hash, maxCost: cap.map(usd), encoder: 1, program: "test")),
                at: rig.clock.now())
        ]
        try await rig.journal.begin(RunStart(id: run, location: ""), with: first)
        recorder = RoadRecorder(run: run, journal: rig.journal)
        services = CallServices(rig.engine.environment)
    }

    func question(_ text: String, preface: (RunEvent, Timestamp)? = nil, sink: (any AnswerSink)? = nil) throws -> Question {
        let segment = PromptSegment(role: .user, stability: .step, text: text, startsMessage: true, origin: "prompt")
        return Question(to: try model(), .segments([segment]), outputCap: 100, schemaName: "judge", timeout: .seconds(60), preface: preface, sink: sink)
    }

    func model() throws -> ModelProfile { try rig.provider.profile(of: ModelReference(provider: "local", model: "small")) }

    /// On the executor that drives the clock.
    func ask(_ question: Question, at site: CallSite) async -> CallOutcome {
        await withTaskExecutorPreference(rig.engine.environment.executor) { await recorder.ask(question, at: site, by: services) }
    }

    var written: InMemoryJournal.Run { rig.journal.runs.last! }
}

/// The road of a call by itself.
@Suite struct CallRoadTests {
    private static let judge = CallSite(path: "gate", tier: "small", part: "judge", ordinal: 0)

    @Test func aQuestionIsAskedAndSettled() async throws {
        let test = try await RoadRig { request, _ in
            #expect(request.site == Self.judge)
            return .text("yes")
        }
        guard case .ended(let end, let answer?) = await test.ask(try test.question("is it right?"), at: Self.judge) else {
            _ = Issue.record("not asked")
            return
        }
        #expect(answer.text == "yes" && end.state == .settled && end.failure == nil)
        #expect(await test.recorder.facts.map(\.kind) == ["call_started", "call_ended"])
        let written = test.written
        #expect(written.calls.count == 1 && written.calls[0].state == .settled)
        #expect(written.open == 0)
        #expect(written.held == end.cost?.picoDollars)
    }

    /// Two questions of one node under a cap that admits one of them.
    @Test func aCapAdmitsOneOfTwo() async throws {
        let test = try await RoadRig(cap: "0.0004") { _, _ in .text("yes", input: 30, output: 100) }
        let first = await test.ask(try test.question("is it right?"), at: Self.judge)
        let second = await test.ask(try test.question("is it really right?"), at: CallSite(path: "gate", tier: "small", part: "judge#2", ordinal: 0))
        guard case .ended = first, case .refused(let refusal) = second else {
            _ = Issue.record("\(first) \(second)")
            return
        }
        #expect(refusal.scope == BudgetRefusal.runScope && refusal.money?.cap == usd("0.0004"))
        #expect(test.rig.provider.requests.map(\.site) == [Self.judge])
        #expect(await test.recorder.facts.map(\.kind) == ["call_started", "call_ended", "call_refused"])
    }

    /// Of a body that nothing can bound nothing is sent, and nothing is recorded.
    @Test func aRawBodyIsRefused() async throws {
        let test = try await RoadRig { _, _ in .text("never") }
        let raw = Question(to: try test.model(), .raw(Array(#"{"model": "small"}"#.utf8)), outputCap: 100, timeout: .seconds(60))
        guard case .notMade(let failure) = await test.ask(raw, at: CallSite(path: "client/1", tier: "", ordinal: 0)) else {
            _ = Issue.record("it was asked")
            return
        }
        #expect(failure.kind == .configuration && failure.message.contains("body of another client"))
        #expect(test.rig.provider.requests.isEmpty)
        #expect(await test.recorder.facts.isEmpty)
    }

    /// Stopped in flight, a call has an end of which nobody knows the cost: what it holds stays held.
    @Test func aCallIsStoppedInFlight() async throws {
        let test = try await RoadRig(cap: "1") { _, _ in
            // Of the task that asks.
            withUnsafeCurrentTask { $0?.cancel() }
            return .text("too late")
        }
        guard case .ended(let end, nil) = await test.ask(try test.question("is it right?"), at: Self.judge) else {
            _ = Issue.record("it has no end")
            return
        }
        #expect(end.state == .unknown && end.failure?.kind == .cancelled)
        let written = test.written
        #expect(written.held > 0 && written.held == written.calls[0].start.held?.picoDollars)
        #expect(test.rig.provider.cancelled == [end.id])
    }

    /// Who is connected hears the answer piece by piece before it is settled, and the call costs what it costs anyway.
    @Test(arguments: [true, false]) func theAnswerIsHandedOnAsItComes(isRefused: Bool) async throws {
        let test = try await RoadRig(cap: isRefused ? "0.000001" : nil) { _, _ in
            var answer = ScriptedProvider.Answer.text("yes, it is")
            answer.pieces = ["yes", ", it", " is"]
            return answer
        }
        let client = Client()
        let outcome = await test.ask(try test.question("is it right?", sink: client), at: CallSite(path: "client/1", tier: "", ordinal: 0))
        if isRefused {
            guard case .refused = outcome else { return _ = Issue.record("\(outcome)") }
            #expect(await client.heard == [])
            return
        }
        guard case .ended(let end, let answer?) = outcome else { return _ = Issue.record("\(outcome)") }
        #expect(await client.heard == ["", "yes", ", it", " is"])
        #expect(answer.text == "yes, it is" && end.state == .settled)
        #expect(test.written.calls.map(\.state) == [.settled])
    }

    /// Who leaves in the middle stops the call: what came is not free, and the hold stays.
    @Test func whoLeavesStopsTheCall() async throws {
        let test = try await RoadRig(cap: "1") { _, _ in
            var answer = ScriptedProvider.Answer.text("yes, it is")
            answer.pieces = ["yes", ", it", " is"]
            return answer
        }
        let client = Client(leavesAt: "yes")
        guard case .ended(let end, nil) = await test.ask(try test.question("is it right?", sink: client), at: CallSite(path: "client/1", tier: "", ordinal: 0)) else {
            return _ = Issue.record("it has no end")
        }
        #expect(await client.heard == ["", "yes"])
        #expect(end.state == .unknown && end.failure?.kind == .cancelled)
        #expect(test.written.held > 0 && test.written.held == test.written.calls[0].start.held?.picoDollars)
    }

    /// A run that is stopping begins nothing.
    @Test func nothingIsAskedForARunThatStops() async throws {
        let test = try await RoadRig { _, _ in .text("never") }
        await test.recorder.stop()
        guard case .notMade(let failure) = await test.ask(try test.question("is it right?"), at: Self.judge) else {
            _ = Issue.record("it was asked")
            return
        }
        #expect(failure.kind == .cancelled)
        #expect(test.rig.provider.requests.isEmpty)
    }

    /// The fact that goes before a call stands in one entry with its intent, and also before a refusal.
    @Test(arguments: [nil, "0.000001"]) func thePrefaceGoesBefore(cap: String?) async throws {
        let test = try await RoadRig(cap: cap) { _, _ in .text("yes") }
        _ = await test.ask(try test.question("is it right?", preface: (.nodeStarted("gate"), test.rig.clock.now())), at: Self.judge)
        let entries = test.written.entries.dropFirst().map { $0.facts.map(\.kind) }.filter { !$0.isEmpty }
        #expect(entries == (cap == nil ? [["step_started", "call_started"], ["call_ended"]] : [["step_started", "call_refused"]]))
    }
}
