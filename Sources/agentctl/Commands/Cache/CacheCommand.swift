import ArgumentParser

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "What the cache of a prompt's beginning saves.", subcommands: [CacheSimulate.self, CacheReportCommand.self])
}
