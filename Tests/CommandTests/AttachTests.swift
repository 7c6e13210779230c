import Foundation
import Ledger
import TestSupport
import Testing
import Values

@Suite struct AttachTests {
    private static let image = SampleFiles.png(640, 480)

    private func sandbox(_ keys: String = "images: true, files: true, image_tokens: 1000") throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              stub:
                api: openai-chat
                base_url: "\(sandbox.server.baseURL)"
                models: { eye: { id: echo, context_window: 32000, \(keys) }, blind: { id: echo } }
            prices:
              - { model: stub/echo, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
            """)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: look
            inputs: { photo: { type: string, default: photos/a.png } }
            models: { m: { use: stub/eye } }
            budget: { max_cost_usd: 0.05 }
            steps:
              - id: a
                model: m
                attach: [{ image: "${{ inputs.photo }}", detail: low }, docs/t.pdf, docs/n.txt]
                prompt: What is it?
                limits: { max_output_tokens: 64 }
            """)
        try sandbox.write("docs/n.txt", "a note")
        for (name, bytes) in [("photos/a.png", Self.image), ("docs/t.pdf", SampleFiles.pdf)] {
            let url = URL(fileURLWithPath: sandbox.path(name))
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        return sandbox
    }

    @Test func theServerGetsTheBytesAndTheLedgerKeepsThem() async throws {
        let sandbox = try sandbox()
        let run = try await sandbox.agentctl("run", "w.yaml", "--json")
        #expect(run.code == 0, "\(run.err)")
        let content = try #require(sandbox.server.requests.first?.json?["messages"]?[0]?["content"]?.arrayValue)
        #expect(content.map { $0["type"] } == ["image_url", "file", "text"])
        #expect(content[0]["image_url"]?["detail"] == "low")
        #expect(content[0]["image_url"]?["url"] == .string("data:image/png;base64," + Data(Self.image).base64EncodedString()))
        #expect(content[1]["file"] == ["filename": "t.pdf", "file_data": .string("data:application/pdf;base64," + Data(SampleFiles.pdf).base64EncodedString())])
        #expect(content[2]["text"] == "n.txt:\na note\n\nWhat is it?")

        // The PDF is bounded by the window alone: that was held, and what was billed is less.
        let call = try #require(try await sandbox.agentctl("show", "last", "--json").json?["calls"]?[0])
        #expect(call["state"] == "settled")
        #expect(call["input_tokens"] == .int(Int64((content[2]["text"]!.stringValue!.utf8.count + 3) / 4 + 2 * 765)))
        let show = try await sandbox.agentctl("show", "last", "--prompts")
        #expect(show.out.contains("a.png: image/png, \(Self.image.count) bytes, detail low, sha256 \(ContentHash(of: Self.image).hex.prefix(8))"))
        #expect(show.out.contains("[user · file docs/t.pdf · workflow]"))

        let ledger = try Ledger.openReadOnly(path: sandbox.path(".agentctl/ledger.db"))
        defer { ledger.close() }
        #expect(try ledger.blob(ContentHash(of: Self.image)) == Self.image)
    }

    @Test func thePlanPricesThemAndTryShowsThem() async throws {
        let sandbox = try sandbox()
        let plan = try await sandbox.agentctl("plan", "w.yaml", "--json")
        // Three tries of the window and the cap of output.
        #expect(plan.json?["total"]?["worst_usd"] == "0.0096768", "\(plan.out)")
        let shown = try await sandbox.agentctl("try", "prompt", "w.yaml", "a")
        #expect(shown.code == 0, "\(shown.err)")
        #expect(shown.out.contains("a.png: image/png, 640 x 480 pixels, detail low, sha256 "))
        #expect(shown.out.contains("\(Self.image.count) bytes, at most 1,000 tokens"))
        #expect(shown.out.contains("and what t.pdf may be billed as, which only the model's context window bounds: say max_tokens"))
        let json = try await sandbox.agentctl("try", "prompt", "w.yaml", "a", "--json")
        #expect(json.json?["segments"]?[0]?["attachment"]?["media_type"] == "image/png")
        #expect(json.json?["messages"]?[0]?["content"]?[0]?["hash"] == .string(ContentHash(of: Self.image).hex))
        #expect(json.json?["unbounded"] == ["t.pdf"])
    }

    @Test func aModelThatDoesNotTakeThemIsRefusedBeforeAnyCall() async throws {
        let sandbox = try sandbox("files: true")
        for command in ["plan", "run"] {
            let refused = try await sandbox.agentctl(command, "w.yaml")
            #expect(refused.code == 30)
            #expect((refused.out + refused.err).contains("stub/eye does not take images: 'inputs.photo' cannot be attached"), "\(refused.err)")
        }
        #expect(sandbox.server.requestCount == 0)
        let other = try await sandbox.agentctl("run", "w.yaml", "--model", "m=stub/blind", "--quiet")
        #expect(other.code == 30)
    }

    @Test func pathsThatAreComputedStayInsideTheProject() async throws {
        let sandbox = try sandbox()
        for (path, message) in [
            ("/etc/hostname", "'/etc/hostname' is not a path inside the project"), ("../../../../../../etc/hostname", "is outside the project"),
            ("photos/none.png", "cannot read photos/none.png: No such file or directory"), ("docs/n.txt", "docs/n.txt is no image but text/plain"), ("photos", "photos is not a file"),
        ] {
            let run = try await sandbox.agentctl("run", "w.yaml", "--input", "photo=\(path)", "--quiet")
            #expect(run.code == 11, "\(path): \(run.err)")
            #expect(run.err.contains(message), "\(path): \(run.err)")
        }
        try FileManager.default.createSymbolicLink(atPath: sandbox.path("photos/link.png"), withDestinationPath: "/etc/hostname")
        let link = try await sandbox.agentctl("run", "w.yaml", "--input", "photo=photos/link.png", "--quiet")
        #expect(link.code == 11 && link.err.contains("is outside the project"))
        #expect(sandbox.server.requestCount == 0)
    }

    @Test func withoutABoundACapRefusesAndWithADeclarationItHolds() async throws {
        let sandbox = try sandbox("images: true")
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: look
            inputs: { most: { type: integer, default: 0 } }
            models: { m: { use: stub/eye } }
            budget: { max_cost_usd: 0.05 }
            steps:
              - { id: a, model: m, attach: [photos/a.png], prompt: hi, limits: { max_output_tokens: 64 } }
            """)
        try sandbox.write("agentctl.yaml", try String(contentsOfFile: sandbox.path("agentctl.yaml"), encoding: .utf8).replacing("context_window: 32000, ", with: ""))
        let refused = try await sandbox.agentctl("run", "w.yaml", "--quiet")
        #expect(refused.code == 21 && refused.err.contains("what 'a.png' is billed as is not known for stub/eye, so a cap cannot be kept"), "\(refused.err)")
        #expect(sandbox.server.requestCount == 0)
        try sandbox.write("w.yaml", try String(contentsOfFile: sandbox.path("w.yaml"), encoding: .utf8).replacing("[photos/a.png]", with: "[{ image: photos/a.png, max_tokens: 765 }]"))
        let held = try await sandbox.agentctl("run", "w.yaml", "--quiet")
        #expect(held.code == 0, "\(held.err)")
        // A declaration that is too low shows as what it is.
        try sandbox.write("w.yaml", try String(contentsOfFile: sandbox.path("w.yaml"), encoding: .utf8).replacing("max_tokens: 765", with: "max_tokens: 7"))
        try await sandbox.agentctl("run", "w.yaml", "--quiet")
        #expect(try await sandbox.agentctl("show", "last", "--json").json?["calls"]?[0]?["state"] == "overrun")
    }

    @Test func aRunGoesOnWithTheFilesThatItBeganWith() async throws {
        let sandbox = try sandbox()
        let text = try String(contentsOfFile: sandbox.path("w.yaml"), encoding: .utf8)
        try sandbox.write("w.yaml", text.replacingOccurrences(of: "  - id: a\n", with: "  - { id: ok, approve: { message: Look? } }\n  - id: a\n    needs: ok\n"))
        _ = try await sandbox.agentctl("run", "w.yaml")
        #expect(try await sandbox.agentctl("approve", "last", "--yes", "--by", "ann").code == 0)
        let file = URL(fileURLWithPath: sandbox.path("docs/t.pdf"))
        try Data(SampleFiles.pdf + [0xFF]).write(to: file)
        let resumed = try await sandbox.agentctl("resume", "last", "--json")
        #expect(resumed.code == 0 && resumed.json?["calls"] == 1, "\(resumed.err)")
        #expect(resumed.err.contains("goes on with the files that it began with"), "\(resumed.err)")
        let content = sandbox.server.requests.first?.json?["messages"]?[0]?["content"]?.arrayValue
        #expect(content?.count == 3)
        // What goes with the prompt is the file as it was.
        let sent = String(decoding: sandbox.server.requests.first?.body ?? [], as: UTF8.self)
        #expect(sent.contains(Data(SampleFiles.pdf).base64EncodedString()) && !sent.contains(Data(SampleFiles.pdf + [0xFF]).base64EncodedString()))
    }
}
