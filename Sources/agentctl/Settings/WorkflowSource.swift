import ArgumentParser
import Economics
import Engine
import Glibc
import Values
import WorkflowLoading
import WorkflowModel

/// The workflow of a command, with what its flags change in it.
struct WorkflowSource: ParsableArguments {
    @Argument(help: "The workflow file.", completion: .workflowFile) var file: String

    @Option(help: ArgumentHelp("The most that a run may cost, in dollars; overrides budget.max_cost_usd.", valueName: "usd"))
    var budget: String?

    @Option(
        name: .customLong("model"), parsing: .singleValue,
        help: ArgumentHelp("Another model for a tier, repeatable.", valueName: "tier=provider/model"))
    var models: [String] = []

    /// The checked graph of a file.
    ///
    /// - Parameters:
    ///   - warns: whether warnings are looked for and printed. A plan shows them; a run, which may be the thousandth, does not.
    ///   - hasBegun: whether a run has begun with it.
    ///   - runs: whether it is to run, which refuses what this version checks and does not do.
    static func load(_ file: String, _ settings: Settings, warns: Bool = false, hasBegun: Bool = false, runs: Bool = false) throws -> WorkflowGraph {
        let loaded = try WorkflowLoader.load(file, root: settings.project.root, secrets: settings.project.secrets, warns: warns, book: Output.secrets, hasBegun: hasBegun)
        let project = settings.project.notExecuted
        let notExecuted = loaded.graph.notExecuted + project.all
        if runs, !notExecuted.isEmpty { throw Diagnostics(notExecuted, sources: loaded.warnings.sources.merging(project.sources) { $1 }) }
        if runs { try refuseSecrets(in: loaded.graph.sources) }
        let warnings = Diagnostics(loaded.warnings.all + (warns ? CacheLint.check(loaded.graph, rules: settings.cacheRules) : []), sources: loaded.warnings.sources)
        if !warnings.all.isEmpty { Output.note(warnings) }
        return loaded.graph
    }

    /// The files of a workflow are kept with each run.
    static func refuseSecrets(in sources: GraphSources) throws {
        let redactor = Output.secrets.redactor
        guard !redactor.isEmpty else { return }
        for file in sources.files {
            guard let name = redactor.secret(in: file.content.bytes) else { continue }
            throw UsageError(
                "\(file.path) holds a secret, \(name): it would be kept with every run", hint: "take it out of the file; a program of a run step reads a key with env: { NAME: }",
                code: ExitCodes.invalidWorkflow)
        }
    }

    /// The names of the file and of models are kept with each run, too, and a model's name is sent.
    private func refuseSecretsInNames() throws {
        let redactor = Output.secrets.redactor
        for (what, text) in [("the name of the workflow's file", file)] + models.map({ ("--model", $0) }) {
            guard let name = redactor.secret(in: text) else { continue }
            throw UsageError("\(what) holds a secret, \(name): it would be kept with every run", hint: "a key is no part of a name; servers get it from api_key: in the project file")
        }
    }

    /// The checked graph with what the flags change in it.
    func load(_ settings: Settings, warns: Bool = false) throws -> WorkflowGraph {
        try refuseSecretsInNames()
        return try Self.changing(try Self.load(file, settings, warns: warns, runs: true), budget: budget, models: models)
    }

    /// A graph with what flags change in it.
    static func changing(_ graph: WorkflowGraph, budget: String?, models: [String]) throws -> WorkflowGraph {
        var graph = graph
        if let budget {
            guard let money = Money(decimal: budget) else {
                throw UsageError(
                    "--budget takes dollars such as 0.25, found '\(budget)'", hint: Money.isBeyond(budget) ? "one amount holds less than $\(Money.max.picoDollars / 1_000_000_000_000)" : nil)
            }
            graph = graph.withBudget(money)
        }
        for override in models {
            guard let (tier, model) = override.cut(at: UInt8(ascii: "=")), let reference = ModelReference(text: model) else {
                throw UsageError("--model takes tier=provider/model, found '\(override)'", hint: "for example --model frontier=local/small")
            }
            guard graph.tier(named: tier) != nil else {
                let names = graph.tiers.map(\.name)
                throw UsageError("the workflow has no tier '\(tier)'", hint: Suggestion.hint(for: tier, in: names) ?? "it has: \(names.joined(separator: ", "))")
            }
            graph = graph.withTier(tier, using: reference)
        }
        return graph
    }
}
