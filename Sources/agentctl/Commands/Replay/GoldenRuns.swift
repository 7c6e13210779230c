import ArgumentParser
import Bundles
import Engine
import Foundation
import Reports
import Values
import WorkflowLoading
import WorkflowModel

/// Replays the bundles of a folder, one after the other, and tells what each came to.
struct GoldenRuns {
    let folder: String
    let settings: Settings
    let global: GlobalOptions
    let replay: (any RunTranscript, Settings) async throws -> ReplayReport

    static let ending = ".bundle"

    func run(update: Bool, isSure: Bool, junit: String?, json: Bool) async throws {
        let names = try bundles()
        var report = GoldenReport(folder: folder)
        let isText = !json && junit != "-"
        for name in names {
            let entry = await entry(name)
            report.entries.append(entry)
            // One by one: a folder may have hundreds.
            if isText, !update || entry.verdict == .ok || entry.verdict == .redacted {
                Output.write(styled: GoldenReport.text(entry, style: Output.style))
                Output.flush()
            }
        }
        if update { try await self.update(&report, isSure: isSure, isText: isText) }
        if json { Output.line(JSONEncoding.pretty.string(report.json)) }
        if let junit {
            if junit == "-" { Output.write(report.junit) } else { try WholeFile.replace(junit, with: Output.secrets.redactor.redact(report.junit)) }
        }
        if isText { Output.write(styled: report.summary(style: Output.style)) }
        Output.flush()
        if report.entries.contains(where: { $0.verdict == .unreadable && $0.update == nil }) { throw CommandEnd(code: ExitCodes.code(.corrupt)) }
        if report.entries.contains(where: { $0.verdict == .different && $0.update == nil }) { throw CommandEnd(code: ExitCodes.differs) }
    }

    /// The names of the bundles, sorted by their bytes.
    private func bundles() throws -> [String] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw UsageError("cannot read the folder \(folder)", hint: "name the folder of the bundles")
        }
        let bundles = names.filter { $0.endsWithBytes(of: Self.ending) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if bundles.isEmpty {
            throw UsageError("\(folder) has no bundle: no file in it ends with \(Self.ending)", hint: "make one: agentctl export RUN --bundle \(ShellWord.of("\(folder)/NAME\(Self.ending)"))")
        }
        return bundles
    }

    private func path(_ name: String) -> String { folder.endsWithBytes(of: "/") ? folder + name : "\(folder)/\(name)" }

    private func entry(_ name: String) async -> GoldenReport.Entry {
        let clock = ContinuousClock()
        let start = clock.now
        func time() -> TimeSpan { .milliseconds(Int64((clock.now - start) / .milliseconds(1))) }
        let bundle: RunBundle
        do { bundle = try RunBundle(path(name)) } catch { return GoldenReport.Entry(name: name, problem: error.description, time: time()) }
        let (run, workflow) = (bundle.header.run, bundle.header.workflow)
        do {
            let found = try await replay(bundle.transcript, settings)
            return GoldenReport.Entry(name: name, run: run, workflow: workflow, report: found, time: time())
        } catch {
            return GoldenReport.Entry(name: name, run: run, workflow: workflow, problem: Failures.message(of: error), time: time())
        }
    }

    // MARK: Recording anew

    /// What is to be run anew in place of a bundle.
    private struct Renewal {
        let index: Int
        let graph: WorkflowGraph
        let inputs: JSONObject
        let plan: Plan
        /// How the recorded run ended.
        let status: RunStatus?
    }

    /// Runs what is different anew and writes the new runs in place of the old ones.
    private func update(_ report: inout GoldenReport, isSure: Bool, isText: Bool) async throws {
        let session = RunSession(Composition(settings: settings)) { Output.note($0 + "\n") }
        defer { session.close() }
        var renewals: [Renewal] = []
        for index in report.entries.indices where report.entries[index].verdict == .different {
            let renewal = try await renewal(index, report.entries[index], session)
            Output.note("\(report.entries[index].name): \(PlanReport.line(renewal.plan))\n")
            renewals.append(renewal)
        }
        for renewal in renewals {
            if isSure { report.entries[renewal.index].update = try await renew(report.entries[renewal.index].name, renewal, session) }
        }
        if isText {
            for entry in report.entries where entry.verdict == .different || entry.verdict == .unreadable { Output.write(styled: GoldenReport.text(entry, style: Output.style)) }
        }
        if !renewals.isEmpty, !isSure { Output.note("nothing was run: with --yes these are recorded anew\n") }
    }

    private func renewal(_ index: Int, _ entry: GoldenReport.Entry, _ session: RunSession) async throws -> Renewal {
        let bundle = try RunBundle.proved(path(entry.name))
        let transcript = bundle.transcript
        guard let start = try await transcript.events(after: 0, most: 1).first else { throw UsageError("\(entry.name) has no facts") }
        guard start.payload["fork"] == nil else {
            throw UsageError("\(entry.name) cannot be recorded anew: it is a fork", hint: "fork its run again, and export that fork in its place")
        }
        func document(_ key: String) async throws -> JSONValue? {
            guard let hash = start.payload[key]?.stringValue.flatMap(ContentHash.init(hex:)) else { return nil }
            let bytes = try await transcript.documents([hash])[hash]
            return bytes.flatMap { try? JSONParser.parse($0) }
        }
        guard let inputs = try await document("inputs")?.objectValue else {
            throw UsageError("\(entry.name) cannot be recorded anew: its inputs are redacted or left out", hint: "run its workflow with other inputs, and export that run in its place")
        }
        let changes = try await document("sources").flatMap(RecordedSources.init(manifest:))?.changes ?? []
        let graph = try WorkflowSource.load(file(bundle.header.file), settings, runs: true).applying(changes)
        let bound = try InputBinding.bind(inputs, to: graph)
        try session.readSecrets(of: graph)
        let plan = try await session.planner(of: graph).plan(inputs: bound)
        if let refusal = plan.refusal { throw refusal }
        let status = try await status(of: transcript)
        return Renewal(index: index, graph: graph, inputs: bound, plan: plan, status: status)
    }

    private func status(of transcript: any RunTranscript) async throws -> RunStatus? {
        var (status, after) = (nil as RunStatus?, 0)
        while true {
            let events = try await transcript.events(after: after, most: 2_000)
            for event in events where event.kind == RunEvent.Kind.runEnded.rawValue { status = event.payload["status"]?.stringValue.flatMap(RunStatus.init(rawValue:)) }
            guard events.count == 2_000, let last = events.last else { return status }
            after = last.sequence
        }
    }

    /// As it was named from here, else in the project.
    private func file(_ name: String) -> String {
        if access(name, F_OK) == 0 { return name }
        let inProject = "\(settings.project.root)/\(name)"
        return access(inProject, F_OK) == 0 ? inProject : name
    }

    private func renew(_ name: String, _ renewal: Renewal, _ session: RunSession) async throws -> String {
        let engine = try await session.engine(for: renewal.graph)
        let result = try await engine.run(renewal.graph, inputs: renewal.inputs)
        await session.leave()
        let archive = try session.ledger().archive
        guard let record = try await archive.run(result.id.text) else { throw UsageError("there is no run \(result.id)") }
        guard record.status == renewal.status else {
            throw UsageError(
                "\(name) is kept: run \(record.id), which was to take its place, is \(record.status.rawValue), and the recorded one is \(renewal.status?.rawValue ?? "not at its end")",
                hint: "look at it: agentctl show \(record.id)", code: ExitCodes.differs)
        }
        let file = try StreamedFile(path(name))
        _ = try await BundleWriter(archive, record).write { try file.write($0) }
        try file.finish()
        return "recorded anew as \(record.id), \(record.status.rawValue), \(record.spending.cost.displayText)"
    }
}

extension Failures {
    /// In one text, for a report: without a label and without tints.
    static func message(of error: any Error) -> String {
        switch error {
        case let usage as UsageError: return usage.message + (usage.hint.map { "; \($0)" } ?? "")
        case let journal as JournalError: return journal.description
        case let failure as StepFailure: return failure.message
        case let difference as ReplayDifference: return difference.message
        case let diagnostics as Diagnostics: return diagnostics.all.map { "\($0.code): \($0.message)" }.joined(separator: "\n")
        default: return "\(error)"
        }
    }
}
