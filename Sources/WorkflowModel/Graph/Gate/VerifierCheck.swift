import Values

/// A program that looks at an answer: exit code 0 passes. Where it prints a JSON object, `passed` in it is what it found, and `score` its score.
public final class VerifierCheck: Sendable {
    /// Without a shell; what stands under `with` is the JSON that it reads.
    public let command: CommandStep
    /// `nil`: that of the step.
    public let timeout: TimeSpan?

    package init(command: CommandStep, timeout: TimeSpan?) {
        self.command = command
        self.timeout = timeout
    }
}
