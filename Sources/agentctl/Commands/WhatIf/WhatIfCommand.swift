import ArgumentParser
import Reports
import Values
import WorkflowModel

struct WhatIfCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if", abstract: "What recorded runs would have cost, and decided, on other terms; no model is asked.",
        discussion: """
            Recorded usage is priced again by the code that settles calls, recorded answers are decided again by the machine of gates, recorded reservations are held against another cap. \
            What no record tells is counted, and its cost bounded. Without anything to vary it says whether every recorded cost comes out of what is recorded.
              agentctl what-if triage --since 30d --vary models.frontier.use=openai/gpt-4o,local/large
              agentctl what-if --vary 'prices.anthropic/*=+20%' --vary prices.openai/gpt-4o.output=12
              agentctl what-if --workflow triage --vary steps.draft.escalate.accept='checks.sure.score > 0.8'
            Values with commas between them, and the same key again, are alternatives side by side; different keys are taken each with each.
            """)

    @Argument(help: "Runs; otherwise all that the filters take. A workflow's name stands for its runs.") var runs: [String] = []
    @Option(
        help: ArgumentHelp("Only this workflow; of a file, by whose gates, models and cap the runs are decided again.", valueName: "name|file"), completion: .workflowFile)
    var workflow: String?
    @Option(help: ArgumentHelp("Only calls begun then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Only calls begun before.", valueName: "date")) var until: String?
    @Option(help: ArgumentHelp("Only calls with this tag, the step's over the run's.", valueName: "key=value")) var tag: String?
    @Option(
        name: .customLong("vary"), parsing: .singleValue,
        help: ArgumentHelp(
            "What to change, repeatable: prices.MODEL[.CLASS], models.TIER.use, steps.STEP.escalate.KEY, budget.max_cost_usd, budget.max_tokens, cache.policy, cache.rules.", valueName: "key=value"))
    var varied: [String] = []
    @Option(help: ArgumentHelp("Prices in place of the recorded ones: a project file, or what 'prices import' reads.", valueName: "file"), completion: .file()) var prices: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let file = workflow.flatMap { $0.endsWithBytes(of: ".yaml") || $0.endsWithBytes(of: ".yml") ? $0 : nil }
        let common = [file.map { "the file \($0)" }, prices.map { "prices of \($0)" }].compactMap(\.self)
        let alternatives = try Alternative.all(varied, common: common.isEmpty ? nil : common.joined(separator: ", "))
        let settings = try file.map { try global.settings(besides: $0) } ?? global.settings()
        let list = try prices.map { try PriceListFile($0, settings) }
        let graph = try file.map { try WorkflowSource.load($0, settings) }
        let composition = Composition(settings: settings)
        let archive = try composition.archive()
        var name = graph?.name ?? workflow
        var ids: [String] = []
        for text in runs {
            // A name in the place of a run.
            if case .none = try await archive.resolveRunID(text), name == nil, try await !archive.runs(filter: RunFilter(workflow: text, limit: 1)).isEmpty {
                name = text
            } else {
                ids.append(try await archive.requireRun(text))
            }
        }
        let selection = try CallFilter(workflow: name, since: since, until: until, tag: tag)
        let study = Study(
            composition: composition, archive: archive, global: global, filter: selection.filter, runs: ids.isEmpty ? nil : ids, list: list, file: graph)
        let result = try await study.result(alternatives)
        let report = WhatIfReport(result, list: list?.name)
        if json { return Output.line(JSONEncoding.pretty.string(report.json)) }
        if result.calls == 0 { return Output.write(try await NothingMatches(archive: archive).text(selection.given, what: "call")) }
        Output.write(styled: report.text(style: Output.style))
    }
}
