import ArgumentParser
import Engine
import Values
import WorkflowModel

/// A new run from the middle of a recorded one.
struct ForkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fork: what comes before this step as it was recorded, this one and all that depends on it live; also each[3], review[2]/draft or review/draft.", valueName: "step"))
    var from: String?
    @Flag(help: "With --from, ask the models: the fork is a new run, with a budget of its own.") var live = false
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("With --from, models.TIER.use=PROVIDER/MODEL or budget.max_cost_usd=USD for what is live, repeatable.", valueName: "key=value"))
    var changes: [String] = []
    @Option(
        name: .customLong("input"), parsing: .singleValue,
        help: ArgumentHelp("With --from, an input in place of the recorded one, repeatable; as 'run' takes it.", valueName: "name=value|name=@file"))
    var inputs: [String] = []
    @Option(help: ArgumentHelp("With --from, the most that the fork may cost, in dollars.", valueName: "usd")) var budget: String?
    @Flag(name: .customLong("dry-run"), help: "With --from, price what is live, and stop.") var isDryRun = false
    @Flag(help: "With --from, every event as a line of JSON on stdout.") var events = false
    @Flag(name: [.short, .long], help: "With --from, nothing on stderr but errors.") var quiet = false

    /// Whether anything is said of a fork.
    var isMeant: Bool { from != nil || live || !changes.isEmpty || !inputs.isEmpty || budget != nil || isDryRun || events || quiet }

    /// - Parameters:
    ///   - file: goes by this workflow in place of the recorded one.
    ///   - json: the result as one document.
    func run(_ id: String?, _ global: GlobalOptions, file: String? = nil, json: Bool = false) async throws {
        guard let from else { throw ValidationError("--live, --set, --input, --budget, --dry-run, --events and --quiet go with --from") }
        guard let id else { throw ValidationError("name the run to fork") }
        guard live || isDryRun else {
            throw ValidationError("--from forks the run: what stands behind '\(from)' is asked again and paid. Say --live for that, or --dry-run for its price")
        }
        if json, events { throw ValidationError("--json and --events exclude each other") }
        var output = RunOutput()
        (output.json, output.events, output.quiet) = (json, events, quiet)
        let here = try global.settings()
        let archive = try Composition(settings: here).archive()
        let parent = try await archive.requireRecord(id)
        // Its programs are somebody else's.
        try parent.requireOwn()
        var fork = ForkRun(parent: parent, point: .step(from), archive: archive, here: here, global: global, output: output)
        (fork.file, fork.changes, fork.inputs, fork.isDryRun) = (file, changes + (budget.map { ["budget.max_cost_usd=\($0)"] } ?? []), inputs, isDryRun)
        try await fork.run()
    }
}
