import ArgumentParser

/// Bundles as regression tests.
struct GoldenOptions: ParsableArguments {
    @Option(name: .customLong("golden"), help: ArgumentHelp("Replay every bundle of a folder.", valueName: "folder"), completion: .directory) var folder: String?

    func run(_ global: GlobalOptions) async throws { throw ValidationError("not there yet") }
}
