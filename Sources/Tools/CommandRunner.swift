import HTTP
import Subprocess
import SystemPackage
import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs the programs of `run` steps in the project's root, each in a process group of its own, so that a Ctrl-C in the
/// terminal reaches agentctl alone and a stop reaches the program's children too.
///
/// What a program prints may hold a secret that it read for itself: it is taken out before anybody sees it.
public struct CommandRunner: ToolRunner {
    /// A longer output fails the step: it would go into the ledger whole.
    public static let maxOutputBytes = 16 << 20
    static let stderrTailBytes = 8 << 10

    private let root: String
    private let secrets: SecretBook
    private let withheld: TextSet

    /// - Parameters:
    ///   - root: absolute path of the folder that programs start in.
    ///   - secrets: what is taken out of what programs print.
    ///   - withheld: variables of the environment that programs do not see unless their step names them.
    public init(root: String, secrets: SecretBook = SecretBook(), withheld: TextSet = []) {
        self.root = root
        self.secrets = secrets
        self.withheld = withheld
    }

    public func run(_ invocation: CommandInvocation) async -> CommandResult {
        guard let program = invocation.argv.first, !program.isEmpty else {
            return .failed(StepFailure(.command, "run needs a program to run"))
        }
        let executable: Executable
        let arguments: Arguments
        if invocation.usesShell {
            executable = .path("/bin/sh")
            arguments = ["-c", program]
        } else {
            // With a slash it is a path from the root; without one it is looked up in PATH.
            executable = program.contains("/") ? .path(FilePath(root).pushing(FilePath(program))) : .name(program)
            arguments = Arguments(Array(invocation.argv.dropFirst()))
        }
        var overrides: [Environment.Key: String?] = [:]
        for name in withheld where !invocation.passed.contains(name) { overrides.updateValue(nil, forKey: Environment.Key(stringLiteral: name)) }
        for (key, value) in invocation.environment { overrides[Environment.Key(stringLiteral: key)] = value }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2)),
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100)),
        ]
        let configuration = Configuration(
            executable: executable, arguments: arguments, environment: .inherit.updating(overrides),
            workingDirectory: FilePath(root), platformOptions: options)

        let outcome = await withTaskGroup(of: CommandResult?.self) { group in
            group.addTask { await Self.execute(configuration, stdin: invocation.stdin, program: program) }
            group.addTask {
                try? await Task.sleep(for: invocation.timeout.swiftDuration)
                return nil
            }
            // Whichever ends first ends the other: the program by its teardown, the clock by cancellation.
            let first = await group.next()!
            group.cancelAll()
            return first
        }
        if Task.isCancelled { return .failed(StepFailure(.cancelled, "stopped")) }
        return outcome?.redacted(by: secrets.redactor) ?? .failed(StepFailure(.timeout, "the program did not end within \(invocation.timeout)"))
    }

    private static func execute(_ configuration: Configuration, stdin: [UInt8], program: String) async -> CommandResult {
        guard let input = UnnamedFile.holding(stdin) else {
            let code = errno
            let why = OpenFileLimit.explanation(of: code) ?? String(cString: strerror(code))
            return .failed(StepFailure(.command, "the program's input could not be written: \(why)"))
        }
        do {
            let result = try await Subprocess.run(
                configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .bytes(limit: maxOutputBytes),
                error: .sequence
            ) { execution in
                var tail: [UInt8] = []
                for try await chunk in execution.standardError {
                    chunk.withUnsafeBytes { tail.append(contentsOf: $0) }
                    if tail.count > 2 * stderrTailBytes { tail.removeFirst(tail.count - stderrTailBytes) }
                }
                return tail
            }
            let stderr = String(decoding: result.closureResult, as: UTF8.self)
            switch result.terminationStatus {
            case .exited(let code): return .exited(code: Int(code), stdout: result.standardOutput, stderr: stderr)
            case .signaled(let signal): return .signalled(Int(signal), stderr: stderr)
            }
        } catch let error as SubprocessError {
            switch error.code {
            case .executableNotFound:
                return .failed(StepFailure(.commandNotFound, "there is no program '\(program)'", details: ["paths with a slash start at the project's root; others are looked up in PATH"]))
            case .outputLimitExceeded:
                return .failed(StepFailure(.command, "the program wrote more than \(maxOutputBytes >> 20) MiB"))
            default: return .failed(failure(error, error.underlyingError))
            }
        } catch {
            return .failed(failure(error, error as? Errno))
        }
    }

    private static func failure(_ error: any Error, _ reason: Errno?) -> StepFailure {
        let why = reason.flatMap { OpenFileLimit.explanation(of: $0.rawValue) } ?? "\(error)"
        return StepFailure(.command, "the program could not be run: \(why)")
    }
}

extension CommandResult {
    /// Without secrets, and then cut: a secret that is cut first would be found by less.
    func redacted(by redactor: Redactor) -> CommandResult {
        func tail(_ text: String) -> String {
            let clean = redactor.redact(text)
            return clean.utf8.count > CommandRunner.stderrTailBytes ? String(decoding: clean.utf8.suffix(CommandRunner.stderrTailBytes), as: UTF8.self) : clean
        }
        switch self {
        case .exited(let code, let stdout, let stderr): return .exited(code: code, stdout: redactor.redact(stdout), stderr: tail(stderr))
        case .signalled(let signal, let stderr): return .signalled(signal, stderr: tail(stderr))
        case .failed(let failure): return .failed(failure.redacted(by: redactor))
        }
    }
}
