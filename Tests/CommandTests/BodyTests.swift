import Foundation
import TestSupport
import Testing
import Values

/// Nested steps through the program: programs that outlast their deadline, and what the commands say of paths.
@Suite struct BodyTests {
    /// The program, and what it started, are gone when the run ends: a run that waited for them would not end.
    @Test(.timeLimit(.minutes(2))) func aDeadlineEndsAProgramAndItsChildren() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            steps:
              - { id: alone, deadline: 200ms, on_error: continue, run: [sleep, "100000"] }
              # So long that the child is there before, on a slow machine too.
              - { id: child, deadline: 10s, on_error: continue, shell: true, run: "trap 'exit 3' TERM; sleep 100000 & echo $! > child.pid; wait" }
              - { id: passes, deadline: 200ms, on_error: continue, loop: { max: 9, steps: [{ id: nap, run: [sleep, "100000"] }] } }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 0, "\(run.err)")
        let nodes = try #require(try await sandbox.agentctl("show", "last", "--json").json?["nodes"]?.arrayValue)
        for path in ["alone", "child", "passes"] {
            #expect(nodes.first { $0["path"]?.stringValue == path }?["failure"]?["kind"] == "deadline", "\(path)")
        }
        #expect(nodes.first { $0["path"] == "passes[0]/nap" }?["status"] == "cancelled")
        let child = try String(contentsOfFile: sandbox.path("child.pid"), encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
        #expect(status == nil || status!.contains(") Z "), "the child still runs")
    }

    @Test func theReportsKnowStepsByTheirPaths() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "letter.yaml",
            """
            version: 1
            name: letter
            models: { m: { use: stub/echo } }
            inputs: { topic: { type: string } }
            steps: [{ id: draft, model: m, prompt: "${{ inputs.topic }}", limits: { max_output_tokens: 20 } }]
            outputs: { text: "${{ steps.draft.output }}" }
            """)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            models: { m: { use: stub/echo } }
            defaults: { model: m, limits: { max_output_tokens: 20 } }
            steps:
              - { id: a, for_each: { items: "['x', 'y']" }, steps: [{ id: draft, prompt: "${{ item }}" }] }
              - { id: b, loop: { max: 2, steps: [{ id: draft, prompt: "${{ pass.index }}" }] } }
              - { id: c, workflow: letter.yaml, with: { topic: rain } }
            outputs: { a: "${{ steps.a.output }}", c: "${{ steps.c.output.text }}" }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 0, "\(run.err)")
        #expect(run.json?["calls"] == 5)
        let audit = try await sandbox.agentctl("audit", "--by", "step", "--json")
        let rows = try #require(audit.json?["rows"]?.arrayValue, "\(audit.out)")
        #expect(Set(rows.map { "\($0["keys"]?["step"]?.stringValue ?? "") \($0["calls"]?.intValue ?? 0)" }) == ["w:a/draft 2", "w:b/draft 2", "w:c/draft 1"], "\(audit.out)")
        // What a plan expects of a step comes from that step, not from another of its id.
        let plan = try #require(try await sandbox.agentctl("plan", "w.yaml", "--json").json)
        let steps = plan["steps"]?.arrayValue ?? []
        #expect(steps.compactMap { $0["id"]?.stringValue } == ["a", "a/draft", "b", "b/draft", "c", "c/draft"])
        let expected = steps.compactMap { $0["amounts"]?["expected_usd"]?.stringValue.flatMap(Double.init) }
        #expect(expected.count == 6 && expected[5] > 0 && expected[1] > expected[5] && expected[0] == expected[1])
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("├─ ✓ [0]") || show.out.contains("|- + [0]"), "\(show.out)")
        #expect(show.out.contains("2 passes, the most"))
    }
}
