import ArgumentParser
import Bundles
import Reports
import Values
import WorkflowModel

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a run into one file: its workflow, prompts, inputs, facts, answers and prices.",
        discussion: """
            The file, a bundle, is replayed on another machine, imported there by 'agentctl import', and kept as a regression test for \
            'agentctl replay --golden'. It is JSON Lines, the same run gives the same bytes, and what is in it is proved against the hashes in it. It holds what \
            models were asked and said: for others leave documents out, of which it then has the hashes alone. The run is held against itself first, as \
            'agentctl verify' does; one that is not sound is not exported (44).
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Option(help: ArgumentHelp("Where the bundle goes; - is stdout. A file that is there is replaced.", valueName: "file|-"), completion: .file()) var bundle: String
    @Flag(help: "Leave the prompts out: texts of the workflow's own files stay.") var withoutPrompts = false
    @Option(
        help: ArgumentHelp("Leave these documents out: inputs, outputs, answers, prompts, everything, or a step's, such as steps.draft.output. May be repeated.", valueName: "field"))
    var without: [String] = []
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        let record = try await archive.requireRecord(id)
        let paths = try (without + (withoutPrompts ? ["prompts"] : [])).map { try DocumentPath.parse($0, isWhole: true) }
        if let pruned = record.prunedAt { throw UsageError("gc removed the facts of run \(record.id) on \(pruned.dateText): there is nothing left to export") }
        if record.status == .running, !record.isAbandoned, !record.isImported {
            throw UsageError("run \(record.id) is under way: \(record.holder) drives it", hint: "wait for its end, or stop it: agentctl cancel \(record.id)")
        }
        if let found = try await archive.verify(run: record.id, head: nil), !found.isSound {
            Output.note(styled: VerificationReport.text(found, style: Output.errorStyle))
            throw UsageError("run \(record.id) is not as it was recorded, and is not exported", code: ExitCodes.code(.corrupt))
        }
        // Files of the project's secrets are read once; what of them is in the record would leave with it.
        let writer = BundleWriter(archive, record, without: paths)
        if bundle == "-" {
            _ = try await writer.write { line in
                try Self.refuseSecrets(in: line)
                Output.write(filtered: String(decoding: line, as: UTF8.self))
            }
            Output.flush()
            return
        }
        let file = try StreamedFile(bundle)
        let summary = try await writer.write { line in
            try Self.refuseSecrets(in: line)
            try file.write(line)
        }
        try file.finish()
        Output.note("\(bundle): \(BundleReport.line(record.id, summary.counts))\n")
    }

    /// What the record has was written without secrets; one that became known since would leave in the file.
    private static func refuseSecrets(in line: [UInt8]) throws {
        let text = String(decoding: line, as: UTF8.self)
        if Output.secrets.redactor.redact(text).hasSameBytes(as: text) { return }
        throw UsageError("the run's record holds a secret of the project that was not known as one when the run was recorded: it is not exported", hint: "take it out first: agentctl redact")
    }
}

extension BundleWriter.Summary {
    var counts: BundleReport.Counts { BundleReport.Counts(facts: facts, documents: documents, leftOut: leftOut, redacted: redacted, bytes: bytes, head: head) }
}

extension DocumentPath {
    /// - Parameter isWhole: whether a value inside of a document is refused.
    static func parse(_ text: String, isWhole: Bool) throws -> DocumentPath {
        guard let path = DocumentPath(text) else {
            throw UsageError(
                "'\(text)' names no document of a run", hint: "one of: \(DocumentPath.ofRun.joined(separator: ", ")); of a step steps.STEP.\(DocumentPath.ofStep.joined(separator: "|"))")
        }
        if isWhole, !path.inner.isEmpty { throw UsageError("'\(text)' is a part of a document: whole ones are left out", hint: "name the document: \(path.document)") }
        return path
    }

    /// The path without what is inside of the document.
    var document: String { String(text.dropLast(inner.reduce(0) { $0 + $1.count + 1 })) }
}
