import ArgumentParser
import Reports
import Values

struct DbCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the whole ledger; changes nothing.",
        discussion: """
            SQLite's own checks, the schema, the chain, counters and documents of every run, and rows that belong to nothing. \
            Runs that can go on are listed and are no fault. Exits with 44 when there is a fault.
            """)

    @Flag(help: "Look at about a thousand documents instead of all, and leave out what takes SQLite longest.") var quick = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try global.settings()
        let found = try await Composition(settings: settings).archive().checkup(quick: quick)
        if json {
            Output.line(JSONEncoding.pretty.string(CheckupReport.json(found, path: settings.ledgerPath)))
        } else {
            Output.write(styled: CheckupReport.text(found, path: settings.ledgerPath, style: Output.style))
        }
        if !found.faults.isEmpty {
            Output.flush()
            throw CommandEnd(code: ExitCodes.code(.corrupt))
        }
    }
}
