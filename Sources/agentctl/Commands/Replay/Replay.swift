import ArgumentParser
import Values
import WorkflowModel

/// Recorded facts through the machines of today. Three ways to use that, a file each: one run, a folder of bundles, a fork.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run what was recorded of a run through the same machines again, with nobody asked.")

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String?
    @Option(help: ArgumentHelp("Go by this workflow in place of the recorded one.", valueName: "workflow.yaml"), completion: .workflowFile) var workflow: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var golden: GoldenOptions
    @OptionGroup var fork: ForkOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        if golden.folder != nil { return try await golden.run(global) }
        if fork.isMeant { return try await fork.run(id, global, file: workflow, json: json) }
        throw ValidationError("not there yet")
    }
}
