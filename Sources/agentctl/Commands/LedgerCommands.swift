import ArgumentParser
import Ledger
import Reports
import Values
import WorkflowModel

struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List runs, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Only runs of this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("Only runs that stand so: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "status"))
    var status: String?
    @Option(help: ArgumentHelp("Only runs started then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only runs of this batch.", valueName: "name")) var batch: String?
    @Flag(help: "Only runs that 'resume' can go on with: interrupted ones, those without a process, and waiting ones that were answered.") var resumable = false
    @Option(help: ArgumentHelp("How many at most.", valueName: "n")) var limit = 20
    @Flag(help: "As JSON.") var json = false

    func run() throws {
        let ledger = try Composition(settings: global.settings()).openLedgerReadOnly()
        var filter = RunFilter(
            workflow: workflow, since: try since.map(Moments.parse), batch: batch, isResumable: resumable, limit: max(1, limit))
        if let status {
            guard let known = RunStatus(rawValue: status) else {
                throw UsageError("there is no status '\(status)'", hint: Suggestion.hint(for: status, in: RunStatus.allCases.map(\.rawValue)))
            }
            filter.status = known
        }
        let runs = try ledger.runs(filter: filter)
        Output.write(styled: json ? JSONEncoding.pretty.string(RunListReport.json(runs)) + "\n" : RunListReport.text(runs, style: Output.style, now: .now()))
    }
}

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a run: its trace with time, tokens and cost.",
        discussion: """
            RUN is an id, the unique start or end of one, or 'last'. With STEP, such as draft, each[3] or review/draft, only that step with what is inside \
            of it: its output, the answers of its calls, those that were rejected too, and what its programs wrote to stderr.
            """)

    @Argument(help: "The run.") var id: String
    @Argument(help: "Only this step, with its output.") var step: String?
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Also the prompts and answers of every call.") var prompts = false
    @Flag(help: "As JSON.") var json = false

    func run() throws {
        let ledger = try Composition(settings: global.settings()).openLedgerReadOnly()
        let id = try ledger.requireRun(id)
        if let step {
            let report = try StepLookup(ledger: ledger).report(step, of: id, prompts: prompts)
            if json { Output.line(JSONEncoding.pretty.string(report.json(prompts: prompts))) } else {
                Output.write(styled: report.text(style: Output.style, now: .now(), prompts: prompts))
            }
            return
        }
        // JSON has every item; the text has those that tell something.
        guard let trace = try ledger.trace(run: id, maxItems: json ? nil : TraceReport.Options().maxItems) else { throw UsageError("there is no run \(id)") }
        if json {
            var document = TraceReport.json(trace)
            if case .object(var object) = document {
                object["outputs"] = try trace.run.outputs.flatMap { hash in try ledger.json(hash) }
                object["inputs"] = try trace.run.inputs.flatMap { hash in try ledger.json(hash) }
                let isOver = [.succeeded, .failed, .cancelled].contains(trace.run.status)
                object["asks"] = ApprovalReport.json(trace.approvals.filter { $0.decision == nil && !isOver })
                document = .object(object)
            }
            Output.line(JSONEncoding.pretty.string(document))
            return
        }
        let texts = PromptTexts(ledger: ledger)
        let lookUp: (@Sendable (ContentHash) -> String?)? = prompts ? { @Sendable in texts.text($0) } : nil
        let options = TraceReport.Options(prompts: lookUp, now: Timestamp.now())
        Output.write(styled: TraceReport.text(trace, style: Output.style, options: options))
    }
}

struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What was spent, and on what; what a decision cost.",
        discussion: "Groups by one or more of: workflow, step, model, provider, tier, day, purpose, run, version, release, approver, tag:KEY.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Dimensions, separated by commas.", valueName: "a,b")) var by = "workflow,step,model"
    @Option(help: ArgumentHelp("Only calls begun then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only calls begun before.", valueName: "date")) var until: String?
    @Option(help: ArgumentHelp("Only this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("Only calls with this tag, the step's over the run's; of decisions, only runs.", valueName: "key=value")) var tag: String?
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "As CSV.") var csv = false

    func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
    }

    func run() throws {
        let dimensions = try by.split(separator: ",").map { try Self.dimension(String($0.drop { $0 == " " })) }
        var filter = AuditFilter(since: try since.map(Moments.parse), until: try until.map(Moments.parse), workflow: workflow)
        if let tag {
            guard let equals = tag.firstIndex(of: "=") else { throw UsageError("--tag takes key=value, found '\(tag)'") }
            filter.tag = (String(tag[..<equals]), String(tag[tag.index(after: equals)...]))
        }
        let ledger = try Composition(settings: global.settings()).openLedgerReadOnly()
        let report = AuditReport(
            dimensions: dimensions.map(\.text), rows: try ledger.audit(by: dimensions, filter: filter), decisions: try ledger.decisions(filter: filter),
            approvers: dimensions.contains(.approver) ? try ledger.approvers(filter: filter) : [], since: filter.since?.dateText)
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else if csv { Output.write(report.csv) } else { Output.write(styled: report.text(style: Output.style)) }
    }
}

struct OutcomeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outcome", abstract: "Record what became of a run or a decision.",
        discussion: "RUN is a run's id, the unique start or end of one, 'last', or a decision's id. The last word counts.")

    @Argument(help: "The run or decision.") var run: String
    @Argument(help: "What became of it, such as 'resolved'.") var value: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard !value.isEmpty else { throw UsageError("an outcome is a word, such as 'resolved'") }
        let composition = Composition(settings: try global.settings())
        // Asked of the read-only ledger first: a mistyped path must not make a ledger.
        let subject: String
        switch try composition.openLedgerReadOnly().resolveRunID(run) {
        case .found(let id): subject = id
        case .ambiguous(let ids): throw UsageError("'\(run)' means several runs", hint: ids.joined(separator: ", "))
        case .none: subject = run
        }
        let ledger = try composition.openLedger()
        defer { ledger.close() }
        let runs = try await ledger.recordOutcome(Output.secrets.redactor.redact(value), of: subject)
        guard !runs.isEmpty else { throw UsageError("there is no run and no decision '\(run)'", hint: "`agentctl runs` lists them") }
        for run in runs { Output.line("\(run)  \(value)") }
    }
}

extension Audit {
    private static func dimension(_ text: String) throws -> AuditDimension {
        if let dimension = AuditDimension(text: text) { return dimension }
        let known = ["workflow", "step", "model", "provider", "tier", "day", "purpose", "run", "version", "release", "approver", "tag:KEY"]
        throw UsageError("cannot group by '\(text)'", hint: Suggestion.hint(for: text, in: known) ?? "one of: \(known.joined(separator: ", "))")
    }
}

/// Dates and spans as users give them to filters.
enum Moments {
    static func parse(_ text: String) throws -> Timestamp {
        if let moment = Timestamp(rfc3339: text) { return moment }
        if let span = TimeSpan(text: text) { return Timestamp.now().adding(.milliseconds(-span.milliseconds)) }
        throw UsageError("'\(text)' is neither a date nor a span", hint: "for example 2026-11-01, 2026-11-01T08:00:00Z, 24h or 7d")
    }
}

extension Ledger {
    func requireRun(_ text: String) throws -> String {
        switch try resolveRunID(text) {
        case .found(let id): return id
        case .none: throw UsageError(text == "last" ? "there is no run yet" : "there is no run '\(text)'", hint: "`agentctl runs` lists them")
        case .ambiguous(let ids): throw UsageError("'\(text)' means several runs", hint: ids.joined(separator: ", "))
        }
    }

    func json(_ hash: ContentHash) throws -> JSONValue? {
        try blob(hash).flatMap { try? JSONParser.parse($0) }
    }
}

/// Requests and answers as text: a request is a list of segments, an answer a JSON string.
struct PromptTexts: Sendable {
    let ledger: Ledger

    func text(_ hash: ContentHash) -> String? {
        guard let bytes = try? ledger.blob(hash) else { return nil }
        guard let document = try? JSONParser.parse(bytes) else { return String(decoding: bytes, as: UTF8.self) }
        if let text = document.stringValue { return text }
        guard let segments = document["segments"]?.arrayValue else { return JSONEncoding.pretty.string(document) }
        return segments.map { segment in
            if let attachment = Self.attachment(segment) { return attachment }
            let text = segment["hash"]?.stringValue.flatMap { ContentHash(hex: $0) }.flatMap { try? ledger.blob($0) }
            let head = "[\(segment["role"]?.stringValue ?? "") · \(segment["origin"]?.stringValue ?? "") · \(segment["class"]?.stringValue ?? "")]"
            return head + "\n" + (text.map { String(decoding: $0, as: UTF8.self) } ?? "(not kept)")
        }.joined(separator: "\n")
    }

    /// What was attached by name, type, size and hash: its bytes are in the ledger under the hash.
    private static func attachment(_ segment: JSONValue) -> String? {
        guard let type = segment["media_type"]?.stringValue, let name = segment["name"]?.stringValue else { return nil }
        let detail = segment["detail"]?.stringValue.map { ", detail \($0)" } ?? ""
        return "[\(segment["role"]?.stringValue ?? "") · \(segment["origin"]?.stringValue ?? "") · \(segment["class"]?.stringValue ?? "")]\n"
            + "\(name): \(type), \(segment["bytes"]?.intValue ?? 0) bytes\(detail), sha256 \(segment["hash"]?.stringValue ?? "")"
    }
}
