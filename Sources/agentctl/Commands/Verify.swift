import ArgumentParser
import Ledger
import Reports
import Values
import WorkflowModel

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that a run's record is as it was written.",
        discussion: """
            Computes the chain of its events again, makes every row of the run, its steps, calls, outcomes, questions and caps again of \
            these, column by column, and looks whether every document that they name is in the ledger and has its hash. What follows from \
            no event (which process drives the run, where its file lies, answers that it has not taken) is not proved; --json lists it. Runs \
            of earlier versions are proved in part. Who can write the file can make a new chain: only a head that was kept elsewhere \
            proves against that, with --head. Exits with 44 when something does not fit.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String?
    @Flag(help: "Every run.") var all = false
    @Option(help: ArgumentHelp("The head that was kept elsewhere, 64 hexadecimal digits.", valueName: "hash")) var head: String?
    @Flag(help: "As JSON; with --all a line for each run.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if (id == nil) != all { throw ValidationError("name a run, or say --all") }
        if all, head != nil { throw ValidationError("--head goes with one run") }
        if let head, ContentHash(hex: head) == nil { throw ValidationError("--head takes 64 hexadecimal digits, found '\(head)'") }
    }

    func run() throws {
        let ledger = try Composition(settings: global.settings()).openLedgerReadOnly()
        var (runs, unsound) = (0, 0)
        func tell(_ found: RunVerification) {
            runs += 1
            if !found.isSound { unsound += 1 }
            if json {
                Output.line(all ? VerificationReport.json(found).jsonText : JSONEncoding.pretty.string(VerificationReport.json(found)))
            } else {
                Output.write(styled: VerificationReport.text(found, style: Output.style))
            }
        }
        if all {
            try ledger.verifyAll(each: tell)
            Output.flush()
            if !json { Output.note(runs == 0 ? "there is no run yet\n" : "\(runs) \(runs == 1 ? "run" : "runs"), \(unsound == 0 ? "all sound" : "\(unsound) not sound")\n") }
        } else {
            let id = try ledger.requireRun(id!)
            try ledger.verify(run: id, head: head.flatMap(ContentHash.init(hex:))).map(tell)
        }
        Output.flush()
        if unsound > 0 { throw CommandEnd(code: ExitCodes.code(.corrupt)) }
    }
}
