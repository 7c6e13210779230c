import ArgumentParser
import Reports
import Values
import WorkflowModel

struct CacheReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What prompt caches saved, by what was recorded.",
        discussion: """
            What was read, written and paid is what servers said. What could have been read, and what the provider would have saved by itself, is found by a model of its cache in the prefixes \
            of recorded plans, and stands apart. Less than nothing is shown as that.
              agentctl cache report triage --since 30d --by step,model
              agentctl cache report --finance --csv
            """)

    @Argument(help: "Only this workflow.") var workflow: String?
    @Option(help: ArgumentHelp("Dimensions, separated by commas: \(CacheDimension.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "a,b")) var by: String?
    @Option(help: ArgumentHelp("Only calls begun then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only calls begun before.", valueName: "date")) var until: String?
    @Option(help: ArgumentHelp("Only calls with this tag, the step's over the run's.", valueName: "key=value")) var tag: String?
    @Flag(help: "By month and vendor, with what our marks saved against runs that were kept from them.") var finance = false
    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "As CSV.") var csv = false

    func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
        if finance && by != nil { throw ValidationError("--finance and --by exclude each other: it is by month and vendor") }
    }

    func run() async throws {
        // One that is named twice is one.
        var dimensions: [CacheDimension] = []
        for part in (by ?? "workflow,step,model").parts(at: UInt8(ascii: ",")) {
            let dimension = try Self.dimension(String(part.drop { $0 == " " }))
            if !dimensions.contains(dimension) { dimensions.append(dimension) }
        }
        if dimensions.isEmpty { _ = try Self.dimension("") }
        let selection = try CallFilter(workflow: workflow, since: since, until: until, tag: tag)
        let archive = try Composition(settings: global.settings()).archive()
        let prices = try await archive.keptPriceRows()
        let now = Timestamp.now()
        if finance {
            var account = CacheFinance(prices: prices)
            try await archive.forEachCachedCall(selection.filter, before: CacheAccount.lead) { calls in for call in calls { account.add(call) } }
            let report = CacheFinanceReport(account.result(at: now))
            try await write(report.isEmpty, archive, selection, report.json, report.csv) { report.text(style: $0) }
        } else {
            var account = CacheAccount(by: dimensions, prices: prices)
            var trace = RecordedCacheTrace(archive: archive)
            try await archive.forEachCachedCall(selection.filter, before: CacheAccount.lead) { calls in for call in calls { account.add(call, trace.planned(call)) } }
            let report = CacheReport(account.result(at: now), by: dimensions)
            try await write(report.isEmpty, archive, selection, report.json, report.csv) { report.text(style: $0) }
        }
    }

    private func write(
        _ isEmpty: Bool, _ archive: any RunArchive & SpendingArchive, _ selection: CallFilter, _ document: JSONValue, _ sheet: String, _ text: (TextStyle) -> String
    ) async throws {
        if json { return Output.line(JSONEncoding.pretty.string(document)) }
        if csv { return Output.write(sheet) }
        guard isEmpty else { return Output.write(styled: text(Output.style)) }
        Output.write(try await NothingMatches(archive: archive).text(selection.given, what: "call"))
    }

    private static func dimension(_ text: String) throws -> CacheDimension {
        if let dimension = CacheDimension(rawValue: text) { return dimension }
        let known = CacheDimension.allCases.map(\.rawValue)
        throw UsageError("cannot group by '\(text)'", hint: Suggestion.hint(for: text, in: known) ?? "one of: \(known.joined(separator: ", "))")
    }
}
