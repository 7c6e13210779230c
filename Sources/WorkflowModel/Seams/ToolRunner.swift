import Values

/// Where the engine meets programs.
public protocol ToolRunner: Sendable {
    /// Runs a program to its end. A non-zero exit is a result. Cancellation of the task ends the program and its children.
    func run(_ invocation: CommandInvocation) async -> CommandResult
}

/// A program to run.
public struct CommandInvocation: Sendable {
    /// The program and its arguments; one element, a command line, with a shell.
    public let argv: [String]
    public let usesShell: Bool
    public let stdin: [UInt8]
    /// On top of the inherited environment.
    public let environment: [(key: String, value: String)]
    /// Variables that are inherited although they hold secrets.
    public let passed: [String]
    public let timeout: TimeSpan

    public init(
        argv: [String], usesShell: Bool, stdin: [UInt8], environment: [(key: String, value: String)], passed: [String] = [], timeout: TimeSpan
    ) {
        self.argv = argv
        self.usesShell = usesShell
        self.stdin = stdin
        self.environment = environment
        self.passed = passed
        self.timeout = timeout
    }
}

/// What came of it.
public enum CommandResult: Sendable {
    /// It ended by itself. Secrets are taken out; `stderr` is cut to its last 8 KiB.
    case exited(code: Int, stdout: [UInt8], stderr: String)
    case signalled(Int, stderr: String)
    /// It could not be started, ran out of time, wrote too much, or was cancelled.
    case failed(StepFailure)
}
