import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct AttachmentTests {
    private static let inputs = "inputs: { p: { default: a.png }, more: { default: [] }, none: { default: null } }"

    private func rig(
        _ files: [String: [UInt8]] = ["a.png": SampleFiles.png(), "b.jpg": SampleFiles.jpeg(100, 50), "t.pdf": SampleFiles.pdf, "n.txt": Array("note\n".utf8)],
        support: AttachmentSupport = AttachmentSupport(images: true, files: true, imageTokens: .atMost(1000)), window: Int? = nil,
        answers: [String: [ScriptedProvider.Answer]] = ["a": [.text("x")]]
    ) -> EngineRig {
        let clock = ManualClock()
        let provider = ScriptedProvider(
            clock: clock,
            profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: window, maxConcurrency: nil, attachments: $0.model == "blind" ? .none : support)) }
        ) { request, number in
            let list = answers[request.schemaName]!
            return number < list.count ? list[number] : list.last!
        }
        return EngineRig(clock: clock, provider: provider) { $0.attachments = ScriptedFiles(files) }
    }

    private func step(_ attach: String, keys: String = "", top: String = "") -> String {
        modelWorkflow("  - { id: a, prompt: What is it?, attach: \(attach)\(keys) }", top: Self.inputs + "\n" + top)
    }

    // MARK: What is sent

    @Test func whatIsAttachedStandsBeforeThePrompt() async throws {
        let rig = rig()
        let result = try await rig.run(workflow(step(#"[{ image: "${{ inputs.p }}", detail: low }, "${{ 't.pdf' }}", "${{ 'n.' + 'txt' }}"]"#)))
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let segments = rig.provider.requests[0].segments
        #expect(segments.map(\.origin) == ["image a.png", "file t.pdf", "file n.txt", "prompt"])
        #expect(segments.map(\.startsMessage) == [true, false, false, false])
        #expect(segments.map(\.stability) == [.execution, .workflow, .workflow, .step])
        #expect(segments[2].text == "n.txt:\nnote\n")
        let message = try #require(PromptMessage.messages(of: segments).first)
        #expect(message.parts.count == 3)
        #expect(message.text == "n.txt:\nnote\n\n\nWhat is it?")
        guard case .attachment(let image) = message.parts[0] else { return #expect(Bool(false)) }
        #expect(image.type == .png && image.detail == .low && image.size == ImageSize(width: 640, height: 480))
    }

    @Test func theBytesAreKeptOnceAndTheRequestNamesThem() async throws {
        let rig = rig(answers: ["a": [.failure(.serverError), .text("x")]])
        _ = try await rig.run(workflow(step(#"["${{ inputs.p }}"]"#)))
        let image = SampleFiles.png()
        let blobs = rig.written.entries.flatMap(\.blobs)
        #expect(blobs.contains { $0.bytes == image && $0.hash == ContentHash(of: image) })
        let request = try #require(blobs.first { $0.hash == rig.written.calls[1].start.request })
        let segment = try JSONParser.parse(request.bytes)["segments"]?[0]
        #expect(segment?["hash"]?.stringValue == ContentHash(of: image).hex)
        #expect(segment?["media_type"] == "image/png" && segment?["name"] == "a.png" && segment?["bytes"] == .int(Int64(image.count)))
        // Read once, whatever the number of tries.
        #expect(rig.provider.requests.count == 2)
    }

    @Test func aListAttachesEachAndNullNone() async throws {
        let rig = rig()
        _ = try await rig.run(workflow(step(#"[{ image: "${{ inputs.more }}" }, "${{ inputs.none }}"]"#)), ["more": ["a.png", "b.jpg"]])
        #expect(rig.provider.requests[0].segments.map(\.origin) == ["image a.png", "image b.jpg", "prompt"])
        let empty = self.rig()
        _ = try await empty.run(workflow(step(#"[{ image: "${{ inputs.more }}" }]"#)))
        #expect(empty.provider.requests[0].segments.map(\.origin) == ["prompt"])
    }

    @Test func messagesTakeThemWithTheUsersLast() async throws {
        let rig = rig()
        _ = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - id: a
                        attach: ["${{ inputs.p }}"]
                        messages:
                          - { role: system, content: S }
                          - { role: user, content: U1 }
                          - { role: assistant, content: A }
                          - { role: user, content: U2 }
                    """, top: Self.inputs)))
        let messages = PromptMessage.messages(of: rig.provider.requests[0].segments)
        #expect(messages.map(\.text) == ["S", "U1", "A", "U2"])
        #expect(messages.map(\.parts.count) == [0, 0, 0, 2])
    }

    @Test func aRepairIsAskedWithThemToo() async throws {
        let rig = rig(answers: ["a": [.text("no"), .text("{}")]])
        let result = try await rig.run(workflow(step(#"["${{ inputs.p }}"]"#, keys: ", output: { schema: { type: object } }")))
        #expect(result.status == .succeeded)
        #expect(rig.provider.requests[1].segments.map(\.origin) == ["image a.png", "prompt", "rejected answer", "repair"])
    }

    // MARK: What is refused

    @Test(arguments: [
        ("{ image: \"${{ 't.pdf' }}\" }", "t.pdf is no image but application/pdf"), ("{ file: \"${{ inputs.p }}\" }", "a.png is an image (image/png)"),
        ("\"${{ 'gone.png' }}\"", "cannot read gone.png: no such file"), ("\"${{ 'odd.bin' }}\"", "odd.bin cannot be attached: it is not PNG, JPEG, GIF, WebP, PDF or UTF-8 text"),
        ("\"${{ 'empty' }}\"", "empty is empty"), ("\"${{ inputs.p == 'a.png' ? ['a.png', dyn(1)] : ['x'] }}\"", "attach takes paths, found integer in the list"),
    ])
    func whatCannotBeAttachedFailsTheStep(attach: String, message: String) async throws {
        let rig = rig(["a.png": SampleFiles.png(), "t.pdf": SampleFiles.pdf, "odd.bin": [0, 1, 2], "empty": []])
        let result = try await rig.run(workflow(step("[\(attach)]")))
        #expect(result.failure?.kind == .attachment)
        #expect(result.failure?.message == message)
        #expect(result.calls == 0)
    }

    @Test func aModelWithoutEyesIsNotAskedAndAFallbackIs() async throws {
        let rig = rig()
        let yaml = { (models: String) in
            "version: 1\nname: t\n\(Self.inputs)\nmodels: { m: { \(models) } }\nsteps:\n  - { id: a, model: m, prompt: hi, attach: [\"${{ inputs.p }}\"], limits: { max_output_tokens: 9 } }\n"
        }
        let refused = try await rig.run(workflow(yaml("use: local/blind")))
        #expect(refused.failure?.kind == .configuration)
        #expect(refused.failure?.message == "local/blind does not take images: 'a.png' cannot be attached")
        let fallen = try await rig.run(workflow(yaml("use: local/blind, fallback: [local/eye]")))
        #expect(fallen.status == .succeeded)
        #expect(rig.provider.requests.map(\.model.model) == ["eye"])
    }

    // MARK: What is held

    @Test func whatIsDeclaredIsHeld() async throws {
        let rig = rig()
        _ = try await rig.run(workflow(step(#"[{ image: "${{ inputs.p }}", max_tokens: 500 }]"#)))
        // 64 and 2 times 12 for the template, 2 times 2 for what joins, 11 of text; 500 for the image, 16 and 5 for its part and name.
        #expect(rig.written.calls[0].start.held == usd("0.000001") * (64 + 24 + 4 + 11 + 500 + 21) + usd("0.000002") * 100)
    }

    @Test func theModelsWayOfCountingIsTakenWithoutADeclaration() async throws {
        let rig = rig(support: AttachmentSupport(images: true, files: true, imageTokens: .tiles(base: 85, tile: 170)))
        _ = try await rig.run(workflow(step(#"[{ image: "${{ inputs.p }}" }]"#)))
        // 640 by 480 is 1024 by 768: two by two tiles.
        #expect(rig.written.calls[0].start.held == usd("0.000001") * (64 + 24 + 4 + 11 + 765 + 21) + usd("0.000002") * 100)
    }

    @Test func withoutABoundTheWindowIsHeldAndWithoutThatACapRefuses() async throws {
        let unknown = AttachmentSupport(images: true, files: true)
        let yaml = step(#"["${{ 't.pdf' }}"]"#, top: "budget: { max_cost_usd: 1 }")
        let windowed = rig(support: unknown, window: 32_000)
        #expect(try await windowed.run(workflow(yaml)).status == .succeeded)
        #expect(windowed.written.calls[0].start.held == usd("0.000001") * 32_000 + usd("0.000002") * 100)
        let open = rig(support: unknown)
        let refused = try await open.run(workflow(yaml))
        #expect(refused.failure?.kind == .unpriced)
        #expect(refused.failure?.message == "what 't.pdf' is billed as is not known for local/small, so a cap cannot be kept")
        #expect(refused.calls == 0)
        let free = rig(support: unknown)
        #expect(try await free.run(workflow(step(#"["${{ 't.pdf' }}"]"#))).status == .succeeded)
    }

    @Test func theLimitCountsThemAndTrimmingMakesRoom() async throws {
        let rig = rig()
        let tight = try await rig.run(workflow(step(#"[{ image: "${{ inputs.p }}", max_tokens: 500 }]"#, keys: ", limits: { max_input_tokens: 500 }")))
        #expect(tight.failure?.message == "the prompt has about 503 tokens, limits.max_input_tokens is 500")
        _ = try await rig.run(
            workflow(
                modelWorkflow(
                    """
                      - id: a
                        attach: [{ image: "${{ inputs.p }}", max_tokens: 500 }]
                        with: { doc: "${{ inputs.p + '0123456789012345678901234567890123456789' }}" }
                        prompt: "${{ with.doc }}"
                        limits: { max_input_tokens: 505, overflow: trim, trim: [doc] }
                    """, top: Self.inputs)))
        #expect(rig.provider.requests.last?.segments.last?.text == "a.png012345678 […]")
    }

    // MARK: The plan

    private func plan(_ attach: String, files: [String: [UInt8]], support: AttachmentSupport, window: Int? = nil, inputs: JSONObject? = nil) throws -> Plan {
        let project = try TemporaryProject(["w.yaml": step(attach, top: "budget: { max_cost_usd: 10 }")])
        for (name, bytes) in files { try project.write(bytes, to: name) }
        let clock = ManualClock()
        let provider = ScriptedProvider(
            clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: window, maxConcurrency: nil, attachments: support)) }
        ) { _, _ in .text("x") }
        return PlanBuilder(graph: try project.load().graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: inputs)
    }

    @Test func thePlanKnowsAFileThatIsNamedAndHoldsTheRestToTheDearest() throws {
        let tiles = AttachmentSupport(images: true, files: true, imageTokens: .tiles(base: 85, tile: 170))
        let named = try plan("[a.png]", files: ["a.png": SampleFiles.png()], support: tiles)
        // As the run holds it, three times, and a whole message more for the attachment.
        #expect(named.steps[0].amounts.worst == (usd("0.000001") * (64 + 12 + 2 + 11 + 765 + 21 + 76) + usd("0.000002") * 100) * 3)
        #expect(named.steps[0].amounts.best == usd("0.000001") * (4 + 765) + usd("0.000002"))
        let templated = try plan(#"[{ image: "x-${{ inputs.p }}" }]"#, files: [:], support: tiles)
        #expect(templated.steps[0].amounts.worst != nil)
        #expect(try #require(templated.steps[0].amounts.worst) > #require(named.steps[0].amounts.worst))
        #expect(templated.refusal == nil)
    }

    @Test func thePlanSaysWhatBoundsNothing() throws {
        let unknown = AttachmentSupport(images: true, files: true)
        let open = try plan("[t.pdf]", files: ["t.pdf": SampleFiles.pdf], support: unknown)
        #expect(open.steps[0].amounts.worst == nil)
        #expect(open.steps[0].notes == ["unbounded: what is attached may be billed as anything; attach: [{ …, max_tokens: … }] bounds it"])
        let windowed = try plan("[t.pdf]", files: ["t.pdf": SampleFiles.pdf], support: unknown, window: 1000)
        #expect(windowed.steps[0].amounts.worst == (usd("0.000001") * 1000 + usd("0.000002") * 100) * 3)
        let text = try plan("[n.txt]", files: ["n.txt": Array("hello".utf8)], support: .none)
        #expect(text.steps[0].amounts.worst != nil && text.refusal == nil)
    }

    @Test func thePlanRefusesAModelThatTakesNone() throws {
        let refused = try plan("[a.png]", files: ["a.png": SampleFiles.png()], support: .none)
        #expect(refused.refusal?.message == "local/small does not take images: 'a.png' cannot be attached")
    }
}
