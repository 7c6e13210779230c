import ArgumentParser

/// A new run from the middle of a recorded one.
struct ForkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Fork: what comes before this step as it was recorded, the rest live.", valueName: "step")) var from: String?

    func run(_ id: String?, _ global: GlobalOptions) async throws { throw ValidationError("not there yet") }
}
