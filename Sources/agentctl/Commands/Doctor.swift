import ArgumentParser
import Reports
import Values

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the project, the providers, the ledger and the machine; a line for each, with a way out.",
        discussion: """
            Each provider of the project file, and each built-in one whose key is set, is asked for its list of models, which \
            costs nothing; keys are never printed. Nothing is created or changed. Exits with 3 when there is a problem; \
            warnings alone are a success.
            """)

    @Flag(help: "Ask no server.") var offline = false
    @Flag(help: "The findings as JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let report = HealthReport(try await FactGathering(global: global, offline: offline).facts())
        Output.write(styled: json ? JSONEncoding.pretty.string(report.json) + "\n" : report.text(style: Output.style))
        if !report.isGood { throw CommandEnd(code: ExitCodes.unhealthy) }
    }
}
