import ArgumentParser
import Engine
import Reports
import Values
import WorkflowLoading
import WorkflowModel

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Price a workflow before it runs: best, expected and worst case.",
        discussion: """
            Inputs are optional here: with them, all of the prompts that depend on inputs alone is known. How many tokens a prompt has is by \
            what the model's prompts were billed as before, else at four bytes a token; --count asks the models' servers. Exits with 20 or 21 when the run \
            would be refused.
            """)

    @OptionGroup var source: WorkflowSource
    @OptionGroup var inputs: RunInputs
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Ask the models' servers for the tokens of prompts that are known before the run; nothing is recorded.") var count = false
    @Flag(help: "The plan as JSON.") var json = false
    @OptionGroup var problems: ProblemOptions

    func run() async throws {
        let settings = try global.settings(besides: source.file)
        let graph = try source.load(settings, warns: true)
        let given = inputs.inputs == nil && inputs.single.isEmpty && !graph.inputs.isEmpty ? nil : try inputs.read(for: graph)
        let bound = try given.map { object throws(Diagnostics) in try InputBinding.bind(object, to: graph) }
        let composition = Composition(settings: settings)
        let session = RunSession(composition, say: { _ in })
        defer { session.close() }
        // A plan makes no ledger.
        let archive = try? composition.archive()
        let planner = try await session.planner(of: graph, history: archive, ratiosOf: archive)
        var plan = planner.withCaches(planner.plan(inputs: bound), inputs: bound)
        if count { plan = try await session.counter().counted(plan, of: graph, inputs: bound, files: ProjectAttachments(root: settings.project.root)) }
        Output.write(styled: json ? JSONEncoding.pretty.string(PlanReport.json(plan)) + "\n" : PlanReport.text(plan, style: Output.style))
        if let refusal = plan.refusal { throw CommandEnd(code: ExitCodes.code(refusal.kind)) }
    }
}
