import Engine
import Values
import WorkflowModel

/// Programs that end by a script, after a latency of virtual time.
public final class ScriptedTools: ToolRunner {
    public typealias Script = @Sendable (CommandInvocation) -> CommandResult

    private let clock: any EngineClock
    private let latency: TimeSpan
    private let script: Script
    private let seen = Mutex<[CommandInvocation]>([])

    public init(
        clock: any EngineClock, latency: TimeSpan = .milliseconds(10),
        script: @escaping Script = { .exited(code: 0, stdout: Array($0.argv.joined(separator: " ").utf8), stderr: "") }
    ) {
        self.clock = clock
        self.latency = latency
        self.script = script
    }

    public var invocations: [CommandInvocation] { seen.withLock { $0 } }

    public func run(_ invocation: CommandInvocation) async -> CommandResult {
        seen.withLock { $0.append(invocation) }
        do { try await clock.sleep(for: latency) } catch { return .failed(StepFailure(.cancelled, "stopped")) }
        return script(invocation)
    }
}
