import ArgumentParser
import Reports
import Values
import WorkflowModel

struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "How two runs, two batches or two versions of a workflow differ.",
        discussion: """
            Two runs: outputs, decisions, tokens and cost by step, and where the difference begins, by what is recorded of requests and answers. Two batches: line by line. \
            Two versions, each as workflow@version, where a version is what 'audit --by version' or '--by release' names, the beginning of one, or a commit: what their decisions cost, \
            with intervals. Exits with 1 where two runs or two batches differ.
              agentctl diff last 20261121-094815-k3f9q2ab
              agentctl diff nightly-1 nightly-2
              agentctl diff triage@v1.4 triage@v1.5 --since 14d
            """)

    @Argument(help: "A run, a batch, or workflow@version.") var first: String
    @Argument(help: "Another of the same kind.") var second: String
    @Flag(help: "The two are batches, whatever runs are called.") var batch = false
    @Option(help: ArgumentHelp("Of versions: only runs started then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Of versions: only runs started before.", valueName: "date")) var until: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let archive = try Composition(settings: global.settings()).archive()
        let names = [first, second].map { $0.cut(atLast: UInt8(ascii: "@")) }
        if !batch, names.contains(where: { $0 != nil }) { return try await versions(archive, names) }
        if since != nil || until != nil { throw UsageError("--since and --until are of two versions of a workflow", hint: "for example agentctl diff triage@v1 triage@v2 --since 7d") }
        if try await areBatches(archive) { return try await batches(archive) }
        try await runs(archive)
    }

    // MARK: Runs

    private func runs(_ archive: any RunArchive & SpendingArchive) async throws {
        let (a, b) = (try await archive.requireRun(first), try await archive.requireRun(second))
        guard let own = try await archive.trace(run: a, maxItems: nil), let other = try await archive.trace(run: b, maxItems: nil) else { throw UsageError("there is no run \(a)") }
        let difference = RunDifference(own, other)
        var outputs: (JSONValue?, JSONValue?)
        if let hash = own.run.outputs { outputs.0 = try await archive.json(hash) }
        if let hash = other.run.outputs { outputs.1 = try await archive.json(hash) }
        let report = RunDiffReport(difference, outputs: outputs, detail: try await detail(of: difference, archive))
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else { Output.write(styled: report.text(style: Output.style)) }
        if !difference.isAlike { throw CommandEnd(code: ExitCodes.differs) }
    }

    /// The texts that differ first, as far as they are kept.
    private func detail(of difference: RunDifference, _ archive: any RunArchive) async throws -> String? {
        guard let first = difference.first else { return nil }
        let hashes: [ContentHash?]
        switch first.cause {
        case .prompt(let a, let b), .input(let a, let b): hashes = [a, b]
        case .answer(let a, let b), .output(let a, let b): hashes = [a, b]
        case .absent, .skipped, .model, .calls, .gate, .failure: return nil
        }
        let texts = try await PromptTexts(archive: archive).texts(hashes.compactMap(\.self))
        guard let a = hashes[0].flatMap({ texts[$0] }), let b = hashes[1].flatMap({ texts[$0] }) else { return nil }
        return UnifiedDiff.text(a.utf8.last == 0x0A ? a : a + "\n", b.utf8.last == 0x0A ? b : b + "\n", file: first.path)
    }

    // MARK: Batches

    private func areBatches(_ archive: any RunArchive) async throws -> Bool {
        if batch { return true }
        // A run goes before a batch of its name.
        for name in [first, second] {
            guard case .none = try await archive.resolveRunID(name), try await archive.hasBatch(name) else { return false }
        }
        return true
    }

    private func batches(_ archive: any RunArchive & SpendingArchive) async throws {
        for name in [first, second] where try await !archive.hasBatch(name) {
            let known = try await archive.runs(filter: RunFilter(limit: 500)).compactMap(\.batch)
            throw UsageError(NothingMatches.known("batch", name, known))
        }
        let report = BatchDiffReport((first, second), (try await archive.runs(ofBatch: first), try await archive.runs(ofBatch: second)))
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else { Output.write(styled: report.text(style: Output.style)) }
        if !report.isAlike { throw CommandEnd(code: ExitCodes.differs) }
    }

    // MARK: Versions

    private func versions(_ archive: any RunArchive & SpendingArchive, _ names: [(before: String, behind: String)?]) async throws {
        guard let a = names[0], let b = names[1] else {
            throw UsageError("both are to be workflow@version", hint: "found '\(first)' and '\(second)'; agentctl audit --by version,release lists versions")
        }
        guard a.before.hasSameBytes(as: b.before) else { throw UsageError("two versions of one workflow are compared, found \(a.before) and \(b.before)") }
        guard !a.behind.isEmpty, !b.behind.isEmpty, !a.behind.hasSameBytes(as: b.behind) else { throw UsageError("two versions are compared, found '\(a.behind)' and '\(b.behind)'") }
        let selection = try CallFilter(workflow: a.before, since: since, until: until, tag: nil)
        var samples = [VersionSample(a.behind), VersionSample(b.behind)]
        var sides: TextTable<Int> = [:]
        // What a name stands for, by how it was found: one that is a release is no hash.
        var found: [TextSet] = [[], []]
        var known: TextSet = []
        try await archive.forEachRun(RunFilter(workflow: a.before, since: selection.filter.since, limit: .max)) { run in
            if let until = selection.filter.until, run.startedAt >= until { return }
            // Of whole runs of decisions: forks, other attempts and what was taken in from elsewhere are none.
            guard run.purpose == .production, run.kind == .workflow else { return }
            if let release = run.release { known.insert(release) } else if let version = run.version { known.insert(String(version.hex.prefix(12))) }
            for side in 0..<2 {
                guard let match = Self.match(samples[side].name, run) else { continue }
                found[side].insert(match)
                samples[side].add(run)
                sides[run.id] = side
                return
            }
        }
        for side in 0..<2 {
            guard samples[side].runs > 0 else {
                let all = known.map { $0 }.sorted()
                if all.isEmpty { return Output.write(try await NothingMatches(archive: archive).text(selection.given)) }
                throw UsageError("no run is of \(a.before)@\(samples[side].name)", hint: Suggestion.hint(for: samples[side].name, in: all) ?? "there are: \(all.prefix(12).joined(separator: ", "))")
            }
            guard found[side].count == 1 else {
                throw UsageError("'\(samples[side].name)' means several versions", hint: found[side].map { $0 }.sorted().prefix(12).joined(separator: ", "))
            }
        }
        try await countGates(archive, selection.filter, sides, &samples)
        let report = VersionDiffReport(a.before, samples[0], samples[1])
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else { Output.write(styled: report.text(style: Output.style)) }
    }

    /// What of a run a name stands for: its release, its version or its commit; `nil`: none.
    private static func match(_ name: String, _ run: RunRecord) -> String? {
        if let release = run.release, release.hasSameBytes(as: name) { return "release \(release)" }
        // A shorter one is met by chance.
        guard name.utf8.count >= 4 else { return nil }
        if let version = run.version?.hex, version.utf8.starts(with: name.utf8) { return "version \(version.prefix(12))" }
        if let commit = run.commit, commit.utf8.starts(with: name.utf8) { return "commit \(commit.prefix(12))" }
        return nil
    }

    /// Executions of gates, and those of which a further tier was asked.
    private func countGates(_ archive: any SpendingArchive, _ filter: AuditFilter, _ sides: TextTable<Int>, _ samples: inout [VersionSample]) async throws {
        // By node of the run that is gone through, the tier that was asked first, and whether another was.
        var (run, tiers) = (nil as String?, TextTable<(first: String, isEscalated: Bool)>())
        func close() {
            guard let side = run.flatMap({ sides[$0] }) else { return tiers.removeAll() }
            samples[side].gates += tiers.count
            samples[side].escalated += tiers.values.count { $0.isEscalated }
            tiers.removeAll()
        }
        try await archive.forEachRecordedCall(filter) { calls in
            for call in calls {
                if run.map({ !$0.hasSameBytes(as: call.run) }) ?? true {
                    close()
                    run = call.run
                }
                guard call.isGated, call.purpose == CallPurpose.try.rawValue || call.purpose == CallPurpose.repair.rawValue else { continue }
                if let known = tiers[call.path] {
                    if !known.first.hasSameBytes(as: call.tier) { tiers[call.path] = (known.first, true) }
                } else {
                    tiers[call.path] = (call.tier, false)
                }
            }
        }
        close()
    }
}
