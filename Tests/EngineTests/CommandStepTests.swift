import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct CommandStepTests {
    @Test func aCommandGetsItsWithAsJSONAndItsOutputIsParsed() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("{\"docs\": [1]}\n".utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run(
            """
            version: 1
            name: t
            inputs: { q: { type: string } }
            outputs: { docs: "${{ steps.a.output.docs }}", code: "${{ steps.a.exit_code }}" }
            steps:
              - { id: a, run: [search, --for, "${{ inputs.q }}"], with: { query: "${{ inputs.q }}" }, output: { parse: json } }
            """, ["q": "x y"])
        #expect(result.outputs == ["docs": [1], "code": 0])
        let invocation = try #require(tools.invocations.first)
        #expect(invocation.argv == ["search", "--for", "x y"])
        #expect(String(decoding: invocation.stdin, as: UTF8.self) == #"{"query":"x y"}"#)
        #expect(rig.written.story == ["run_started", "step_started a", "command_ended a", "step_succeeded a", "run_ended succeeded"])
    }

    @Test(arguments: [
        ("text", "a\nb\n\n", JSONValue.string("a\nb")), ("text", "a\r\n", JSONValue.string("a")),
        ("jsonl", "{\"t\":\"a\u{2028}b\"}\n\n2\r\n", JSONValue.array([["t": "a\u{2028}b"], 2])), ("json", " [1] ", JSONValue.array([1])),
    ])
    func outputsOfPrograms(parse: String, stdout: String, value: JSONValue) async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array(stdout.utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run(
            """
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output }}" }
            steps:
              - { id: a, run: [p], output: { parse: \(parse) } }
            """)
        #expect(result.outputs == ["a": value])
    }

    @Test(arguments: [
        (CommandResult.exited(code: 3, stdout: [], stderr: "one\ntwo\n"), FailureKind.command, "the program ended with exit code 3", ["stderr: one", "stderr: two"]),
        (.signalled(9, stderr: ""), .command, "the program was ended by signal 9", []),
        (.exited(code: 0, stdout: Array("no".utf8), stderr: ""), .command, "the program's output is not JSON: expected a value at line 1, column 1", []),
        (.exited(code: 0, stdout: [0xFF], stderr: ""), .command, "the program's output is not UTF-8 text", []),
        (.failed(StepFailure(.commandNotFound, "there is no program 'p'")), .commandNotFound, "there is no program 'p'", []),
    ])
    func failuresOfPrograms(result: CommandResult, kind: FailureKind, message: String, details: [String]) async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: ScriptedTools(clock: clock) { _ in result })
        let run = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p], output: { parse: json } }")
        #expect(run.failure == StepFailure(kind, message, details: details))
    }

    @Test func anExitCodeThatIsAllowedIsAResult() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 1, stdout: Array("none".utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run(
            """
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output }}", code: "${{ steps.a.exit_code }}" }
            steps:
              - { id: a, run: [grep, x], ok_exit: [0, 1] }
            """)
        #expect(result.outputs == ["a": "none", "code": 1])
    }

    @Test func aProgramThatRanOutOfTimeIsTriedAgain() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .failed(StepFailure(.timeout, "too slow")) }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p], retry: { max_attempts: 2 } }")
        #expect(result.failure?.kind == .timeout)
        #expect(tools.invocations.count == 2)
    }
}
