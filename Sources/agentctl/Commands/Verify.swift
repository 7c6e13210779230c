import ArgumentParser
import Reports
import Values
import WorkflowModel

struct Verify: AsyncParsableCommand {
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

    func run() async throws {
        let proof = try Composition(settings: global.settings()).archive()
        let (json, all) = (json, all)
        let count = Mutex((runs: 0, unsound: 0))
        let unproved = Mutex<[String]>([])
        let tell: @Sendable (RunVerification) -> Void = { found in
            count.withLock {
                $0.runs += 1
                if !found.isSound { $0.unsound += 1 }
            }
            if found.provesRows { unproved.withLock { $0 = found.unproved } }
            if json {
                Output.line(all ? VerificationReport.json(found).jsonText : JSONEncoding.pretty.string(VerificationReport.json(found)))
            } else {
                Output.write(styled: VerificationReport.text(found, style: Output.style))
            }
        }
        if all {
            try await proof.verifyAll(each: tell)
            Output.flush()
            let (runs, unsound) = count.withLock { $0 }
            if !json { Output.note(runs == 0 ? "there is no run yet\n" : "\(runs) \(runs == 1 ? "run" : "runs"), \(unsound == 0 ? "all sound" : "\(unsound) not sound")\n") }
        } else {
            let id = try await proof.requireRun(id!)
            let found = try await proof.verify(run: id, head: head.flatMap(ContentHash.init(hex:)))
            found.map(tell)
        }
        if !json, !all { Output.write(styled: VerificationReport.rest(unproved.withLock { $0 }, style: Output.style)) }
        Output.flush()
        if count.withLock({ $0.unsound }) > 0 { throw CommandEnd(code: ExitCodes.code(.corrupt)) }
    }
}
