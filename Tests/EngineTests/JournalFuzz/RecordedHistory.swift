import Foundation
import TestSupport
import Values
import WorkflowModel

@testable import Engine

/// The record of a run: its facts, the documents that they name, and what it was begun with.
struct RecordedHistory: Sendable {
    let name: String
    let graph: WorkflowGraph
    let run: RunID
    let inputs: JSONObject
    let startedAt: Timestamp
    var events: [EventRecord]
    let documents: [ContentHash: [UInt8]]
    /// What models answer when it goes on.
    let answer: ScriptedProvider.Script

    /// Of a run that was made here.
    init(_ name: String, _ written: InMemoryJournal.Run, of graph: WorkflowGraph, inputs: JSONObject, answer: @escaping ScriptedProvider.Script) {
        self.name = name
        self.graph = graph
        self.inputs = inputs
        self.answer = answer
        run = written.start.id
        startedAt = written.events[0].at
        events = written.events.enumerated().map { index, event in
            EventRecord(
                sequence: index + 1, kind: event.kind, payload: try! JSONParser.parse(event.payload), at: event.at, hash: ContentHash(of: event.payload))
        }
        var documents: [ContentHash: [UInt8]] = [:]
        for entry in written.entries { for blob in entry.blobs { documents[blob.hash] = blob.bytes } }
        self.documents = documents
    }

    /// The state that follows from its facts.
    func folded() throws -> Outcome {
        var state = RunState(run, of: graph, inputs: inputs, startedAt: startedAt)
        try RunRecording(run, events, documents: documents).fold(into: &state)
        return Outcome(state, graph)
    }

    /// Goes on with it. Every entry is written: what stands in rows is not tried here.
    func resumed() async throws -> RunResult {
        let clock = ManualClock(startingAt: events.last.map { max($0.at, startedAt) } ?? startedAt)
        let provider = ScriptedProvider(
            clock: clock,
            profiles: {
                .success(
                    ModelProfile(
                        reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil,
                        attachments: AttachmentSupport(images: true, files: true, imageTokens: .atMost(1000))))
            }, script: answer)
        let environment = EngineEnvironment(
            journal: FoldedJournal(self), provider: provider, tools: ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("done\n".utf8), stderr: "") },
            prices: .perToken(), clock: clock, entropy: FixedEntropy(), executor: IdleExecutor { clock.advanceToNext() }, program: "agentctl test")
        let engine = Engine(environment: environment)
        let result = try await engine.resume(run, graph)
        await engine.leave()
        return result
    }

    /// What a folded state tells.
    struct Outcome {
        let course: RunStateMachine.Course
        let outputs: JSONObject?
        let spending: Spending
        let failedStep: String?
        let questions: Int
        let isEmpty: Bool

        init(_ state: RunState, _ graph: WorkflowGraph) {
            course = state.course
            outputs = course == .ended(.succeeded) ? try? state.evaluateOutputs(graph.outputs, in: state.scopes[0]!) : nil
            spending = state.money.spending
            failedStep = state.firstFailure?.path
            questions = state.questions.count
            isEmpty = state.open.isEmpty && state.scopes.count <= 2
        }
    }
}

/// A journal that has one record and takes whatever is written behind it.
private final class FoldedJournal: RunJournal {
    private let history: RecordedHistory

    init(_ history: RecordedHistory) { self.history = history }

    private var inputs: Blob { Blob(JSONEncoding.wire.bytes(.object(history.inputs))) }

    func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError) {}
    func takeOver(_ run: RunID, by program: String, at moment: Timestamp) async throws(JournalError) -> RecordedRun {
        RecordedRun(
            id: run, graph: history.graph.hash, inputs: inputs.hash, startedAt: history.startedAt, maxCost: history.graph.budget.maxCost, batch: nil,
            resumed: RunResumed(program: program, epoch: 9, lost: []), resumedAt: moment, spending: Spending(), events: history.events, decisions: [:])
    }
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        var found = history.documents.filter { hashes.contains($0.key) }
        if hashes.contains(inputs.hash) { found[inputs.hash] = inputs.bytes }
        return found
    }
    func requests() async throws(JournalError) -> [RunRequest] { [] }
    func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(JournalError) -> JournalReply { .written }
    func post(_ entry: JournalEntry) {}
    var isBehind: Bool { false }
}
