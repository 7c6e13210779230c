import TestSupport
import Testing
import Values

/// A gate that asks a person, as users see it and answer it.
@Suite struct GateChoiceCommandTests {
    private static let text = """
        version: 1
        name: asks
        models: { small: { use: stub/echo }, large: { use: stub/echo } }
        budget: { max_cost_usd: 0.25 }
        defaults: { timeout: 5s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 500, max_output_tokens: 64 } }
        steps:
          - id: sort
            for_each: { items: "['red', 'blue', 'green']", as: word }
            prompt: "about ${{ word }}"
            output: { schema: { type: string, maxLength: 30 }, repair: 0 }
            escalate:
              tiers: [small, large]
              checks: { long: { expr: "size(output) > 10 && word == 'green'" } }
              on_exhausted: { ask: { message: "Which for ${{ word }}?", timeout: 24h, on_timeout: best } }
          - id: note
            needs: [sort]
            prompt: plain
            escalate: { tiers: [small], checks: { never: { expr: "output == ''" } }, on_exhausted: { ask: { message: "Is that fine?" } } }
        outputs: { sorted: "${{ steps.sort.output }}", tiers: "${{ steps.sort.tier }}", accepted: "${{ steps.sort.accepted }}", note: "${{ steps.note.output }}" }
        """

    /// What each tier says: text in JSON to a question with a schema.
    private static func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox(script: { request in
            let text = request.json?["messages"]?.arrayValue?.last?["content"]?.stringValue ?? ""
            return .completion(of: request.json ?? [:], number: request.number, saying: text == "plain" ? "a note" : "\"said of \(text)\"")
        })
        try sandbox.write("w.yaml", text)
        return sandbox
    }

    @Test func aPersonChoosesFromTheCommandLine() async throws {
        let sandbox = try Self.sandbox()
        let plan = try await sandbox.agentctl("plan", "w.yaml")
        #expect(plan.code == 0 && !plan.err.contains("AW123"), "\(plan.err)")
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 4 && run.json?["waits_for"]?.arrayValue?.map { $0["step"] } == ["sort[0]", "sort[1]"], "\(run.out)\(run.err)")
        #expect(run.json?["waits_for"]?[0]?["cause"] == "not_accepted")
        #expect(run.err.contains("  Which for red?\n") && run.err.contains("agentctl approve") && run.err.contains("sort[0] --yes|--pick small|--pick large|--value JSON|--no\n"), "\(run.err)")

        // What there is to choose from stands together.
        let list = try await sandbox.agentctl("approvals")
        for line in [
            "  sort  asks  2 items asked; all at once: agentctl approve ", " sort --yes|--pick small|--pick large|--no\n", "  sort[0]  asked ", ", takes the best answer in 23h 59m", "    Which for red?\n",
            "    no answer was accepted: the last tier's was not accepted either\n", "    small: not accepted, by long\n", "      said of about red\n", "      long: failed\n",
            "    large: not accepted, by long\n", "  sort[1]  asked ",
        ] { #expect(list.out.contains(line), "\(line) in \(list.out)") }
        let json = try #require(try await sandbox.agentctl("approvals", "--json").json?.arrayValue)
        #expect(json.map { $0["kind"] } == ["gate", "gate"] && json[0]["candidates"]?.arrayValue?.map { $0["tier"] } == ["small", "large"])
        let candidate = json[0]["candidates"]?[0]
        #expect(candidate?["answer"] == "said of about red" && candidate?["can_be_picked"] == true && candidate?["checks"]?[0]?["result"] == "failed" && candidate?["decision"]?["verdict"] == "rejected")
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains(" sort[0] --yes|--pick small|--pick large|--value JSON|--no\n"), "\(show.out)")
        #expect(show.out.contains("asked: Which for red?") && show.out.contains("answer: said of about blue"), "\(show.out)")

        // What cannot be chosen is refused, and nothing is answered by it.
        for (arguments, message) in [
            (["sort", "--pick", "larg"], "'larg' was not asked at 'sort[0]': it cannot be picked"), (["sort", "--value", "x"], "--value is the answer to one question, and 2 are asked"),
            (["sort[0]", "--value", "{\"a\": 1}"], "--value does not match the schema of 'sort[0]': "), (["sort[0]", "--pick", "large", "--yes"], "--yes and --pick are 2 answers: say one"),
            (["sort[0]", "--value", String(repeating: "x", count: 31)], "--value does not match the schema of 'sort[0]': "), (["sort[7]", "--no"], "asks nothing at 'sort[7]'"),
            (["sort[0]", "--value", "@nowhere.json"], "--value: "), (["--no"], "asks at several steps: say which"),
        ] {
            let refused = try await Sandbox.run(Sandbox.program, ["approve", "last"] + arguments, in: sandbox.folder)
            #expect(refused.code != 0 && refused.err.contains(message), "\(arguments): \(refused.err)")
        }
        #expect(try await sandbox.agentctl("approvals", "--json").json?.arrayValue?.count == 2)

        try sandbox.write("mine.json", "\"my word\"")
        let given = try await sandbox.agentctl("approve", "last", "sort[0]", "--value", "@mine.json", "--by", "ann", "--json")
        #expect(given.code == 0 && given.err.contains("sort[0]: a value given by ann") && given.err.contains("    said of about red\n"), "\(given.err)")
        #expect(given.json?[0]?["decision"]?["choice"] == "value" && given.json?[0]?["decision"]?["value_hash"]?.stringValue?.count == 64)
        let again = try await sandbox.agentctl("approve", "last", "sort[0]", "--no")
        #expect(again.code != 0, "\(again.err)")
        // Of the step only one asks still.
        let resumed = try await sandbox.agentctl("approve", "last", "sort", "--pick", "small", "--by", "ann", "--note", "shorter", "--resume", "--json")
        #expect(resumed.code == 4 && resumed.json?["waits_for"]?[0]?["step"] == "note", "\(resumed.out)\(resumed.err)")
        let empty = try await sandbox.agentctl("approve", "last", "--value", "{\"not\": \"JSON to a text\"}", "--resume", "--json")
        let outputs = empty.json?["outputs"]
        #expect(outputs?["sorted"] == ["my word", "said of about blue", "said of about green"] && outputs?["tiers"] == [.null, "small", "small"], "\(empty.out)\(empty.err)")
        #expect(outputs?["accepted"] == [true, true, true] && outputs?["note"] == "{\"not\": \"JSON to a text\"}")

        let shown = try await sandbox.agentctl("show", "last")
        #expect(shown.out.contains("chosen by ann: the last tier's was not accepted either") && shown.out.contains("small picked by ann: shorter"), "\(shown.out)")
        let trace = try await sandbox.agentctl("show", "last", "--json").json
        // What a person gave is no model's answer.
        let answered = trace?["nodes"]?.arrayValue?.filter { ["sort[0]", "sort[1]", "note"].contains($0["path"]) }.map { ($0["path"]!.stringValue!, $0["answered_by"]!) } ?? []
        #expect(Dictionary(uniqueKeysWithValues: answered) == ["sort[0]": .null, "sort[1]": "stub/echo", "note": .null], "\(answered)")
        #expect(empty.err.split(separator: "\n").contains { $0.hasPrefix("note  succeeded") && !$0.contains("stub/") }, "\(empty.err)")
        #expect(shown.lines.contains { $0.contains("a value given by") && !$0.contains("stub/") }, "\(shown.out)")
        #expect(trace?["gate_tiers"]?.arrayValue?.contains { $0["taken_by"] == "ann" && $0["tier"] == "small" } == true)
        #expect(try await sandbox.agentctl("verify", "last").out.contains("intact"))
        let all = try await sandbox.agentctl("approvals", "--all")
        #expect(all.out.contains("a value given by ann") && all.out.contains("small picked by ann: shorter"), "\(all.out)")
        #expect(try await sandbox.agentctl("gc", "--help").code == 0)
        #expect(try await sandbox.agentctl("db", "check").out.contains("all is well"))
    }

    /// One word for all items, and where an item has nothing that can be picked, none is answered.
    @Test func allItemsAreAnsweredAtOnce() async throws {
        let sandbox = try Self.sandbox()
        #expect(try await sandbox.agentctl("run", "w.yaml", "-q").code == 4)
        let all = try await sandbox.agentctl("approve", "last", "sort", "--yes")
        #expect(all.code == 0 && all.err.contains("sort[0]: the best answer taken by") && all.err.contains("sort[1]: the best answer taken by"), "\(all.err)")
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 4, "\(resumed.err)")
        let none = try await sandbox.agentctl("approve", "last", "--no", "--note", "dull", "--resume", "--json")
        #expect(none.code == 12 && none.json?["error"]?["kind"] == "not_accepted", "\(none.out)\(none.err)")
        #expect(none.json?["error"]?["message"]?.stringValue?.hasSuffix("took none: dull") == true, "\(none.out)")
    }

    /// `max_rate` is counted over runs, told once, and proved by the facts.
    @Test func aRateThatIsPassedIsWarnedOf() async throws {
        let sandbox = try Self.sandbox()
        try sandbox.write(
            "rate.yaml",
            """
            version: 1
            name: rated
            inputs: { items: { type: array, items: { type: integer } } }
            models: { small: { use: stub/echo }, large: { use: stub/echo } }
            budget: { max_cost_usd: 0.25 }
            concurrency: 1
            steps:
              - { id: many, for_each: { items: inputs.items }, prompt: "item ${{ item }}", limits: { max_output_tokens: 64 }, escalate: { tiers: [small, large], checks: { few: { expr: item < 20 } }, max_rate: 5%/1h } }
            outputs: { tiers: "${{ steps.many.tier }}" }
            """)
        let items = "items=[\((0..<22).map(String.init).joined(separator: ","))]"
        let first = try await sandbox.agentctl("run", "rate.yaml", "--input", items)
        let warning = "warning: max_rate 5%/1h 00m of 'many' is passed: no further tier is asked, and its answers end as on_exhausted says"
        #expect(first.code == 0 && first.err.components(separatedBy: warning).count == 2, "\(first.err)")
        let trace = try await sandbox.agentctl("show", "last", "--json").json?["gate_tiers"]?.arrayValue ?? []
        #expect(trace.filter { $0["cause"] == "max_rate" }.map { $0["reason"] } == ["1 of 22 executions in 1h 00m went on to a further tier, and max_rate is 5%"], "\(trace.suffix(3))")
        // The next run counts with it.
        let second = try await sandbox.agentctl("run", "rate.yaml", "--input", "items=[30, 31]", "--json")
        #expect(second.json?["outputs"]?["tiers"] == ["small", "small"] && second.err.components(separatedBy: warning).count == 2, "\(second.out)\(second.err)")
        let events = try await sandbox.agentctl("follow", "last", "--events")
        let counted = events.lines.compactMap { try? JSONParser.parse($0) }.filter { $0["event"] == "rate_counted" }.map { $0["data"] }
        #expect(counted.map { $0?["answered"] } == [23, 24] && counted.allSatisfy { $0?["tripped"] == true && $0?["limit"] == "5%" })
        #expect(try await sandbox.agentctl("verify", "--all").out.contains("intact"))
    }

    /// Of an answer that failed what is always checked nothing can be picked.
    @Test func withoutACandidateOneIsGiven() async throws {
        let sandbox = try Sandbox(script: { .completion(of: $0.json ?? [:], number: $0.number, saying: "{\"far\": \"too much of it\"}") })
        try sandbox.write("w.yaml", Self.text)
        #expect(try await sandbox.agentctl("run", "w.yaml", "-q").code == 4)
        let list = try await sandbox.agentctl("approvals")
        #expect(list.out.contains("small: no answer: output_invalid") && list.out.contains("no tier has an answer that can be picked"), "\(list.out)")
        let pick = try await sandbox.agentctl("approve", "last", "sort[1]", "--pick", "small")
        #expect(pick.code == 2 && pick.err.contains("'small' gave no answer at 'sort[1]' that passed what is always checked (output_invalid): it cannot be picked"), "\(pick.err)")
        #expect(pick.err.contains("give one with --value, or take none with --no"))
        let yes = try await sandbox.agentctl("approve", "last", "sort", "--yes")
        #expect(yes.code == 2 && yes.err.contains("no tier has an answer at 'sort[0]' that can be taken"), "\(yes.err)")
        #expect(try await sandbox.agentctl("approve", "last", "sort[1]", "--value", "mine").code == 0)
    }
}
