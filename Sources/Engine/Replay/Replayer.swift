import Economics
import Values
import WorkflowModel

/// Replays a run: what was recorded of it goes through the machines of today, in the place of the world, and what they make is held against what they
/// made then. Nobody is asked, no program is started, nothing is written and nothing costs anything.
public struct Replayer: Sendable {
    private let transcript: any RunTranscript
    private let graph: WorkflowGraph
    private let fallback: (any ModelProvider)?
    private let prices: PriceBook?
    private let secrets: SecretBook
    private let mostValueBytes: Int?
    private let accepted: Accepted

    /// The graph of other files that a process went on with.
    public typealias Accepted = @Sendable (FilesAccepted) async throws(JournalError) -> WorkflowGraph
    /// Whether the workflow may be another one than the run began with: what follows from that is then told, and not that it is another.
    var isOfOtherWorkflow = false

    /// - Parameters:
    ///   - graph: as the run began with it.
    ///   - fallback: knows models where the record does not tell of them, as that of an earlier program; it is asked for nothing else.
    ///   - prices: likewise.
    ///   - secrets: those that were taken out of what the run put together, as far as they are known here.
    ///   - accepted: reads other files that a process went on with.
    ///   - mostValueBytes: what one value may have as JSON, where that is not the usual.
    public init(
        _ transcript: any RunTranscript, graph: WorkflowGraph, fallback: (any ModelProvider)? = nil, prices: PriceBook? = nil, secrets: SecretBook = SecretBook(),
        mostValueBytes: Int? = nil,
        accepted: @escaping Accepted = { files throws(JournalError) in throw JournalError(.corrupt, "the workflow \(files.graph) that the run went on with is not at hand") }
    ) {
        self.accepted = accepted
        self.secrets = secrets
        self.mostValueBytes = mostValueBytes
        self.transcript = transcript
        self.graph = graph
        self.fallback = fallback
        self.prices = prices
    }

    /// So many facts are read at once.
    private static let page = 5_000

    /// What a run was started with.
    ///
    /// - Throws: `JournalError` where its first fact cannot be read.
    public static func started(_ transcript: any RunTranscript) async throws(JournalError) -> RunStarted {
        let first = try await transcript.events(after: 0, most: 1)
        guard let first = first.first, case .runStarted(let started)? = try? RunEvent(kind: first.kind, payload: first.payload, run: transcript.run) else {
            throw JournalError(.corrupt, "run \(transcript.run) cannot be replayed: its first fact is not how it was started")
        }
        return started
    }

    /// Replays all of the run, or up to where the machines leave its record.
    ///
    /// - Throws: `JournalError` where the record cannot be read, or follows rules that this program does not know.
    public func replay() async throws(JournalError) -> ReplayReport {
        let facts = try await facts()
        let started = try await Self.started(transcript)
        guard started.rules <= .current else {
            throw JournalError(
                .tooNew, "run \(transcript.run) follows rules \(started.rules.version), and this agentctl knows rules up to \(Rules.current.version): update agentctl")
        }
        let documents = try await ReplayDocuments(transcript, facts)
        let models = documents.json(started.models).flatMap(RecordedModels.init(json:))
        let record = ReplayRecord(transcript.run, facts)
        let graphs = try await graphs(record)
        let conductor = ReplayConductor(record, started: started, documents, models: models, graphs: graphs, fallback: fallback, prices: prices, secrets: secrets)
        conductor.isOfOtherWorkflow = isOfOtherWorkflow
        if let mostValueBytes { conductor.mostValueBytes = mostValueBytes }
        if graphs.contains(where: { $0.attachesFiles }) { conductor.attached = try await RecordedFiles.attached(facts, transcript) }
        await conductor.run()
        return try await report(conductor, hasModels: models != nil)
    }

    /// What each process of the run went by.
    private func graphs(_ record: ReplayRecord) async throws(JournalError) -> [WorkflowGraph] {
        var graphs: [WorkflowGraph] = []
        for life in record.lives {
            var own = graphs.last ?? graph
            for index in life.facts where record.facts[index].kind == RunEvent.Kind.filesAccepted.rawValue {
                guard case .filesAccepted(let files)? = try? record.event(index), files.graph != own.hash else { continue }
                own = try await accepted(files)
            }
            graphs.append(own)
        }
        return graphs
    }

    private func facts() async throws(JournalError) -> [EventRecord] {
        var facts: [EventRecord] = []
        while true {
            let page = try await transcript.events(after: facts.last?.sequence ?? 0, most: Self.page)
            facts += page
            if page.count < Self.page { break }
        }
        guard !facts.isEmpty else { throw JournalError(.unknownRun, "there is nothing recorded of run \(transcript.run)") }
        return facts
    }

    // MARK: What came of it

    private func report(_ conductor: ReplayConductor, hasModels: Bool) async throws(JournalError) -> ReplayReport {
        let record = conductor.record
        var report = ReplayReport(run: transcript.run.text)
        report.facts = record.compared
        report.steps = conductor.steps
        report.calls = conductor.calls
        report.redacted = conductor.documents.redacted.count
        if conductor.isOfOtherEncoder, conductor.otherRequests > 0 {
            report.warnings.append("\(conductor.otherRequests) requests have other bytes, as they are encoded otherwise now")
        }
        if !hasModels { report.warnings.append("what was known of its models is not in the record: it is taken from the project as it is now") }
        if record.lives.count > 1, conductor.mostRooms.isEmpty == false {
            report.warnings.append("what its calls were to leave for the rest of the run is not compared, as several processes were at work on it")
        }
        if record.lives.last?.hasEnd == false { report.warnings.append("the record ends before the run does: its process is gone, or at work") }
        let isBehindGap = isBehindGap(conductor)
        if let found = conductor.difference, !isBehindGap {
            report.verdict = .different
            report.difference = try await ReplayExplanation(transcript, record).difference(found)
        } else if report.redacted > 0 {
            report.verdict = .redacted
            if isBehindGap {
                report.isCutShort = true
                report.warnings.append("what follows from documents that were taken out is not compared")
            }
        }
        return report
    }

    /// Whether what was found follows from a document that was taken out.
    private func isBehindGap(_ conductor: ReplayConductor) -> Bool {
        guard let found = conductor.difference, !conductor.documents.redacted.isEmpty else { return false }
        let gap = conductor.record.facts.firstIndex { fact in
            RunEvent.documents(in: fact.payload).contains { $0.key != "request" && $0.key != "sources" && conductor.documents.isRedacted($0.hash) }
        }
        return gap.map { $0 <= found.index ?? .max } ?? false
    }
}

extension WorkflowGraph {
    /// Whether a step sends files along with its prompt.
    fileprivate var attachesFiles: Bool {
        var found = false
        forEachStep { step in
            if step.modelStep?.attachments.isEmpty == false { found = true }
            if case .workflow(let other) = step.kind, other.graph.attachesFiles { found = true }
        }
        return found
    }
}
