import ArgumentParser
import WorkflowModel

struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "What an escalation gate comes to, before it is used and after.", subcommands: [GateSimulate.self, GateExportCommand.self])
}
