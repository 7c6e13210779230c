import ArgumentParser
import Reports
import Values
import WorkflowModel

struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove runs that ended long ago, with their documents.",
        discussion: """
            Runs that succeeded, failed or were cancelled go, with their events, steps, calls, approvals and outcomes, and the \
            documents that no other run names. Runs that are under way or wait for a person never go; interrupted ones only when \
            --status names them. Audits do not count removed runs any more, unless --keep-costs keeps their runs, steps and calls \
            without events and documents. Works beside processes that run. The file keeps its size until `agentctl db vacuum`.
            """)

    @Option(help: ArgumentHelp("Only runs that ended longer ago than that, such as 30d; or before a date.", valueName: "span|date")) var olderThan: String
    @Option(help: ArgumentHelp("Only runs of this workflow.", valueName: "name")) var workflow: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Only runs that stand so, repeatable: \(Self.statuses.map(\.rawValue).joined(separator: ", ")).", valueName: "status"))
    var status: [String] = []
    @Flag(help: "Keep what audits and plans need: runs, steps, calls and outcomes.") var keepCosts = false
    @Flag(help: "Remove nothing; say what would be removed.") var dryRun = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    private static let statuses: [RunStatus] = [.succeeded, .failed, .cancelled, .interrupted]

    func run() async throws {
        var filter = RemovalFilter(before: try Moments.parse(olderThan), workflow: workflow, keepsCosts: keepCosts)
        if !status.isEmpty {
            filter.statuses = Set(
                try status.map { text in
                    if let known = Self.statuses.first(where: { $0.rawValue == text }) { return known }
                    if RunStatus(rawValue: text) != nil { throw UsageError("a run that is \(text) is never removed", hint: "end it first: agentctl cancel RUN") }
                    let known = Self.statuses.map(\.rawValue)
                    throw UsageError("there is no status '\(text)'", hint: Suggestion.hint(for: text, in: known) ?? "one of: \(known.joined(separator: ", "))")
                })
        }
        let composition = Composition(settings: try global.settings())
        let removal = try remove(filter, composition)
        if json {
            Output.line(JSONEncoding.pretty.string(RemovalReport.json(removal, isDry: dryRun)))
        } else {
            Output.write(RemovalReport.text(removal, isDry: dryRun, keepsCosts: keepCosts))
            if removal.runs == 0 { Output.write(try await NothingMatches(archive: composition.archive()).text(filters(filter))) }
        }
    }

    private func remove(_ filter: RemovalFilter, _ composition: Composition) throws -> Removal {
        let upkeep = try composition.ledgerUpkeep()
        defer { upkeep.close() }
        return try upkeep.remove(filter, isDry: dryRun)
    }

    private func filters(_ filter: RemovalFilter) -> [NothingMatches.Filter] {
        var filters: [NothingMatches.Filter] = [.olderThan(olderThan, filter.before)]
        if let workflow { filters.append(.workflow(workflow)) }
        // Of several, none has a run where each has none.
        if status.count == 1 { filters.append(.status(status[0])) }
        return filters
    }
}
