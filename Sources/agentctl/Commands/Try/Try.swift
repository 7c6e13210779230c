import ArgumentParser

struct Try: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try a part of a workflow by itself; nothing is run, nothing is recorded.",
        subcommands: [
            TryExpr.self,
            TryPrice.self,
            TryPrompt.self,
            TrySchema.self,
            TryTokens.self,
        ])
}
