import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What a graph knows of the reads of a prefix.
@Suite struct PrefixOutlookTests {
    private static let lifetimes: [TimeSpan] = [.seconds(3600), .seconds(300)]

    private static let document = "inputs: { doc: { type: string } }\nprefixes: { doc: { text: \"${{ inputs.doc }}\" }, rules: { text: Be kind. } }"

    private func outlook(_ steps: String, top: String = document, history: WorkflowHistory = WorkflowHistory(), inputs: JSONObject? = nil) throws -> PrefixOutlook {
        PrefixOutlook(try workflow(modelWorkflow(steps, top: top)), history: history, inputs: inputs)
    }

    /// By the origin of the block that it ends with.
    private func reads(_ outlook: PrefixOutlook, _ path: String, tier: String = "m", part: String = "", _ origin: String, within lifetime: TimeSpan = .seconds(300)) throws -> Double {
        let question = try #require(outlook.question(path: path, tier: tier, part: part))
        let block = try #require(outlook.asked[question].blocks.firstIndex { $0.origin == origin })
        return outlook.reads(of: question, within: [lifetime])[block][0]
    }

    private static let fanOut = """
          - { id: a, prefix: [rules, doc], prompt: Plan it. }
          - { id: b, prefix: [rules, doc], needs: [a], for_each: { items: "[1, 2, 3, 4, 5, 6, 7, 8]" }, prompt: "Do ${{ item }}" }
          - { id: c, prefix: [rules, doc], prompt: "Sum up ${{ steps.b.output[0] }}" }
          - { id: d, prefix: [rules], prompt: "Check ${{ steps.c.output }}" }
        """

    @Test func stepsBehindAreCountedWithTheirItems() throws {
        let outlook = try outlook(Self.fanOut)
        #expect(outlook.asked.map(\.path) == ["a", "b", "c", "d"])
        #expect(try reads(outlook, "a", "prefix rules") == 10)
        #expect(try reads(outlook, "a", "prefix doc") == 9)
        #expect(try reads(outlook, "a", "prompt") == 0)
        // Seven others of its own, and c.
        #expect(try reads(outlook, "b", "prefix doc") == 8)
        #expect(try reads(outlook, "b", "prompt") == 0)
        #expect(try reads(outlook, "c", "prefix doc") == 0)
        #expect(try reads(outlook, "c", "prefix rules") == 1)
        #expect(outlook.asked[1].expected == 8)
        let blocks = outlook.asked[0].blocks
        #expect(blocks.map(\.stability) == [.workflow, .execution, .step])
        #expect(blocks[0].tokens == 2 && blocks[1].tokens == nil && blocks[2].tokens == 3)
    }

    /// What has begun, and a list whose length has become known, are the run's to say.
    @Test func aRunTakesAwayWhatHasBegun() throws {
        let outlook = try outlook(Self.fanOut)
        let b = try #require(outlook.question(path: "b[3]", tier: "m"))
        func reads(_ progress: [Int: PrefixOutlook.Progress], _ counts: [Int: Double] = [:]) -> [Double] {
            outlook.reads(of: b, within: Self.lifetimes, counts: counts) { progress[$0] ?? PrefixOutlook.Progress(isOver: true) }[1]
        }
        #expect(reads([b: .init(begun: 3), b + 1: .init()]) == [6, 6])
        #expect(reads([b: .init(begun: 8), b + 1: .init()]) == [1, 1])
        #expect(reads([b: .init(begun: 8)]) == [0, 0])
        let axis = try #require(outlook.asked[b].axes.last)
        #expect(reads([b: .init(begun: 1)], [axis: 41]) == [40, 40])
        // However long its list is, of an item's own text nobody reads anything.
        #expect(outlook.reads(of: b, within: Self.lifetimes, counts: [axis: 41]) { _ in .init(begun: 1) }.last == [0, 0])
    }

    /// A person takes longer than five minutes; what is asked at once meanwhile keeps nothing alive beyond that.
    @Test func aWaitMayOutlastALifetime() throws {
        let outlook = try outlook(
            """
              - { id: a, prefix: [doc], prompt: hi }
              - { id: aside, prefix: [doc], prompt: ho }
              - { id: ok, needs: [a], approve: { message: Go on? } }
              - { id: late, needs: [ok], prefix: [doc], prompt: he }
            """)
        #expect(try reads(outlook, "a", "prefix doc") == 1)
        #expect(try reads(outlook, "a", "prefix doc", within: .seconds(3600)) == 2)
        let short = try self.outlook(
            """
              - { id: a, prefix: [doc], prompt: hi }
              - { id: ok, needs: [a], approve: { message: Go on?, timeout: 2m } }
              - { id: late, needs: [ok], prefix: [doc], prompt: he }
            """)
        #expect(try reads(short, "a", "prefix doc") == 1)
    }

    /// Prompts of one item at a time, with much between them, are found again by their own.
    @Test func itemsOneAfterTheOtherAreSpreadOverTime() throws {
        let steps = """
              - id: all
                for_each: { items: "[1, 2, 3]", max_parallel: 1 }
                steps:
                  - { id: ask, prefix: [doc], prompt: "About ${{ item }}" }
                  - { id: ok, needs: [ask], approve: { message: Good? } }
              - { id: end, needs: [all], prefix: [doc], prompt: End it. }
            """
        let outlook = try outlook(steps)
        #expect(try reads(outlook, "all/ask", "prefix doc") == 0)
        #expect(try reads(outlook, "all/ask", "prefix doc", within: .seconds(3600)) == 3)
    }

    /// The same words with the same values: of an input that the outer workflow gives, of an item, of a step in a loop.
    @Test func whatBlocksVaryWithIsFollowedThroughNames() throws {
        let inner = """
            version: 1
            name: inner
            inputs: { doc: { type: string }, ask: { type: string } }
            models: { m: { use: local/small } }
            defaults: { model: m }
            prefixes: { doc: { text: "${{ inputs.doc }}" }, ask: { text: "${{ inputs.ask }}" } }
            steps:
              - { id: first, prefix: [doc, ask], prompt: One. }
              - { id: second, prefix: [doc, ask], needs: [first], prompt: Two. }
            """
        let graph = try workflow(
            modelWorkflow(
                """
                  - { id: each, for_each: { items: "['x', 'y', 'z']" }, workflow: inner.yaml, with: { doc: "${{ inputs.doc }}", ask: "${{ item }}" } }
                """, top: Self.document), files: ["inner.yaml": inner])
        let outlook = PrefixOutlook(graph)
        #expect(try reads(outlook, "each/first", "prefix doc") == 5)
        // The other step of the same item alone.
        #expect(try reads(outlook, "each/first", "prefix ask") == 1)
        #expect(try reads(outlook, "each/first", "prompt") == 0)
    }

    @Test func passesShareWhatDoesNotChangeBetweenThem() throws {
        let outlook = try outlook(
            """
              - id: review
                loop:
                  max: 4
                  steps:
                    - { id: draft, prefix: [doc], system: Draft., prompt: "Pass ${{ pass.index }}" }
                    - { id: grade, system: Draft., prefix: [doc], prompt: "Grade ${{ steps.draft.output }}" }
            """)
        #expect(try reads(outlook, "review/draft", "system") == 7)
        #expect(try reads(outlook, "review/draft", "prefix doc") == 7)
        #expect(try reads(outlook, "review/draft", "prompt") == 0)
        #expect(try reads(outlook, "review/grade", "prompt") == 0)
    }

    /// Half of the answers of a gate go on, as long as nothing is known, to other models; its judge is asked of each answer.
    @Test func gatesAskTiersAndChecks() throws {
        let text = """
            version: 1
            name: gated
            inputs: { doc: { type: string } }
            models: { small: { use: local/s }, large: { use: local/l } }
            prefixes: { doc: { text: "${{ inputs.doc }}" } }
            steps:
              - id: a
                prefix: [doc]
                prompt: hi
                escalate:
                  tiers: [small, large]
                  checks:
                    judge: { model: small, prefix: [doc], prompt: "Is ${{ output }} right?", output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } } }
                    again: { agree: { samples: 2 } }
            """
        let outlook = PrefixOutlook(try workflow(text))
        #expect(outlook.asked.first { $0.tier == "large" && $0.part == "" }?.expected == 0.5)
        #expect(outlook.asked.first { $0.part == "judge" }?.expected == 1.5)
        // Its own samples have the whole prompt in common; the judge has a schema, so that its prompts begin with another.
        #expect(try reads(outlook, "a", tier: "small", "prompt") >= 1)
        let judge = try #require(outlook.question(path: "a", tier: "large", part: "judge"))
        #expect(outlook.asked[judge].part == "judge")
        let judging = outlook.reads(of: judge, within: Self.lifetimes)
        #expect(judging[0] == [0.5, 0.5] && judging[1] == [0, 0])
        #expect(outlook.question(path: "a", tier: "small", part: "again#2") != nil)
    }

    @Test(arguments: [
        ("{ id: b, prefix: [doc], prompt: ho }", 1.0), ("{ id: b, prefix: [doc], prompt: ho, reasoning: low }", 0), ("{ id: b, prefix: [doc], prompt: ho, output: { schema: { type: object } } }", 0),
        ("{ id: b, prefix: [doc], prompt: ho, when: \"inputs.doc == 'x'\" }", 0.5), ("{ id: b, prefix: [doc], model: other, prompt: ho }", 0),
        ("{ id: b, prefix: [rules, doc], prompt: ho }", 0),
    ])
    func onlyPromptsOfOneModelSettingAndBeginningShare(_ step: String, expected: Double) throws {
        let text = """
            version: 1
            name: t
            models: { m: { use: local/small }, other: { use: local/other } }
            defaults: { model: m }
            \(Self.document)
            steps:
              - { id: a, prefix: [doc], prompt: hi }
              - \(step)
            """
        #expect(try reads(PrefixOutlook(try workflow(text)), "a", "prefix doc") == expected)
    }

    /// How often a step asked in runs that succeeded stands in for what is assumed.
    @Test func historySaysHowOften() throws {
        let statistics = CallStatistics(provider: "local", model: "small", calls: 30, usage: TokenUsage(plainInput: 1, plainOutput: 1), milliseconds: 60_000)
        let history = WorkflowHistory(runs: 10, steps: ["b": [statistics]])
        let steps = """
              - { id: a, prefix: [doc], prompt: hi }
              - { id: b, prefix: [doc], when: "inputs.doc == 'x'", prompt: ho }
            """
        #expect(try reads(try outlook(steps, history: history), "a", "prefix doc") == 3)
        // What is known of the inputs decides conditions.
        #expect(try reads(try outlook(steps, inputs: ["doc": "y"]), "a", "prefix doc") == 0)
    }

    /// What it takes for the same blocks are the same bytes in a run, and no segment of a run's prompts is unknown to it.
    @Test func blocksAreTheSegmentsOfRuns() async throws {
        let yaml = modelWorkflow(
            """
              - { id: a, system: "You read ${{ inputs.doc }}", prefix: [rules, doc], prompt: "Plan ${{ run.id }}" }
              - { id: b, prefix: [doc, rules], for_each: { items: "['x', 'y', 'x']" }, with: { w: "${{ item }}!" }, prompt: "Do ${{ with.w }}" }
              - id: group
                for_each: { items: "[1, 2]" }
                steps:
                  - { id: c, prefix: [rules], messages: [{ role: user, content: "${{ inputs.doc }}" }, { role: assistant, content: "Yes?" }, { role: user, content: "${{ index }}" }] }
                  - { id: d, prefix: [rules], messages: [{ role: user, content: "${{ inputs.doc }}" }, { role: assistant, content: "Yes?" }, { role: user, content: "${{ steps.c.output }}" }] }
              - id: again
                loop: { max: 2, steps: [{ id: e, prefix: [rules], prompt: "Pass ${{ pass.index }} of ${{ steps.a.output }}" }] }
              - id: gate
                prefix: [doc]
                prompt: hi
                escalate:
                  tiers: [m]
                  on_exhausted: best
                  checks: { judge: { model: m, prefix: [doc], record: true, prompt: Right?, output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } } } }
            """, top: Self.document)
        let graph = try workflow(yaml)
        let rig = EngineRig { request, number in request.site?.part == "judge" ? .text("{\"passed\": true}") : .text("answer \(number) of \(request.schemaName)") }
        #expect(try await rig.run(graph, ["doc": "A long document."]).status == .succeeded)
        let outlook = PrefixOutlook(graph)
        var texts: [Int: Set<ContentHash>] = [:]
        for request in rig.provider.requests {
            let site = try #require(request.site)
            let question = try #require(outlook.question(path: site.path, tier: site.tier, part: site.part), "\(site)")
            #expect(outlook.asked[question].blocks.map(\.origin) == request.segments.map(\.origin), "\(site)")
            #expect(outlook.asked[question].blocks.map(\.role) == request.segments.map(\.role) && outlook.asked[question].blocks.map(\.stability) == request.segments.map(\.stability))
            for (index, segment) in request.segments.enumerated() {
                let block = try #require(outlook.blocks(of: request.segments, question)[index])
                if outlook.asked[question].blocks[block].axes.isEmpty { texts[outlook.asked[question].blocks[block].identity, default: []].insert(segment.hash) }
            }
        }
        #expect(rig.provider.requests.count == 12)
        #expect(texts.values.allSatisfy { $0.count == 1 })
        // As many identities as texts: what is equal in a run is found to be so.
        #expect(Set(texts.values.flatMap(\.self)).count == texts.count)
    }
}
