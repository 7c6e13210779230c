import ArgumentParser
import Economics
import Glibc
import Reports
import Values
import WorkflowModel

struct Approvals: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what runs ask people, the oldest first.",
        discussion: "Answer with: agentctl approve RUN STEP --yes|--no")

    @Argument(help: "Only this run: an id, the unique start or end of one, or 'last'.") var id: String?
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Also what was answered, and by whom.") var all = false
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
        let archive = try Composition(settings: global.settings()).archive()
        var run: String?
        if let id { run = try await archive.requireRun(id) }
        let approvals = try await archive.approvals(run: run, isOpen: !all)
        if approvals.isEmpty, !json { return Output.write(try await nothing(run, archive)) }
        Output.write(styled: json ? JSONEncoding.pretty.string(ApprovalReport.json(approvals)) + "\n" : ApprovalReport.text(approvals, style: Output.style, now: .now()))
    }
}

extension Approvals {
    /// What there is, where nothing is asked.
    private func nothing(_ run: String?, _ archive: any RunArchive) async throws -> String {
        let subject = run.map { " by \($0)" } ?? ""
        if all { return "nothing was ever asked\(subject)\n" }
        let before = try await archive.approvals(run: run, isOpen: false).count
        guard before > 0 else { return "nothing is asked\(subject)\n" }
        let told = before == 1 ? "1 question was" : "\(before) questions were"
        return "nothing is asked\(subject)\n  \(told) asked before: agentctl approvals \(run.map { $0 + " " } ?? "")--all\n"
    }
}

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer what a run asks a person.",
        discussion: """
            Who answered, when and with what note is recorded with the run, beside the user of the system, the host, and what the run \
            had spent by then; the first answer counts. A run that another process drives \
            goes on by itself; otherwise go on with 'resume', or say --resume here. --no is an answer too: the step's output is then \
            {approved: false, by, note}.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Argument(help: "The step that asks, as 'approvals' lists it; not needed when it is the only one.") var step: String?
    @Flag(help: "Approve.") var yes = false
    @Flag(help: "Reject.") var no = false
    @Option(help: ArgumentHelp("Who answers, a claim that is recorded beside the user of the system; by default that user.", valueName: "name")) var by: String?
    @Option(help: ArgumentHelp("A word for the record.", valueName: "text")) var note: String?
    @Option(help: ArgumentHelp("Where money is asked for, the run's cap from now on, in dollars; by default what was asked for.", valueName: "usd")) var budget: String?
    @Flag(help: "Go on with the run right away.") var resume = false
    @Option(help: ArgumentHelp("With --resume, where the run's workflow is now, if it was moved.", valueName: "workflow.yaml"), completion: .workflowFile) var file: String?
    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: RunOutput

    func validate() throws {
        if yes == no { throw ValidationError("say --yes or --no") }
        if !resume, file != nil { throw ValidationError("--file goes with --resume") }
        if !resume, output.json || output.events { throw ValidationError("--json and --events go with --resume") }
    }

    func run() async throws {
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        let record = try await archive.requireRecord(id)
        let open = try await archive.approvals(run: record.id, isOpen: true)
        let path = try path(of: record, open)
        let question = open.first { $0.path == path }?.request
        let cap = try cap(question, record)
        let redactor = Output.secrets.redactor
        let decision = ApprovalDecision(
            isApproved: yes, by: redactor.redact(by ?? Self.user), note: note.map { redactor.redact($0) }, at: .now(), cap: cap, system: .current)
        let ledger = try Composition(settings: settings).openLedger()
        let isDriven: Bool
        do {
            defer { ledger.close() }
            isDriven = try await ledger.decide(RunID(record.id), path: path, decision)
        }
        let word = yes ? "approved" : "rejected"
        if !output.quiet {
            let next = isDriven ? "the process that drives the run goes on" : resume ? "" : "go on with: agentctl resume \(record.id)"
            Output.note("\(record.id) \(path): \(word) by \(decision.by)\(next.isEmpty ? "" : "; \(next)")\n")
            if let question { for line in ApprovalReport.lines(question, style: Output.errorStyle) { Output.note(styled: "  " + line + "\n") } }
        }
        if resume, !isDriven { try await Resume.resume(record, archive, settings, global, output, file: file) }
    }

    private func cap(_ question: ApprovalRequest?, _ run: RunRecord) throws -> Money? {
        guard let budget else { return nil }
        guard let cap = Money(decimal: budget) else { throw UsageError("--budget takes dollars such as 0.25, found '\(budget)'") }
        guard yes, question?.cap != nil else { throw UsageError("--budget goes with --yes where money is asked for") }
        if let current = run.maxCost, cap < current { throw UsageError("the run's cap is \(current) already: it never falls") }
        return cap
    }

    private func path(of run: RunRecord, _ questions: [ApprovalRecord]) throws -> String {
        let open = questions.map(\.path)
        if let step {
            // One that was answered is refused by name.
            if open.contains(step) || open.isEmpty { return step }
            throw UsageError("run \(run.id) asks nothing at '\(step)'", hint: Suggestion.hint(for: step, in: open) ?? "it asks: \(open.joined(separator: ", "))")
        }
        switch open.count {
        case 0: throw UsageError("run \(run.id) asks nothing", hint: "`agentctl approvals` lists what is asked")
        case 1: return open[0]
        default: throw UsageError("run \(run.id) asks at several steps: say which", hint: open.joined(separator: ", "))
        }
    }

    static var user: String {
        let user = SystemUser.current
        return user.name ?? "uid \(user.uid)"
    }
}

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a run for good.",
        discussion: """
            A process that drives it hears of it within a moment: nothing new starts, calls in flight get 10 s, and the run is cancelled. \
            A run without a process is cancelled at once. It cannot be resumed; what its calls cost or hold stays in the record.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Option(help: ArgumentHelp("Who says so; by default the user of the system.", valueName: "name")) var by: String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try global.settings()
        let record = try await Composition(settings: settings).archive().requireRecord(id)
        let ledger = try Composition(settings: settings).openLedger()
        defer { ledger.close() }
        let isDriven = try await ledger.cancel(RunID(record.id), by: Output.secrets.redactor.redact(by ?? Approve.user), at: .now())
        Output.line(isDriven ? "\(record.id) is being stopped by \(record.holder)" : "\(record.id) cancelled")
    }
}
