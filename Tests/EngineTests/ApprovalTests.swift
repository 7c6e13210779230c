import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// Steps that ask a person.
@Suite struct ApprovalTests {
    private func graph(_ approve: String = #"message: "pay ${{ steps.draft.output }}?""#, after: String = "") throws -> WorkflowGraph {
        try workflow(
            """
            version: 1
            name: asks
            models: { m: { use: local/a } }
            defaults: { model: m }
            steps:
              - { id: draft, prompt: hi }
              - { id: review, approve: { \(approve) } }
              - { id: send, when: steps.review.output.approved, prompt: "send ${{ steps.review.output.by }}" }
              - { id: beside, prompt: beside }
            \(after)
            outputs: { said: "${{ steps.review.output }}", sent: "${{ steps.send.output }}" }
            """)
    }

    private func decision(_ isApproved: Bool, note: String? = nil) -> ApprovalDecision {
        ApprovalDecision(isApproved: isApproved, by: "ann", note: note, at: ManualClock.epoch)
    }

    @Test func theRunWaitsAndAnotherProcessGoesOn() async throws {
        let graph = try graph()
        let rig = EngineRig { request, _ in .text(request.schemaName) }
        let first = try await rig.run(graph)
        #expect(first.status == .waiting)
        #expect(first.waitsFor.map(\.step) == ["review"])
        // What does not wait for the answer is done.
        #expect(rig.provider.askedBy == ["draft", "beside"])
        #expect(rig.written.nodes["review"]?.status == .waiting)
        #expect(rig.written.end?.status == .waiting)

        rig.journal.leave(.decided(first.id, path: "review", decision(true, note: "fine")))
        let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider)
        let result = try await again.engine.resume(first.id, graph)
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["said": ["approved": true, "by": "ann", "note": "fine"], "sent": "send"])
        #expect(Set(rig.provider.askedBy) == ["draft", "beside", "send"])
        #expect(rig.written.payloads("approval_decided").map { $0["by"] } == ["ann"])
    }

    @Test func aRejectionIsAnAnswer() async throws {
        let rig = EngineRig { request, _ in .text(request.schemaName) }
        let first = try await rig.run(graph())
        rig.journal.leave(.decided(first.id, path: "review", decision(false)))
        let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider)
        let result = try await again.engine.resume(first.id, try graph())
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["said": ["approved": false, "by": "ann", "note": .null]])
    }

    @Test func withoutAnAnswerItGoesOnWaiting() async throws {
        let graph = try graph()
        let rig = EngineRig { request, _ in .text(request.schemaName) }
        let first = try await rig.run(graph)
        let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider)
        let result = try await again.engine.resume(first.id, graph)
        #expect(result.status == .waiting)
        #expect(rig.written.payloads("approval_requested").count == 1)
    }

    /// While other steps run, the answer is taken up in the same process.
    @Test func anAnswerReachesTheProcessThatWaits() async throws {
        let graph = try graph()
        let clock = ManualClock()
        let journal = InMemoryJournal()
        let decision = decision(true)
        let provider = ScriptedProvider(clock: clock) { request, _ in
            if request.schemaName == "draft" { journal.leave(.decided(request.id.run, path: "review", decision)) }
            return .text(request.schemaName, latency: request.schemaName == "beside" ? .seconds(9) : nil)
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider) { $0.requestInterval = .seconds(1) }
        let result = try await rig.run(graph)
        #expect(result.status == .succeeded)
        #expect(Set(rig.provider.askedBy) == ["draft", "beside", "send"])
    }

    @Test(arguments: ["fail", "approve", "reject"]) func theClockAnswers(word: String) async throws {
        let graph = try graph(#"message: "well?", timeout: 5s, on_timeout: \#(word)"#)
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in .text(request.schemaName, latency: request.schemaName == "beside" ? .seconds(9) : nil) }
        let rig = EngineRig(clock: clock, provider: provider)
        let result = try await rig.run(graph)
        switch word {
        case "fail":
            #expect(result.failure?.kind == .timeout)
            #expect(result.failedStep == "review")
        case "approve": #expect(result.outputs?["sent"] == "send")
        default: #expect(result.outputs == ["said": ["approved": false, "by": "timeout", "note": .null]])
        }
    }

    @Test func eachItemAsks() async throws {
        let graph = try workflow(
            """
            version: 1
            name: many
            steps:
              - { id: each, for_each: { items: "[1, 2]" }, approve: { message: "item ${{ item }}?" } }
            outputs: { all: "${{ steps.each.output.map(a, a.approved) }}" }
            """)
        let rig = EngineRig { request, _ in .text(request.schemaName) }
        let first = try await rig.run(graph)
        #expect(first.waitsFor.map(\.step) == ["each[0]", "each[1]"])
        rig.journal.leave(.decided(first.id, path: "each[1]", decision(true)))
        let second = try await EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider).engine.resume(first.id, graph)
        #expect(second.waitsFor.map(\.step) == ["each[0]"])
        rig.journal.leave(.decided(first.id, path: "each[0]", decision(false)))
        let third = try await EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider).engine.resume(first.id, graph)
        #expect(third.outputs == ["all": [false, true]])
    }

    @Test func aFailureThatCancelsTakesTheQuestionBack() async throws {
        let graph = try workflow(
            """
            version: 1
            name: breaks
            on_failure: cancel
            models: { m: { use: local/a } }
            steps:
              - { id: ask, approve: { message: "well?" } }
              - { id: bad, model: m, prompt: hi }
            """)
        let rig = EngineRig { _, _ in .failure(.badRequest) }
        let result = try await rig.run(graph)
        #expect(result.status == .failed)
        #expect(rig.written.nodes["ask"]?.status == .cancelled)
    }

    // MARK: Money

    /// One call fits the cap, the next does not.
    private func capped() throws -> WorkflowGraph {
        try workflow(
            """
            version: 1
            name: capped
            models: { m: { use: local/a } }
            defaults: { model: m, limits: { max_output_tokens: 100 } }
            budget: { max_cost_usd: 0.0004, on_exceeded: ask }
            steps:
              - { id: one, prompt: hi }
              - { id: two, prompt: "then ${{ steps.one.output }}" }
              - { id: three, prompt: "then ${{ steps.two.output }}" }
            outputs: { said: "${{ steps.three.output }}" }
            """)
    }

    @Test func aPersonGrantsMoney() async throws {
        let graph = try capped()
        // No usage is reported: what was held stays held.
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            var answer = ScriptedProvider.Answer.text(request.schemaName)
            (answer.billing, answer.usage) = (.unknown, nil)
            return answer
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let first = try await rig.run(graph)
        #expect(first.status == .waiting)
        #expect(first.waitsFor.map(\.step) == ["two"])
        let asked = try #require(rig.written.payloads("approval_requested").last?["cap_usd"]?.stringValue.flatMap(Money.init(decimal:)))
        #expect(asked > usd("0.0004"))
        rig.journal.leave(.decided(first.id, path: "two", decision(true)))
        let second = try await EngineRig(clock: clock, journal: rig.journal, provider: provider).engine.resume(first.id, graph)
        // The grant was for one call.
        #expect(second.waitsFor.map(\.step) == ["three"])
        #expect(rig.written.cap == asked)
        #expect(provider.askedBy == ["one", "two"])
        rig.journal.leave(.decided(first.id, path: "three", ApprovalDecision(isApproved: true, by: "ann", note: nil, at: ManualClock.epoch, cap: usd("1"))))
        let third = try await EngineRig(clock: clock, journal: rig.journal, provider: provider).engine.resume(first.id, graph)
        #expect(third.status == .succeeded, "\(third.failure as Any)")
        #expect(third.outputs == ["said": "three"])
        #expect(rig.written.cap == usd("1"))
        // Each question of a node has its number and says what it is about; the answers carry it, and what was spent.
        #expect(rig.written.payloads("approval_requested").map { [$0["step"], $0["number"], $0["kind"]] } == [["two", 1, "money"], ["three", 1, "money"]])
        #expect(rig.written.payloads("approval_decided").map { [$0["step"], $0["number"], $0["choice"]] } == [["two", 1, "approve"], ["three", 1, "approve"]])
        #expect(rig.written.payloads("approval_decided").allSatisfy { $0["asked_usd"]?.stringValue.flatMap(Money.init(decimal:)) ?? .zero > .zero })
        #expect(rig.written.mostHeld <= usd("1").picoDollars)
    }

    @Test func aPersonDoesNotGrantMoney() async throws {
        let graph = try capped()
        let rig = EngineRig { request, _ in .text(request.schemaName, input: 300, output: 0) }
        let first = try await rig.run(graph)
        #expect(first.status == .waiting)
        rig.journal.leave(.decided(first.id, path: first.waitsFor[0].step, decision(false, note: "too dear")))
        let end = try await EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider).engine.resume(first.id, graph)
        #expect(end.failure?.kind == .budget)
        #expect(end.failure?.message == "ann did not grant more money: too dear")
    }

    /// While other steps run, the step goes on in the same process.
    @Test func aGrantReachesTheProcessThatWaits() async throws {
        let graph = try workflow(
            """
            version: 1
            name: capped
            models: { m: { use: local/a } }
            defaults: { model: m, limits: { max_output_tokens: 100 } }
            budget: { max_cost_usd: 0.0004, on_exceeded: ask }
            steps:
              - { id: one, prompt: hi }
              - { id: two, prompt: "then ${{ steps.one.output }}" }
              - { id: beside, run: [sleep, "9"] }
            """)
        let clock = ManualClock()
        let journal = InMemoryJournal()
        let decision = decision(true)
        let provider = ScriptedProvider(clock: clock) { request, _ in
            if request.schemaName == "one" { journal.leave(.decided(request.id.run, path: "two", decision)) }
            return .text(request.schemaName, input: 300, output: 0)
        }
        let tools = ScriptedTools(clock: clock, latency: .seconds(9))
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, tools: tools) { $0.requestInterval = .seconds(1) }
        let result = try await rig.run(graph)
        #expect(result.status == .succeeded, "\(result.failure as Any) \(result.waitsFor)")
        #expect(provider.askedBy == ["one", "two"])
    }

    /// A deadline is for what the run does: the answer comes later than it, and the step goes on.
    @Test func aDeadlineIsNotForPeople() async throws {
        let graph = try workflow(
            """
            version: 1
            name: capped
            models: { m: { use: local/a } }
            defaults: { model: m, limits: { max_output_tokens: 100 } }
            budget: { max_cost_usd: 0.0004, on_exceeded: ask }
            steps:
              - { id: one, prompt: hi }
              - { id: two, prompt: "then ${{ steps.one.output }}", deadline: 5s }
              - { id: beside, run: [sleep, "9"] }
            """)
        let clock = ManualClock()
        let journal = InMemoryJournal()
        let provider = ScriptedProvider(clock: clock) { request, _ in .text(request.schemaName, input: 300, output: 0) }
        let tools = ScriptedTools(clock: clock, latency: .seconds(90))
        let decision = decision(true)
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, tools: tools) { $0.requestInterval = .seconds(30) }
        let observer = Answering { run, path in journal.leave(.decided(run, path: path, decision)) }
        let result = try await rig.run(graph, observer: observer)
        #expect(result.status == .succeeded, "\(result.failure as Any) \(result.waitsFor)")
        #expect(provider.askedBy == ["one", "two"] && rig.written.payloads("approval_decided").count == 1)
    }

    /// Answers what is asked, once the run looks for answers.
    private final class Answering: RunObserver {
        private let answer: @Sendable (RunID, String) -> Void

        init(_ answer: @escaping @Sendable (RunID, String) -> Void) { self.answer = answer }

        func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
            if case .approvalRequested(let path, _) = event { answer(run, path) }
        }
    }

    @Test func cancelIsForGood() async throws {
        let graph = try graph()
        let clock = ManualClock()
        let journal = InMemoryJournal()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            if request.schemaName == "draft" { journal.leave(.cancel(request.id.run, by: "ann")) }
            return .text(request.schemaName, latency: .seconds(3))
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider) { $0.requestInterval = .seconds(1) }
        let result = try await rig.run(graph)
        #expect(result.status == .cancelled)
        #expect(rig.provider.askedBy == ["draft", "beside"])
        #expect(rig.written.payloads("cancel_requested").map { $0["by"] } == ["ann"])
        await #expect(throws: JournalError.self) { try await rig.engine.resume(result.id, graph) }
    }
}
