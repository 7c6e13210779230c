import ArgumentParser
import Reports
import Values

struct DbVacuum: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum", abstract: "Write the ledger's file anew, without the room that removed rows left.",
        discussion: """
            Needs as much free space as the ledger takes. No run may be under way: it could not write meanwhile. Exits with 43 when one \
            is, or when another process writes.
            """)

    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let upkeep = try Composition(settings: global.settings()).ledgerUpkeep()
        defer { upkeep.close() }
        let (before, after) = try upkeep.vacuum()
        if json {
            Output.line(JSONEncoding.pretty.string(["bytes_before": .int(before), "bytes_after": .int(after)]))
        } else {
            Output.write(RemovalReport.vacuumText(before: before, after: after))
        }
    }
}
