import ArgumentParser
import Reports
import Values
import WorkflowModel

struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List runs, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Only runs of this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("Only runs that stand so: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "status"))
    var status: String?
    @Option(help: ArgumentHelp("Only runs started then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only runs of this batch.", valueName: "name")) var batch: String?
    @Option(help: ArgumentHelp("Only forks and retries of this run: an id, the unique start or end of one, or 'last'.", valueName: "run")) var parent: String?
    @Flag(help: "Only runs that 'resume' can go on with: interrupted ones, those without a process, and waiting ones that were answered.") var resumable = false
    @Option(help: ArgumentHelp("How many at most.", valueName: "n")) var limit = 20
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
        let archive = try Composition(settings: global.settings()).archive()
        let parent = if let parent { try await archive.requireRun(parent) } else { nil as String? }
        var filter = RunFilter(
            workflow: workflow, since: try since.map(Moments.parse), batch: batch, parent: parent, isResumable: resumable, limit: max(1, limit))
        if let status {
            guard let known = RunStatus(rawValue: status) else {
                let known = RunStatus.allCases.map(\.rawValue)
                throw UsageError("there is no status '\(status)'", hint: Suggestion.hint(for: status, in: known) ?? "one of: \(known.joined(separator: ", "))")
            }
            filter.status = known
        }
        if json {
            var pieces = RunListReport.Pieces()
            try await archive.forEachRun(filter) { Output.write(pieces.piece($0)) }
            Output.line(pieces.end)
        } else {
            // A table is as wide as its widest rows: it needs them all.
            let runs = try await archive.runs(filter: filter)
            if runs.isEmpty { return Output.write(try await NothingMatches(archive: archive).text(filters(filter))) }
            Output.write(styled: RunListReport.text(runs, style: Output.style, now: .now()))
        }
    }

    private func filters(_ filter: RunFilter) -> [NothingMatches.Filter] {
        var filters: [NothingMatches.Filter] = []
        if let workflow { filters.append(.workflow(workflow)) }
        if let status { filters.append(.status(status)) }
        if let batch { filters.append(.batch(batch)) }
        if let parent = filter.parent { filters.append(.parent(parent)) }
        if let since, let moment = filter.since { filters.append(.since(since, moment)) }
        if resumable { filters.append(.resumable) }
        return filters
    }
}

struct Show: AsyncParsableCommand {
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

    func run() async throws {
        let archive = try Composition(settings: global.settings()).archive()
        let id = try await archive.requireRun(id)
        if let step {
            let report = try await StepLookup(archive: archive).report(step, of: id, prompts: prompts)
            if json {
                Output.line(JSONEncoding.pretty.string(report.json(prompts: prompts)))
            } else {
                Output.write(styled: report.text(style: Output.style, now: .now(), prompts: prompts))
            }
            return
        }
        // JSON has every item; the text has those that tell something.
        guard let trace = try await archive.trace(run: id, maxItems: json ? nil : TraceReport.Options().maxItems) else { throw UsageError("there is no run \(id)") }
        if json {
            var document = TraceReport.json(trace)
            var outcome: TextTable<JSONValue> = [:]
            for (name, hash) in [("outputs", trace.run.outputs), ("inputs", trace.run.inputs)] {
                if let hash, !trace.redacted.contains(hash) { outcome[name] = try await archive.json(hash) }
            }
            if case .object(var object) = document {
                object["outputs"] = outcome["outputs"]
                object["inputs"] = outcome["inputs"]
                let isOver = [.succeeded, .failed, .cancelled].contains(trace.run.status)
                object["family"] = FamilyReport.json(try await archive.family(of: trace.run))
                object["asks"] = ApprovalReport.json(trace.approvals.filter { $0.decision == nil && !isOver })
                document = .object(object)
            }
            Output.line(JSONEncoding.pretty.string(document))
            return
        }
        var lookUp: (@Sendable (ContentHash) -> String?)?
        if prompts {
            let texts = try await PromptTexts(archive: archive, redacted: trace.redacted).texts(trace.calls.flatMap { [$0.request, $0.response] }.compactMap { $0 })
            lookUp = { texts[$0] }
        }
        var options = TraceReport.Options(prompts: lookUp, now: Timestamp.now(), height: Output.isTerminal ? Output.size(of: 1).rows : nil)
        if !trace.gateTiers.isEmpty {
            let answers = try await archive.documents(trace.gateTiers.compactMap(\.output) + trace.gateShadows.compactMap(\.output)).compactMapValues { try? JSONParser.parse($0) }
            options.answers = { answers[$0] }
        }
        options.family = try await archive.family(of: trace.run)
        Output.write(styled: TraceReport.text(trace, style: Output.style, options: options))
    }
}

struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What was spent, and on what; what a decision cost.",
        discussion: "Groups by one or more of: workflow, step, model, provider, tier, day, purpose, run, version, release, approver, tag:KEY.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Dimensions, separated by commas.", valueName: "a,b")) var by = "workflow,step,model"
    @Option(help: ArgumentHelp("Only calls begun then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only calls begun before.", valueName: "date")) var until: String?
    @Option(help: ArgumentHelp("Only this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("Only calls with this tag, the step's over the run's; of decisions, only runs.", valueName: "key=value")) var tag: String?
    @Flag(help: "Also what each row bears of the time that machines paid by the hour were on and idle.") var idle = false
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "As CSV.") var csv = false

    func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
    }

    func run() async throws {
        let dimensions = try by.parts(at: UInt8(ascii: ",")).map { try Self.dimension(String($0.drop { $0 == " " })) }
        let selection = try CallFilter(workflow: workflow, since: since, until: until, tag: tag)
        let filter = selection.filter
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        let rows = try await archive.audit(by: dimensions, filter: filter)
        let decisions = try await archive.decisions(filter: filter)
        let approvers = dimensions.contains(.approver) ? try await archive.approvers(filter: filter) : []
        var report = AuditReport(
            dimensions: dimensions.map(\.text), rows: rows, decisions: decisions, approvers: approvers, since: filter.since?.dateText)
        report.agreements = try await Agreements(settings.project).rows(archive, at: .now())
        report.machines = try await archive.machines(filter: filter)
        if idle { report.share(try await archive.idleShares(by: dimensions, filter: filter)) }
        if dimensions.contains(.tier) {
            report.gates = try await archive.gates(filter: filter)
            report.gateSummaries = try await archive.gateSummaries(filter: filter)
        }
        if !json, !csv, rows.isEmpty, approvers.isEmpty { return Output.write(try await NothingMatches(archive: archive).text(selection.given, what: "call")) }
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else if csv { Output.write(report.csv) } else { Output.write(styled: report.text(style: Output.style)) }
        if json || csv { return }
        // A tag that nothing has makes one row without a name.
        for (index, dimension) in dimensions.enumerated() {
            guard case .tag(let key) = dimension, rows.allSatisfy({ $0.keys[index].isEmpty }) else { continue }
            Output.flush()
            Output.note("no call has it: \(try await NothingMatches(archive: archive).tag(key))\n")
        }
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
        switch try await composition.archive().resolveRunID(run) {
        case .found(let id): subject = id
        case .ambiguous(let ids): throw UsageError("'\(run)' means several runs", hint: ids.joined(separator: ", "))
        case .none: subject = run
        }
        let ledger = try composition.openLedger()
        defer { ledger.close() }
        let runs = try await ledger.recordOutcome(Output.secrets.redactor.redact(value), of: subject, source: "command", at: .now())
        guard !runs.isEmpty else {
            let decisions = try await composition.archive().runs(filter: RunFilter(limit: 1_000)).compactMap(\.decisionID)
            throw UsageError("there is no run and no decision '\(run)'", hint: Suggestion.hint(for: run, in: decisions) ?? "`agentctl runs` lists them")
        }
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

extension RunArchive {
    /// The whole id of the run that a user means.
    func requireRun(_ text: String) async throws -> String {
        switch try await resolveRunID(text) {
        case .found(let id): return id
        case .none: throw try await unknownRun(text)
        case .ambiguous(let ids): throw UsageError("'\(text)' means several runs", hint: ids.joined(separator: ", "))
        }
    }

    private func unknownRun(_ text: String) async throws -> UsageError {
        if text == "last" {
            let newest = try await runs(filter: RunFilter(limit: 1)).first
            return UsageError(
                "there is no run yet" + (newest == nil ? "" : " that was made here"), hint: newest.map { "one that was imported is named by its id: \($0.id)" } ?? "start one: agentctl run FILE")
        }
        if let run = try await runs(filter: RunFilter(workflow: text, limit: 1)).first {
            return UsageError("there is no run '\(text)'", hint: "that is a workflow; its last run is \(run.id), and agentctl runs --workflow \(ShellWord.of(text)) lists all")
        }
        if text.hasSuffix(".yaml") || text.hasSuffix(".yml") { return UsageError("there is no run '\(text)'", hint: "a run is named by its id, or 'last'; a file is run by: agentctl run \(ShellWord.of(text))") }
        return UsageError("there is no run '\(text)'", hint: "`agentctl runs` lists them")
    }

    func requireRecord(_ text: String) async throws -> RunRecord {
        let id = try await requireRun(text)
        guard let record = try await run(id) else { throw UsageError("there is no run \(id)") }
        return record
    }
}
