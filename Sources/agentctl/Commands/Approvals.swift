import ArgumentParser
import Economics
import Glibc
import Reports
import Values
import WorkflowModel

struct Approvals: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what runs ask people, the oldest first.",
        discussion: """
            Answer with: agentctl approve RUN STEP --yes|--no. A gate (on_exhausted: { ask: … }) shows each tier's answer with what the checks \
            said of it, and is answered with --pick TIER, --value JSON or --no.
            """)

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
