import Expressions
import Values
import WorkflowModel

/// Steps that run a program.
struct CommandRunner: StepRunner {
    let command: CommandStep

    func start(_ node: Node, in run: isolated RunExecution) {
        run.launch(node) { [self] in await execute(node, $0) }
    }

    private func execute(_ node: Node, _ run: isolated RunExecution) async {
        run.recordStart(node)
        let step = run.state.step(node)
        do throws(StepFailure) {
            let invocation = try invocation(step, try run.state.nodeScope(node), run)
            guard await run.road.acquire(run.engine.programLimiter, run) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
            defer { run.engine.programLimiter.release() }
            // The intent is durable before the program starts.
            try await run.commit()
            var failures = 0
            while true {
                run.work.beginEffect(node)
                let startedAt = run.environment.clock.now()
                let result: CommandResult
                if let replay = run.engine.services.replay {
                    result = await replay.program(at: node.path, attempt: failures + 1)
                } else {
                    result = await run.environment.tools.run(invocation)
                }
                run.work.endEffect(node)
                do throws(StepFailure) {
                    run.succeed(node, try output(of: node, attempt: failures + 1, result, since: startedAt, run))
                    break
                } catch {
                    failures += 1
                    guard error.kind == .timeout, step.retry.on.contains(.timeout), failures < step.retry.maxAttempts, !run.isStopping else { throw error }
                    run.outbox.flush()
                }
            }
        } catch {
            run.fail(node, error)
        }
        run.outbox.flush()
    }

    func invocation(_ step: Step, _ scope: RunScope, _ run: isolated RunExecution) throws(StepFailure) -> CommandInvocation {
        try invocation(step, scope, stdin: JSONEncoding.wire.bytes(.object(scope.withValues)), timeout: step.timeout, run)
    }

    /// - Parameter input: what it reads where the command says nothing of that.
    func invocation(
        _ step: Step, _ scope: any Bindings, stdin input: @autoclosure () -> [UInt8], timeout: TimeSpan, _ run: isolated RunExecution
    ) throws(StepFailure) -> CommandInvocation {
        func render(_ template: Template) throws(StepFailure) -> String {
            try StepFailure.evaluating { () throws(EvaluationError) in try template.render(scope) }
        }
        var argv: [String] = []
        for template in command.argv { argv.append(try render(template)) }
        var environment: [(key: String, value: String)] = []
        for (key, template) in command.env { environment.append((key, try render(template))) }
        environment.append(("AGENTCTL_RUN_ID", run.id.text))
        environment.append(("AGENTCTL_STEP", step.id))
        let stdin: [UInt8]
        if let template = command.stdin {
            let value = try StepFailure.evaluating { () throws(EvaluationError) in try template.evaluate(scope) }
            stdin = value.stringValue.map { Array($0.utf8) } ?? JSONEncoding.wire.bytes(value)
        } else {
            stdin = input()
        }
        return CommandInvocation(argv: argv, usesShell: command.usesShell, stdin: stdin, environment: environment, passed: command.passedEnv, timeout: timeout)
    }

    private func output(
        of node: Node, attempt: Int, _ result: CommandResult, since: Timestamp, _ run: isolated RunExecution
    ) throws(StepFailure) -> JSONValue {
        switch result {
        case .failed(let failure): throw failure
        // We ended it: that is no failure of its own.
        case .signalled where Task.isCancelled: throw StepFailure(.cancelled, "stopped")
        case .signalled(let signal, let stderr):
            throw StepFailure(.command, "the program was ended by signal \(signal)", details: Self.lastLines(stderr))
        case .exited(let code, let stdout, let stderr):
            let at = run.environment.clock.now()
            let blob = Blob(stdout)
            run.outbox.append(blob)
            let errors = stderr.isEmpty ? nil : Blob(Array(stderr.utf8))
            if let errors { run.outbox.append(errors) }
            run.record(
                .commandEnded(
                    node.path, attempt: attempt, exitCode: code, stdout: blob.hash, stderr: errors?.hash, milliseconds: at.since(since).milliseconds), at: at)
            guard command.okExit.contains(code) else {
                throw StepFailure(.command, "the program ended with exit code \(code)", details: Self.lastLines(stderr))
            }
            let value = try Self.parse(stdout, command.parse)
            if let schema = command.schema {
                let violations = schema.validate(value).map(\.message)
                if !violations.isEmpty {
                    run.record(.outputRejected(node.path, violations: violations), at: at)
                    throw StepFailure(.outputInvalid, "the program's output does not match output.schema", details: violations)
                }
            }
            return value
        }
    }

    private static func parse(_ stdout: [UInt8], _ parse: CommandStep.Parse) throws(StepFailure) -> JSONValue {
        guard let text = String(validating: stdout, as: UTF8.self) else {
            throw StepFailure(.command, "the program's output is not UTF-8 text")
        }
        do throws(JSONParseError) {
            switch parse {
            case .text:
                // As `$(…)` in a shell: the line ends at the end of the output are not part of the value.
                var value = text.withoutByteOrderMark.utf8[...]
                while value.last == 0x0A {
                    value.removeLast()
                    if value.last == 0x0D { value.removeLast() }
                }
                return .string(String(Substring(value)))
            case .json: return try JSONParser.parse(text)
            case .jsonl:
                var values: [JSONValue] = []
                // Unicode knows more line ends, but they may stand inside a JSON string as they are.
                for line in text.lines where !line.isBlank {
                    values.append(try JSONParser.parse(String(line)))
                }
                return .array(values)
            }
        } catch {
            throw StepFailure(.command, "the program's output is not \(parse == .json ? "JSON" : "JSON lines"): \(error)")
        }
    }

    private static func lastLines(_ text: String) -> [String] {
        text.lines.filter { !$0.isBlank }.suffix(6).map { "stderr: \($0)" }
    }
}
