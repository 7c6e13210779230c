import ArgumentParser
import Reports
import Values
import WorkflowModel

struct Outputs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the outputs of a run, or of one of its steps.",
        discussion: """
            As 'run' printed them: the text alone when there is one output and it is text, otherwise JSON. On a terminal a long value is cut, \
            and what was left out is said; elsewhere it is whole.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Option(help: ArgumentHelp("The output of this step, such as draft, each[3] or review[2]/draft; of a step with items the list.", valueName: "step")) var step: String?
    @Flag(help: "A text without the line end behind it and without a cut; anything else as compact JSON.") var raw = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let archive = try Composition(settings: global.settings()).archive()
        let record = try await archive.requireRecord(id)
        let value = if let step { try await Self.output(of: step, record, archive) } else { try await Self.outputs(of: record, archive) }
        let text = StepReport.text(value)
        if raw {
            Output.write(value.stringValue ?? value.jsonText)
        } else {
            Output.write(styled: StepReport.bounded(text, style: Output.style, whole: "agentctl outputs \(record.id)" + (step.map { " --step \($0)" } ?? "")))
        }
    }

    private static func outputs(of run: RunRecord, _ archive: any RunArchive) async throws -> JSONValue {
        guard let hash = run.outputs else {
            throw UsageError("run \(run.id) has no outputs: it is \(run.status.rawValue)", hint: "what its steps gave: agentctl outputs \(run.id) --step STEP")
        }
        guard let outputs = try await document(hash, run, archive)?.objectValue else { throw gone(run) }
        if outputs.count == 1, let only = outputs.values.first, only.stringValue != nil { return only }
        return .object(outputs)
    }

    private static func output(of step: String, _ run: RunRecord, _ archive: any RunArchive) async throws -> JSONValue {
        guard let trace = try await archive.trace(run: run.id, maxItems: nil) else { throw UsageError("there is no run \(run.id)") }
        guard let node = trace.nodes.first(where: { $0.path == step }) else { throw trace.unknownStep(step) }
        guard let hash = node.output else {
            throw UsageError("'\(step)' of run \(run.id) has no output: it is \(node.status.rawValue)", hint: "what came of it: agentctl show \(run.id) \(step)")
        }
        guard let value = try await document(hash, run, archive) else { throw gone(run) }
        return value
    }

    /// - Throws: `UsageError` where it was redacted, also where another run has the same document.
    private static func document(_ hash: ContentHash, _ run: RunRecord, _ archive: any RunArchive) async throws -> JSONValue? {
        guard try await archive.transcript(of: run).redacted().contains(hash) else { return try await archive.json(hash) }
        throw UsageError("the outputs of run \(run.id) are redacted: of them there is the hash alone, \(hash.hex)", hint: "when, by whom and why: agentctl follow \(run.id) --events")
    }

    private static func gone(_ run: RunRecord) -> UsageError {
        let when = run.prunedAt.map { ": gc removed its documents on \($0.dateText)" } ?? ""
        return UsageError("the outputs of run \(run.id) are not in the ledger\(when)")
    }
}

extension RunTrace {
    func unknownStep(_ step: String) -> UsageError {
        let paths = nodes.map(\.path)
        let known = paths.prefix(12).joined(separator: ", ") + (paths.count > 12 ? ", …" : "")
        return UsageError(
            "run \(run.id) has no step '\(step)'", hint: Suggestion.hint(for: step, in: paths) ?? (paths.isEmpty ? "no step of it was started" : "it has: \(known)"))
    }
}

/// Gathers what a ledger has of a step.
struct StepLookup {
    let archive: any RunArchive

    /// - Parameter step: a node's path, `each[3]`; or a step's, `each`, with everything inside of it.
    func report(_ step: String, of run: String, prompts: Bool) async throws -> StepReport {
        guard var trace = try await archive.trace(run: run, maxItems: nil) else { throw UsageError("there is no run \(run)") }
        func belongs(_ path: String) -> Bool { path == step || path.hasPrefix(step + "/") || path.hasPrefix(step + "[") }
        var isChosen: (String, String) -> Bool = { path, _ in belongs(path) }
        if !trace.nodes.contains(where: { belongs($0.path) }) {
            // Of a step inside of items or passes, all of it.
            isChosen = { _, own in own == step || own.hasPrefix(step + "/") }
            guard trace.nodes.contains(where: { isChosen($0.path, $0.step) }) else { throw trace.unknownStep(step) }
        }
        trace.nodes = trace.nodes.filter { isChosen($0.path, $0.step) }
        trace.calls = trace.calls.filter { isChosen($0.path, $0.step) }
        trace.memoHits = trace.memoHits.filter { isChosen($0.path, $0.step) }
        let paths = Set(trace.nodes.map(\.path))
        trace.gateTiers = trace.gateTiers.filter { paths.contains($0.path) }
        trace.gateChecks = trace.gateChecks.filter { paths.contains($0.path) }
        trace.approvals = trace.approvals.filter { paths.contains($0.path) }

        // Which call's answer was rejected, and which programs came to their end, only events tell.
        var lastCall: [String: String] = [:]
        var violations: [String: [String]] = [:]
        var commands: [String: [StepReport.Command]] = [:]
        try await archive.forEachEvent(of: run, EventFilter(kinds: ["call_ended", "output_rejected", "command_ended"])) { event in
            guard let path = event.payload["step"]?.stringValue, paths.contains(path) else { return }
            switch event.kind {
            case "call_ended": lastCall[path] = event.payload["call"]?.intValue.map { "\(run).\($0)" }
            case "output_rejected":
                if let call = lastCall[path] { violations[call] = event.payload["violations"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
            default:
                let (stdout, stderr) = try await streams(event.payload["stdout"], event.payload["stderr"])
                commands[path, default: []].append(
                    StepReport.Command(
                        attempt: Int(event.payload["attempt"]?.intValue ?? 1), exitCode: Int(event.payload["exit_code"]?.intValue ?? 0),
                        milliseconds: event.payload["ms"]?.intValue ?? 0, stdout: stdout, stderr: stderr))
            }
        }
        let shown = trace.calls.flatMap { prompts ? [$0.request, $0.response] : [$0.response] }.compactMap { $0 }
        let texts = try await PromptTexts(archive: archive, redacted: trace.redacted).texts(shown)
        let outputs = try await archive.documents(trace.nodes.compactMap(\.output).filter { !trace.redacted.contains($0) })
        let calls = Dictionary(grouping: trace.calls, by: \.path)
        let nodes = trace.nodes.map { record in
            var node = StepReport.Node(record: record)
            node.output = record.output.flatMap { outputs[$0] }.flatMap { try? JSONParser.parse($0) }
            node.commands = commands[record.path] ?? []
            node.calls = (calls[record.path] ?? []).sorted { $0.ordinal < $1.ordinal }.map { call in
                StepReport.Call(
                    record: call, request: prompts ? call.request.flatMap { texts[$0] } : nil, response: call.response.flatMap { texts[$0] },
                    violations: violations[call.id] ?? [])
            }
            return node
        }
        return StepReport(trace: trace, nodes: nodes)
    }

    private func streams(_ first: JSONValue?, _ second: JSONValue?) async throws -> (String?, String?) {
        let hashes = [first, second].map { $0?.stringValue.flatMap(ContentHash.init(hex:)) }
        let documents = try await archive.documents(hashes.compactMap { $0 })
        func text(_ hash: ContentHash?) -> String? { hash.flatMap { documents[$0] }.map { String(decoding: $0, as: UTF8.self) } }
        return (text(hashes[0]), text(hashes[1]))
    }
}
