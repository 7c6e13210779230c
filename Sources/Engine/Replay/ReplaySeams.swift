import Economics
import PromptCaching
import Values
import WorkflowModel

// The seams of an engine whose world is a record.

/// Takes what is made, and answers as the journal did then.
struct ReplayJournal: RunJournal {
    unowned let conductor: ReplayConductor

    func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError) { conductor.take(facts) }

    func takeOver(_ run: RunID, by program: String, at: Timestamp) async throws(JournalError) -> RecordedRun {
        throw JournalError(.other, "a replay takes no run over")
    }

    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] { conductor.documents.found(hashes) }

    func requests() async throws(JournalError) -> [RunRequest] {
        let requests = await withUnsafeContinuation { conductor.wait(at: 0, .requests($0)) }
        return requests
    }

    func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(JournalError) -> JournalReply {
        if let facts { conductor.take(facts) }
        guard let call = entry.facts.lazy.compactMap(\.call).first else {
            conductor.take(entry)
            return .written
        }
        let path = conductor.record.number(of: call.path)
        let reply = await withUnsafeContinuation { conductor.wait(at: path, .intent(call, entry, $0)) }
        return try reply.get()
    }

    func post(_ entry: JournalEntry) { conductor.take(entry) }

    var isBehind: Bool { false }
}

extension JournaledEvent {
    fileprivate var call: CallStarted? { if case .callStarted(let call) = event { call } else { nil } }
}

/// Knows what was known of models, and asks none.
struct ReplayProvider: ModelProvider {
    unowned let conductor: ReplayConductor

    func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile {
        switch conductor.models[model] {
        case .known(let profile, _)?: return profile
        case .unknown(let failure)?: throw failure
        case nil: break
        }
        if let fallback = conductor.fallback { return try fallback.profile(of: model) }
        throw StepFailure(.configuration, "the record tells nothing of \(model)")
    }

    func prepare(_ model: ModelReference) async throws(StepFailure) {}

    func call(_ request: ModelRequest) async -> ModelCallResult {
        await withUnsafeContinuation { conductor.wait(at: conductor.record.number(of: request.site?.path ?? ""), .call(request.id.number, $0)) }
        // What came of it is told by its recorded end.
        return ModelCallResult(outcome: .failure(CallFailure(.cancelled, "replayed")), billing: .unknown, total: .milliseconds(0))
    }

    func count(_ request: ModelRequest) async -> TokenCountResult {
        let result = await withUnsafeContinuation { conductor.wait(at: conductor.record.number(of: request.site?.path ?? ""), .count(request.id.number, $0)) }
        return result
    }
}

/// Starts nothing: what programs wrote is taken where steps ask for it.
struct ReplayTools: ToolRunner {
    func run(_ invocation: CommandInvocation) async -> CommandResult { .failed(StepFailure(.command, "a replay runs no programs")) }
}

/// Remembers nothing: whether there was an answer is told by the record.
struct ReplayMemory: AnswerMemory {
    func recall(_ question: ContentHash, since: Timestamp) async throws(JournalError) -> RememberedAnswer? { nil }
}

/// Goes from fact to fact.
struct ReplayClock: EngineClock {
    unowned let conductor: ReplayConductor

    func now() -> Timestamp { conductor.now }

    func sleep(for span: TimeSpan) async throws { try await sleep(for: span, until: .deadline(path: "")) }

    func sleep(for span: TimeSpan, until what: EngineWait) async throws {
        let path = conductor.record.number(of: what.path)
        let slot = ReplaySleep()
        let isOver = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: false) }
                slot.waiter = conductor.wait(at: path, .time(what, continuation))
            }
        } onCancel: {
            guard let waiter = slot.waiter else { return }
            conductor.stopWaiting(waiter)
        }
        if !isOver { throw CancellationError() }
    }
}

/// Confined to the replay's executor, as all that cancels is there.
private final class ReplaySleep: @unchecked Sendable {
    weak var waiter: ReplayWaiter?
}

extension EngineWait {
    fileprivate var path: String {
        switch self {
        case .retry(let site): site.path
        case .deadline(let path), .question(let path): path
        }
    }
}

/// The files that went with the prompts of a node.
struct ReplayAttachments: AttachmentSource {
    unowned let conductor: ReplayConductor
    let path: String

    func read(_ name: String, besides file: String) async throws(StepFailure) -> AttachedFile {
        guard let bytes = conductor.attached[path]?[name] ?? conductor.attached[""]?[name] else {
            // It could not be read then, or nothing was sent.
            throw conductor.failure(at: path) ?? StepFailure(.attachment, "the record does not hold '\(name)' of '\(path)'")
        }
        return AttachedFile(bytes)
    }
}
