import ArgumentParser

struct Db: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the ledger's file, or make it smaller.",
        subcommands: [
            DbCheck.self,
            DbVacuum.self,
        ])
}
