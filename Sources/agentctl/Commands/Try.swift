import ArgumentParser

/// Parts of a workflow tried by hand, without a workflow.
struct Try: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try parts of a workflow by hand; nothing is recorded.", subcommands: [TryExpr.self])
}
