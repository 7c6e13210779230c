import Foundation
import Testing
import Values
import WorkflowModel

@testable import Tools

/// Programs as `run` steps start them: real processes.
@Suite struct CommandRunnerTests {
    private let folder: String

    init() throws {
        // As the system knows it, without links.
        folder = try #require(realpath(NSTemporaryDirectory(), nil).map { String(cString: $0) }) + "/tools-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func run(
        _ argv: [String], shell: Bool = false, stdin: String = "", environment: [(key: String, value: String)] = [], passed: [String] = [],
        timeout: TimeSpan = .seconds(300), withheld: TextSet = [], secrets: SecretBook = SecretBook()
    ) async -> CommandResult {
        await CommandRunner(root: folder, secrets: secrets, withheld: withheld).run(
            CommandInvocation(
                argv: argv, usesShell: shell, stdin: Array(stdin.utf8), environment: environment, passed: passed, timeout: timeout))
    }

    /// Of a program that ended by itself.
    private func exit(_ result: CommandResult) throws -> (code: Int, stdout: String, stderr: String) {
        guard case .exited(let code, let stdout, let stderr) = result else { throw StepFailure(.command, "\(result)") }
        return (code, String(decoding: stdout, as: UTF8.self), stderr)
    }

    private func failure(_ result: CommandResult) -> StepFailure? {
        if case .failed(let failure) = result { return failure }
        return nil
    }

    @Test func aProgramReadsItsInputAndEndsWithACode() async throws {
        let ended = try exit(await run(["cat; echo oops >&2; exit 7"], shell: true, stdin: "hello\0there"))
        #expect(ended.code == 7 && ended.stdout == "hello\0there" && ended.stderr == "oops\n")
    }

    @Test func argumentsAreNoCommandLine() async throws {
        #expect(try exit(await run(["printf", "%s|", "a b", "$HOME", "*"])).stdout == "a b|$HOME|*|")
    }

    @Test func itStartsInTheRootAndAPathBeginsThere() async throws {
        #expect(try exit(await run(["pwd"], shell: true)).stdout == folder + "\n")
        let script = folder + "/hello"
        try "#!/bin/sh\necho hi from here\n".write(toFile: script, atomically: true, encoding: .utf8)
        chmod(script, 0o755)
        #expect(try exit(await run(["./hello"])).stdout == "hi from here\n")
    }

    @Test func aProgramThatIsNotThereIsNamed() async {
        #expect(failure(await run(["no-such-program-here"]))?.kind == .commandNotFound)
        #expect(failure(await run([""]))?.message == "run needs a program to run")
    }

    /// It need not read what it is given, however much that is.
    @Test func inputThatNobodyReadsIsNoFailure() async throws {
        #expect(try exit(await run(["true"], stdin: String(repeating: "x", count: 1 << 20))).code == 0)
    }

    @Test func secretsOfTheEnvironmentAreWithheldUnlessNamed() async throws {
        let see = ["env"]
        let own = try exit(await run(see, environment: [("A", "b=c")], withheld: ["HOME"])).stdout.split(separator: "\n")
        #expect(own.contains("A=b=c") && !own.contains { $0.hasPrefix("HOME=") })
        let named = try exit(await run(see, passed: ["HOME"], withheld: ["HOME"])).stdout.split(separator: "\n")
        #expect(named.contains { $0.hasPrefix("HOME=") } == (ProcessInfo.processInfo.environment["HOME"] != nil))
        let given = try exit(await run(see, environment: [("HOME", "/elsewhere")], withheld: ["HOME"])).stdout.split(separator: "\n")
        #expect(given.contains("HOME=/elsewhere"))
    }

    /// The group of the program ends, not the program alone: a child would hold its output open.
    @Test(.timeLimit(.minutes(2))) func whoTakesTooLongEndsWithItsChildren() async {
        let result = await run(["sleep 3600 & wait"], shell: true, timeout: .milliseconds(200))
        #expect(failure(result)?.kind == .timeout)
    }

    @Test func aSignalIsNoExitCode() async {
        guard case .signalled(let signal, _) = await run(["kill -9 $$"], shell: true) else {
            Issue.record("it did not end by a signal")
            return
        }
        #expect(signal == SIGKILL)
    }

    @Test func outputBeyondItsBoundFails() async {
        let result = await run(["head -c \(CommandRunner.maxOutputBytes + 1) /dev/zero"], shell: true)
        #expect(failure(result)?.message == "the program wrote more than 16 MiB")
    }

    @Test func secretsAreTakenOutBeforeTheTailIsCut() async throws {
        let secret = "sk-" + String(repeating: "9f3b", count: 8)
        let book = SecretBook([Secret(name: "the key", value: secret)])
        let said = try exit(await run(["echo '{\"key\": \"\(secret)\"}'; echo \(secret) >&2"], shell: true, secrets: book))
        #expect(!said.stdout.contains("9f3b9f3b") && !said.stderr.contains("9f3b9f3b"))
        // The cut would go through it.
        let noise = CommandRunner.stderrTailBytes - 12
        let long = try exit(await run(["printf %s \(secret) >&2; head -c \(noise) /dev/zero | tr '\\0' x >&2"], shell: true, secrets: book))
        #expect(long.stderr.utf8.count <= CommandRunner.stderrTailBytes)
        #expect(!long.stderr.contains("9f3b9f3b"))
    }
}
