import ArgumentParser
import Ledger
import Reports
import Values
import WorkflowModel

struct Outputs: ParsableCommand {
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

    func run() throws {
        let ledger = try Composition(settings: global.settings()).openLedgerReadOnly()
        let record = try ledger.requireRecord(id)
        let value = try step.map { try Self.output(of: $0, record, ledger) } ?? Self.outputs(of: record, ledger)
        let text = StepReport.text(value)
        if raw {
            Output.write(value.stringValue ?? value.jsonText)
        } else {
            Output.write(styled: StepReport.bounded(text, style: Output.style, whole: "agentctl outputs \(record.id)" + (step.map { " --step \($0)" } ?? "")))
        }
    }

    private static func outputs(of run: RunRecord, _ ledger: Ledger) throws -> JSONValue {
        guard let hash = run.outputs else {
            throw UsageError("run \(run.id) has no outputs: it is \(run.status.rawValue)", hint: "what its steps gave: agentctl outputs \(run.id) --step STEP")
        }
        guard let outputs = try ledger.json(hash)?.objectValue else { throw gone(run) }
        if outputs.count == 1, let only = outputs.values.first, only.stringValue != nil { return only }
        return .object(outputs)
    }

    private static func output(of step: String, _ run: RunRecord, _ ledger: Ledger) throws -> JSONValue {
        guard let trace = try ledger.trace(run: run.id) else { throw UsageError("there is no run \(run.id)") }
        guard let node = trace.nodes.first(where: { $0.path == step }) else { throw trace.unknownStep(step) }
        guard let hash = node.output else {
            throw UsageError("'\(step)' of run \(run.id) has no output: it is \(node.status.rawValue)", hint: "what came of it: agentctl show \(run.id) \(step)")
        }
        guard let value = try ledger.json(hash) else { throw gone(run) }
        return value
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
    let ledger: Ledger

    /// - Parameter step: a node's path, `each[3]`; or a step's, `each`, with everything inside of it.
    func report(_ step: String, of run: String, prompts: Bool) throws -> StepReport {
        guard var trace = try ledger.trace(run: run) else { throw UsageError("there is no run \(run)") }
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
        trace.approvals = trace.approvals.filter { paths.contains($0.path) }

        // Which call's answer was rejected, and which programs came to their end, only events tell.
        var lastCall: [String: String] = [:]
        var violations: [String: [String]] = [:]
        var commands: [String: [StepReport.Command]] = [:]
        for event in try ledger.events(run: run, kinds: ["call_ended", "output_rejected", "command_ended"]) {
            guard let path = event.payload["step"]?.stringValue, paths.contains(path) else { continue }
            switch event.kind {
            case "call_ended": lastCall[path] = event.payload["call"]?.intValue.map { "\(run).\($0)" }
            case "output_rejected":
                if let call = lastCall[path] { violations[call] = event.payload["violations"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
            default:
                commands[path, default: []].append(StepReport.Command(
                    attempt: Int(event.payload["attempt"]?.intValue ?? 1), exitCode: Int(event.payload["exit_code"]?.intValue ?? 0),
                    milliseconds: event.payload["ms"]?.intValue ?? 0, stdout: try text(event.payload["stdout"]), stderr: try text(event.payload["stderr"])))
            }
        }
        let texts = PromptTexts(ledger: ledger)
        let calls = Dictionary(grouping: trace.calls, by: \.path)
        let nodes = try trace.nodes.map { record in
            var node = StepReport.Node(record: record)
            node.output = try record.output.flatMap { hash throws in try ledger.json(hash) }
            node.commands = commands[record.path] ?? []
            node.calls = (calls[record.path] ?? []).sorted { $0.ordinal < $1.ordinal }.map { call in
                StepReport.Call(
                    record: call, request: prompts ? call.request.flatMap(texts.text) : nil, response: call.response.flatMap(texts.text),
                    violations: violations[call.id] ?? [])
            }
            return node
        }
        return StepReport(trace: trace, nodes: nodes)
    }

    private func text(_ hash: JSONValue?) throws -> String? {
        guard let hash = hash?.stringValue.flatMap(ContentHash.init(hex:)), let bytes = try ledger.blob(hash) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
