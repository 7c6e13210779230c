import TestSupport
import Testing
import Values

@Suite struct TagsAndTrimTests {
    @Test func stepTagsDivideTheCostOfOneRun() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: tagged
            tags: { feature: support }
            models: { m: { use: stub/echo } }
            defaults: { model: m, limits: { max_input_tokens: 500, max_output_tokens: 64 } }
            steps:
              - { id: plain, prompt: hello }
              - id: each
                tags: { feature: drafting, customer: "${{ item }}" }
                for_each: { items: "['acme', 'globex']" }
                prompt: "for ${{ item }}"
            """)
        let run = try await sandbox.agentctl("run", "w.yaml", "--quiet")
        #expect(run.code == 0, "\(run.err)")
        let feature = try await sandbox.agentctl("audit", "--by", "tag:feature,tag:customer", "--csv")
        let rows = feature.lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).prefix(4).joined(separator: " ") }.sorted()
        #expect(rows == ["drafting acme 1 1", "drafting globex 1 1", "support  1 1"])
        let filtered = try await sandbox.agentctl("audit", "--by", "step", "--tag", "feature=drafting", "--json")
        #expect(filtered.json?["total"]?["calls"] == 2)
        let show = try await sandbox.agentctl("show", "last", "--json")
        #expect(show.json?["calls"]?.arrayValue?.compactMap { $0["tags"]?["customer"]?.stringValue }.sorted() == ["acme", "globex"])
        let tree = try await sandbox.agentctl("show", "last", "--prompts")
        #expect(tree.out.contains("tags customer=acme feature=drafting"))
    }

    @Test func aPromptIsCutAndToldSo() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: cut
            inputs: { text: { type: string } }
            models: { m: { use: stub/echo } }
            steps:
              - id: a
                model: m
                with: { doc: "${{ inputs.text }}" }
                prompt: "Sum up: ${{ with.doc }}"
                limits: { max_input_tokens: 10, max_output_tokens: 64, overflow: trim, trim: [doc] }
            """)
        let text = String(repeating: "word ", count: 100)
        let run = try await sandbox.agentctl("run", "w.yaml", "--input", "text=\(text)", "--events")
        #expect(run.code == 0, "\(run.err)")
        let sent = try #require(sandbox.server.requests.first?.json?["messages"]?[0]?["content"]?.stringValue)
        #expect(sent == "Sum up: " + text.prefix(26) + " […]")
        let event = try #require(try run.lines.map { try JSONParser.parse($0) }.first { $0["event"] == "input_trimmed" })
        #expect(event["data"]?["values"]?[0] == ["key": "doc", "before_bytes": 500, "after_bytes": 32])
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("cut to fit: doc, 500 bytes to 32"))
        let preview = try await sandbox.agentctl("try", "prompt", "w.yaml", "a", "--input", "text=\(text)", "--json")
        #expect(preview.json?["segments"]?[0]?["text"] == .string(sent))
        #expect(preview.json?["trimmed"]?[0]?["after_bytes"] == 32)
        let shown = try await sandbox.agentctl("try", "prompt", "w.yaml", "a", "--input", "text=\(text)")
        #expect(shown.out.contains("cut to fit: doc, 500 bytes to 32"))
        // What fits is not touched.
        let short = try await sandbox.agentctl("run", "w.yaml", "--input", "text=short", "--quiet")
        #expect(short.code == 0 && sandbox.server.requestCount == 2)
    }
}
