import TestSupport
import Testing
import Values

/// What is said of money and of people, as users read it.
@Suite struct MoneyAndPeopleTests {
    private func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox()
        // Two accounts at one server: the same names of models are two models.
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              fake: { api: openai-chat, base_url: "\(sandbox.server.baseURL)" }
              py: { api: openai-chat, base_url: "\(sandbox.server.baseURL)" }
            prices:
              - { model: "fake/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }
              - { model: "py/*", input_per_mtok_usd: 0, output_per_mtok_usd: 0 }
            """)
        return sandbox
    }

    private let head = "version: 1\nname: t\ndefaults: { retry: { max_attempts: 1 }, limits: { max_input_tokens: 200, max_output_tokens: 32 } }\n"

    /// M1.
    @Test func modelsOfTwoProvidersAreTwo() async throws {
        let sandbox = try sandbox()
        try sandbox.write(
            "t.yaml",
            head + """
                models: { a: { use: fake/stub-fixed }, b: { use: py/stub-fixed } }
                steps: [{ id: one, model: a, prompt: hi }, { id: two, model: b, prompt: hi }]
                """)
        #expect(try await sandbox.agentctl("run", "t.yaml", "-q").code == 0)
        let audit = try await sandbox.agentctl("audit", "--by", "model", "--json")
        #expect(audit.json?["rows"]?.arrayValue?.map { $0["keys"]?["model"] } == ["fake/stub-fixed", "py/stub-fixed"])
        let csv = try await sandbox.agentctl("audit", "--by", "model", "--csv")
        #expect(csv.lines.dropFirst().map { $0.prefix { $0 != "," } } == ["fake/stub-fixed", "py/stub-fixed"])
        let steps = try await sandbox.agentctl("audit", "--by", "step")
        #expect(steps.out.contains("t:one") && steps.out.contains("t:two"), "\(steps.out)")
    }

    /// M4.
    @Test func whoAnsweredIsNamedWithWhoWasAsked() async throws {
        let sandbox = try sandbox()
        try sandbox.write(
            "t.yaml",
            head + """
                models: { a: { use: fake/stub-404, fallback: [py/stub-fixed] } }
                steps: [{ id: one, model: a, prompt: hi }]
                outputs: { said: "${{ steps.one.output }}" }
                """)
        let run = try await sandbox.agentctl("run", "t.yaml")
        #expect(run.err.contains("one  succeeded  py/stub-fixed (asked fake/stub-404)  "), "\(run.err)")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("✓ one      py/stub-fixed (asked fake/stub-404) "), "\(show.out)")
        let node = try await sandbox.agentctl("show", "last", "--json").json?["nodes"]?[0]
        #expect(node?["answered_by"] == "py/stub-fixed" && node?["model_asked"] == "fake/stub-404")
    }

    private let asks = """
        version: 1
        name: asks
        steps:
          - { id: review, approve: { message: "Send it?\\nReally?" } }
          - { id: send, when: steps.review.output.approved, value: "'sent'" }
        outputs: { review: "${{ steps.review.output }}" }
        """

    /// R4, and who it was.
    @Test func aRejectionReadsAsOne() async throws {
        let sandbox = try sandbox()
        try sandbox.write("asks.yaml", asks)
        let run = try await sandbox.agentctl("run", "asks.yaml", "--json")
        #expect(run.code == 4 && run.json?["waits_for"]?[0]?["message"] == "Send it?\nReally?" && run.json?["waits_for"]?[0]?["kind"] == "step", "\(run.out)")
        #expect(run.err.contains("review  waits for a person: Send it? Really?\n") && run.err.contains("  Send it?\n  Really?\n  waits for a person: "), "\(run.err)")
        let waiting = try await sandbox.agentctl("show", "last")
        #expect(waiting.out.contains("  Send it?\n  Really?\n"), "\(waiting.out)")
        let answer = try await sandbox.agentctl("approve", "last", "--no", "--by", "the boss", "--note", "too dear", environment: ["SUDO_USER": "eve"])
        #expect(answer.code == 0 && answer.err.contains("rejected by the boss") && answer.err.contains("  Send it?\n  Really?\n"), "\(answer.err)")
        let resumed = try await sandbox.agentctl("resume", "last")
        #expect(resumed.err.contains("review  rejected by the boss: too dear\n") && !resumed.err.contains("review  succeeded"), "\(resumed.err)")

        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("⊘ review  rejected by the boss: too dear") && show.out.contains("asked: Send it?"), "\(show.out)")
        #expect(show.out.contains(", sudo from eve; $0.00 spent by then"), "\(show.out)")
        let json = try await sandbox.agentctl("show", "last", "--json").json
        let decision = json?["nodes"]?[0]?["decision"]
        #expect(decision?["choice"] == "reject" && decision?["by"] == "the boss" && decision?["note"] == "too dear")
        #expect(decision?["as"]?["uid"]?.intValue != nil && decision?["as"]?["sudo_user"] == "eve" && decision?["as"]?["host"]?.stringValue?.isEmpty == false)
        #expect(json?["approvals"]?[0]?["message"] == "Send it?\nReally?" && json?["asks"] == [])
        let follow = try await sandbox.agentctl("follow", "last")
        #expect(follow.err.contains("review  waits for a person: Send it? Really?\n") && follow.err.contains("review  rejected by the boss: too dear\n"), "\(follow.err)")
        let events = try await sandbox.agentctl("follow", "last", "--events")
        let fact = events.lines.compactMap { try? JSONParser.parse($0) }.first { $0["event"] == "approval_decided" }?["data"]
        #expect(fact?["as"] == decision?["as"] && fact?["number"] == 1 && fact?["spent_usd"] == "0" && fact?["message"]?.stringValue?.count == 64)

        let audit = try await sandbox.agentctl("audit", "--by", "approver", "--json")
        #expect(audit.json?["approvers"]?[0]?["by"] == "the boss" && audit.json?["approvers"]?[0]?["rejected"] == 1, "\(audit.out)")
        let all = try await sandbox.agentctl("approvals", "--all")
        #expect(all.out.contains(", rejected by the boss: too dear\n"), "\(all.out)")
        #expect(try await sandbox.agentctl("verify", "last").code == 0)
    }

    /// R8.
    @Test func valuesAndWhatProgramsSaidAreShown() async throws {
        let sandbox = try sandbox()
        try sandbox.write(
            "t.yaml",
            """
            version: 1
            name: t
            steps:
              - { id: v, value: { n: 1, text: "a b" } }
              - { id: grep, run: [sh, -c, "echo out; echo warned >&2; exit 1"], ok_exit: [0, 1] }
              - { id: each, for_each: { items: "['x', 'y']" }, value: "item + '!'" }
              - { id: bad, on_error: { value: none }, run: [sh, -c, "echo lost; echo broke >&2; exit 3"] }
            outputs: { only: "${{ steps.grep.output }}" }
            """)
        #expect(try await sandbox.agentctl("run", "t.yaml", "-q").code == 0)
        #expect(try await sandbox.agentctl("show", "last", "v").out.contains("    {\n      \"n\": 1,\n      \"text\": \"a b\"\n    }\n"))
        let grep = try await sandbox.agentctl("show", "last", "grep")
        #expect(grep.out.contains("stderr of attempt 1, exit code 1, ") && grep.out.contains("    warned\n") && grep.out.contains("  output\n    out\n"), "\(grep.out)")
        let bad = try await sandbox.agentctl("show", "last", "bad")
        #expect(bad.out.contains("    broke\n") && bad.out.contains("  output\n    none\n"), "\(bad.out)")
        #expect(try await sandbox.agentctl("show", "last", "each[1]").out.contains("    y!\n"))
        let each = try await sandbox.agentctl("show", "last", "each", "--json")
        #expect(each.json?["nodes"]?.arrayValue?.map { $0["output"] } == [["x!", "y!"], "x!", "y!"])
        #expect(try await sandbox.agentctl("outputs", "last").out == "out\n")
        #expect(try await sandbox.agentctl("outputs", "last", "--raw").out == "out")
        #expect(try await sandbox.agentctl("outputs", "last", "--step", "each").json == ["x!", "y!"])
        let unknown = try await sandbox.agentctl("outputs", "last", "--step", "gre")
        #expect(unknown.code == 2 && unknown.err.contains("did you mean 'grep'?"), "\(unknown.err)")
    }

    /// Rejected answers are shown with what was wrong with them; a run without outputs says so.
    @Test func answersThatWereNotTakenAreShown() async throws {
        let sandbox = try sandbox()
        try sandbox.write(
            "t.yaml",
            head + """
                models: { a: { use: py/stub-invalid } }
                steps:
                  - id: one
                    model: a
                    prompt: hi
                    output: { schema: { type: object }, repair: 1 }
                outputs: { said: "${{ steps.one.output }}" }
                """)
        #expect(try await sandbox.agentctl("run", "t.yaml", "-q").code != 0)
        let show = try await sandbox.agentctl("show", "last", "one")
        #expect(show.out.contains("#0 try, answer of py/stub-invalid, rejected: the answer is not JSON") && show.out.contains("    this is not JSON\n"), "\(show.out)")
        let none = try await sandbox.agentctl("outputs", "last")
        #expect(none.code == 2 && none.err.contains("has no outputs: it is failed"), "\(none.err)")
    }
}
