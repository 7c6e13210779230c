import TestSupport
import Testing
import Values

@Suite struct TryPromptTests {
    private static let workflow = """
        version: 1
        name: letters
        inputs: { letter: { type: string } }
        models: { small: { use: stub/echo } }
        prefixes:
          rules: { text: "Be polite." }
          letter: { text: "Letter: ${{ inputs.letter }}" }
        defaults: { model: small, limits: { max_input_tokens: 50 } }
        steps:
          - id: kind
            prompt: Which kind?
            output: { schema: { type: object, properties: { name: { type: string } }, required: [name] } }
          - { id: notes, when: "steps.kind.output.name == 'x'", prompt: notes }
          - id: reply
            system: You write letters.
            prefix: [rules, letter]
            with: { kind: "${{ steps.kind.output.name.upperAscii() }}" }
            prompt: "A ${{ with.kind }}${{ has(steps.notes.output) ? steps.notes.output : '.' }}"
          - id: each
            for_each: { items: "steps.kind.output.name.split(',')", as: word }
            prompt: "${{ index }}: ${{ word }}"
          - { id: size, value: size(steps.reply.output) }
        outputs: { reply: "${{ steps.reply.output }}" }
        """

    private func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.workflow)
        return sandbox
    }

    @Test func whatIsShownIsWhatIsSent() async throws {
        let sandbox = try sandbox()
        let run = try await sandbox.agentctl("run", "w.yaml", "--input", "letter=Hello", "--json")
        #expect(run.code == 0, "\(run.err)")
        let sent = try sandbox.server.requests.compactMap { try #require($0.json)["messages"] }
        // The stub answers a schema with a value of it: the kind that the run saw is in the ledger.
        let show = try await sandbox.agentctl("show", "last", "--prompts")
        #expect(show.out.contains("You write letters."))
        let reply = try #require(sent.first { $0[0]?["role"] == "system" })
        let kind = try #require(reply[1]?["content"]?.stringValue?.split(separator: "A ").last).dropLast()
        try sandbox.write("data.json", "{\"steps\": {\"kind\": {\"output\": {\"name\": \(JSONValue.string(String(kind)).jsonText)}}}}")
        let shown = try await sandbox.agentctl("try", "prompt", "w.yaml", "reply", "--input", "letter=Hello", "--data", "data.json", "--json")
        #expect(shown.code == 0, "\(shown.err)")
        #expect(shown.json?["messages"] == reply)
        #expect(shown.json?["segments"]?.arrayValue?.map { $0["class"] } == ["workflow", "workflow", "execution", "step"])
    }

    @Test func theTextNamesClassesBytesAndBounds() async throws {
        let sandbox = try sandbox()
        let result = try await sandbox.agentctl(
            "try", "prompt", "w.yaml", "reply", "--input", "letter=Grüße", "--data", "-", stdin: "steps: { kind: { output: { name: thanks } } }")
        #expect(
            result.out == """
                [system · system · workflow]  18 bytes, at most 18 tokens
                You write letters.

                [system · prefix rules · workflow]  10 bytes, at most 10 tokens  (joins the message above)
                Be polite.

                [user · prefix letter · execution]  15 bytes, at most 15 tokens
                Letter: Grüße

                [user · prompt · step]  9 bytes, at most 9 tokens  (joins the message above)
                A THANKS.

                reply: 4 segments in 2 messages to stub/echo (tier small), 52 bytes
                at most 172 tokens: 60 of text + 112 of the chat template
                estimated 13 tokens (four bytes each), which is within max_input_tokens 50

                """, "\(result.err)")
        #expect(sandbox.server.requestCount == 0)
    }

    @Test func whatIsMissingIsNamedWithAnExample() async throws {
        let sandbox = try sandbox()
        let result = try await sandbox.agentctl("try", "prompt", "w.yaml", "reply", "--input", "letter=x")
        #expect(result.code == 2 && result.out.isEmpty)
        #expect(result.err.contains("steps.kind.output.name") && result.err.contains("--data FILE with {\"steps\":{\"kind\":{\"output\":{\"name\":\"…\"}}}}"), "\(result.err)")
        let item = try await sandbox.agentctl("try", "prompt", "w.yaml", "each", "--input", "letter=x")
        #expect(item.code == 2 && item.err.contains("{\"word\":\"…\"}"), "\(item.err)")
        let input = try await sandbox.agentctl("try", "prompt", "w.yaml", "kind")
        #expect(input.code == 10 && input.err.contains("AW302"), "\(input.err)")
    }

    @Test func anItemIsGivenOrTheFirstOfTheList() async throws {
        let sandbox = try sandbox()
        func prompt(_ data: String) async throws -> Sandbox.Finished {
            try await sandbox.agentctl("try", "prompt", "w.yaml", "each", "--input", "letter=x", "--data", "-", "--json", stdin: data)
        }
        let given = try await prompt("{\"item\": \"c\", \"index\": 2}")
        #expect(given.json?["segments"]?[0]?["text"] == "2: c" && given.json?["item"] == 2, "\(given.err)")
        let first = try await prompt("{\"steps\": {\"kind\": {\"output\": {\"name\": \"a,b\"}}}}")
        #expect(first.json?["segments"]?[0]?["text"] == "0: a", "\(first.err)")
        let wrong = try await prompt("{\"steps\": {\"kind\": {\"output\": {\"name\": 7}}}}")
        #expect(wrong.code == 11 && wrong.err.contains("w.yaml:"), "\(wrong.err)")
    }

    @Test func theRunMayBeGiven() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", "version: 1\nname: w\nmodels: { m: { use: stub/echo } }\nsteps: [{ id: a, model: m, prompt: \"${{ run.id }} ${{ size(run.started_at) > 0 }}\" }]\n")
        let given = try await sandbox.agentctl("try", "prompt", "w.yaml", "a", "--json", "--data", "-", stdin: "{\"run\": {\"id\": \"r-1\"}}")
        #expect(given.json?["segments"]?[0]?["text"] == "r-1 true", "\(given.err)")
        let fresh = try await sandbox.agentctl("try", "prompt", "w.yaml", "a", "--json")
        #expect(fresh.json?["segments"]?[0]?["text"]?.stringValue?.hasPrefix("20") == true, "\(fresh.err)")
    }

    @Test func stepsWithoutAPrompt() async throws {
        let sandbox = try sandbox()
        let value = try await sandbox.agentctl("try", "prompt", "w.yaml", "size", "--input", "letter=x")
        #expect(value.code == 2 && value.err.contains("asks no model") && value.err.contains("kind, notes, reply, each"), "\(value.err)")
        let unknown = try await sandbox.agentctl("try", "prompt", "w.yaml", "repl", "--input", "letter=x")
        #expect(unknown.code == 2 && unknown.err.contains("did you mean 'reply'?"), "\(unknown.err)")
        let data = try await sandbox.agentctl("try", "prompt", "w.yaml", "kind", "--input", "letter=x", "--data", "-", stdin: "[1]")
        #expect(data.code == 2 && data.err.contains("holds no object"), "\(data.err)")
    }
}
