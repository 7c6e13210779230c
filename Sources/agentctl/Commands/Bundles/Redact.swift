import ArgumentParser
import Reports
import Values
import WorkflowModel

struct Redact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take documents of a run out of the ledger; their hashes stay, and its chain says so.",
        discussion: """
            A document goes whole, also where a value inside of it is named. FIELD is inputs, inputs.customer.email, outputs, prompts, answers, everything, or a \
            step's: steps.draft.output, .prompt, .answer, .items, .message, .stdout, .stderr; with an item or a pass steps.each[3].output. Texts of the \
            workflow's own files stay with prompts and everything. A document that other runs have too is taken out only with --everywhere, and then each says so. \
            What facts themselves hold, such as tags, messages of errors and notes of people, stays: it is what the chain proves. \
            Copies of the ledger and bundles that were made before are not touched.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'. It must have ended.") var id: String
    @Option(help: ArgumentHelp("What goes. May be repeated.", valueName: "path")) var field: [String]
    @Option(help: ArgumentHelp("A word for the record.", valueName: "text")) var reason: String?
    @Option(help: ArgumentHelp("Who says so; by default the user of the system.", valueName: "name")) var by: String?
    @Flag(help: "Also where other runs have the same document.") var everywhere = false
    @Flag(help: "Only say what would go.") var dryRun = false
    @Flag(help: "Do it; without it only what would go is said.") var yes = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if dryRun, yes { throw ValidationError("--dry-run and --yes exclude each other") }
    }

    func run() async throws {
        let composition = Composition(settings: try global.settings())
        let archive = try composition.archive()
        let record = try await archive.requireRecord(id)
        let paths = try field.map { try DocumentPath.parse($0, isWhole: false) }
        let transcript = archive.transcript(of: record)
        let fields = try await transcript.documentFields()
        let gone = try await transcript.redacted()
        var chosen: [DocumentFields.Entry] = []
        var seen: Set<ContentHash> = []
        for path in paths {
            let documents = path.chosen(of: fields).filter { !gone.contains($0.hash) }
            try await look(path, documents, isKnown: !path.chosen(of: fields).isEmpty, record, transcript)
            for document in documents where seen.insert(document.hash).inserted { chosen.append(document) }
        }
        let redactor = Output.secrets.redactor
        let request = RedactionRequest(
            run: record.id, documents: chosen.map(\.hash), fields: field.map { redactor.redact($0) }, by: redactor.redact(by ?? Approve.user), reason: reason.map { redactor.redact($0) }, everywhere: everywhere,
            at: .now())
        let upkeep = try composition.ledgerUpkeep()
        defer { upkeep.close() }
        let done = try upkeep.redact(request, isDry: !yes)
        if json {
            Output.line(JSONEncoding.pretty.string(RedactionReport.json(record.id, chosen, done, isDry: !yes)))
        } else {
            Output.write(styled: RedactionReport.text(record.id, chosen, done, isDry: !yes, style: Output.style))
        }
        if !yes, !dryRun { Output.note("nothing was changed: with --yes it is done\n") }
        if done.isInLog { Output.note("another process reads from the ledger's log, where the documents stand until it is done: run `agentctl db vacuum` then\n") }
    }

    /// Whether there is what a path names, down to the value inside of the document.
    private func look(_ path: DocumentPath, _ documents: [DocumentFields.Entry], isKnown: Bool, _ run: RunRecord, _ transcript: any RunTranscript) async throws {
        if documents.isEmpty {
            if isKnown { throw UsageError("what '\(path.text)' names of run \(run.id) is redacted already") }
            throw UsageError("run \(run.id) has no document at '\(path.text)'", hint: "its steps: agentctl show \(run.id)")
        }
        if path.inner.isEmpty { return }
        let bytes = try await transcript.documents(documents.map(\.hash))
        let hasValue = documents.contains { document in
            bytes[document.hash].flatMap { try? JSONParser.parse($0) }.map { path.value(in: $0) != nil } ?? false
        }
        if !hasValue { throw UsageError("'\(path.document)' of run \(run.id) has nothing at '\(path.inner.joined(separator: "."))'", hint: "name the document alone: \(path.document)") }
        Output.note("'\(path.text)' is a part of a document: the whole of \(path.document) goes\n")
    }
}
