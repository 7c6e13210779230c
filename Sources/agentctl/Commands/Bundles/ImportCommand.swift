import ArgumentParser
import Bundles
import Reports
import Values
import WorkflowModel

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take a run out of a bundle into the ledger, to look at and to replay.",
        discussion: """
            Proves the bundle first: every document against its hash, the chain from the first to the last fact, price rows, and that all facts can be read; what is \
            not as it was written is named, and nothing is imported (44). An imported run counts in no cap, audit or history, and cannot be resumed, approved \
            or cancelled. The same bundle a second time changes nothing. Who can write a file can make a whole new chain: a head that was \
            kept elsewhere proves against that, with --head.
            """)

    @Argument(help: "The bundle.", completion: .file()) var file: String
    @Option(help: ArgumentHelp("The head that was kept elsewhere, 64 hexadecimal digits.", valueName: "hash")) var head: String?
    @Flag(help: "Only prove it; change nothing.") var check = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let head, ContentHash(hex: head) == nil { throw ValidationError("--head takes 64 hexadecimal digits, found '\(head)'") }
    }

    func run() async throws {
        let bundle = try RunBundle.proved(file, head: head.flatMap(ContentHash.init(hex:)))
        let counts = BundleReport.Counts(
            facts: bundle.header.facts, documents: bundle.documentCount, leftOut: bundle.leftOut.count { $0.reason == .asked }, redacted: bundle.leftOut.count { $0.reason == .redacted },
            bytes: nil, head: bundle.header.head)
        let run = bundle.header.run
        if check { return tell(run, "proved", counts) }
        let composition = Composition(settings: try global.settings())
        // Upkeep makes no ledger.
        try composition.openLedger().close()
        let upkeep = try composition.ledgerUpkeep()
        defer { upkeep.close() }
        switch try upkeep.take(bundle.imported(named: Output.secrets.redactor.redact(file)), at: .now()) {
        case .imported: tell(run, "imported", counts)
        case .known: tell(run, "known", counts)
        }
    }

    private func tell(_ run: String, _ verdict: String, _ counts: BundleReport.Counts) {
        if json {
            Output.line(JSONEncoding.pretty.string(BundleReport.json(run, verdict, counts)))
        } else if verdict == "known" {
            Output.line("\(run) is in the ledger already: nothing was changed")
        } else {
            Output.line("\(verdict) \(BundleReport.line(run, counts))")
        }
    }
}

extension RunBundle {
    /// - Throws: `UsageError`.
    static func proved(_ path: String, head: ContentHash? = nil) throws -> RunBundle {
        do {
            return try RunBundle(path, head: head)
        } catch {
            throw UsageError(error.description, code: error.faults.isEmpty ? ExitCodes.usage : ExitCodes.code(.corrupt))
        }
    }
}

extension RunRecord {
    /// - Throws: `UsageError` for a run that was made elsewhere: nothing goes on with it here.
    func requireOwn() throws {
        guard isImported else { return }
        throw UsageError(
            "run \(id) was imported: it can be looked at and replayed, and nothing goes on with it here", hint: "run its workflow anew: agentctl run \(file)",
            code: ExitCodes.code(.hasEnded))
    }
}
