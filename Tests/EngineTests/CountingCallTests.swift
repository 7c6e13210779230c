import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Calls that count the tokens of a prompt: where its bytes do not fit, and nowhere else.
@Suite struct CountingCallTests {
    /// 400 bytes: its bound is 400 + 2 for the joiner + 76 for the template, with 100 tokens of output $0.000678 at $1 and $2 per million tokens.
    static let prompt = String(repeating: "word ", count: 80)

    static func rig(
        _ counter: @escaping ScriptedProvider.Counter, clock: ManualClock = ManualClock(), journal: InMemoryJournal = InMemoryJournal(), window: Int? = nil,
        counting: ModelProfile.Counting = .everything, script: @escaping ScriptedProvider.Script = { _, _ in .text("x") }
    ) -> EngineRig {
        let provider = ScriptedProvider(
            clock: clock,
            profiles: {
                .success(
                    ModelProfile(
                        reference: $0, servedID: $0.model, contextWindow: window, maxConcurrency: nil,
                        attachments: AttachmentSupport(images: true, files: true, imageTokens: .atMost(1000)), counting: counting))
            }, counter: counter, script: script)
        return EngineRig(clock: clock, journal: journal, provider: provider) { $0.attachments = ScriptedFiles(["a.png": SampleFiles.png()]) }
    }

    static func proved(_ tokens: Int) -> ScriptedProvider.Counter { { _ in .success(TokenCount(tokens: tokens, basis: .proved)) } }

    static func graph(_ cap: String?, _ more: String = "", prompt: String = prompt) throws -> WorkflowGraph {
        try workflow(
            modelWorkflow(
                "  - { id: a, prompt: \"\(prompt)\"\(more) }",
                top: (cap.map { "budget: { max_cost_usd: \($0) }\n" } ?? "") + "outputs: { a: \"${{ steps.a.output }}\", attempts: \"${{ steps.a.attempts }}\", tokens: \"${{ steps.a.tokens }}\" }"))
    }

    // MARK: When

    @Test func whatFitsByItsBytesIsNotCounted() async throws {
        let rig = Self.rig(Self.proved(80))
        #expect(try await rig.run(Self.graph("0.000678")).status == .succeeded)
        #expect(rig.provider.counted.isEmpty)
        #expect(rig.written.calls.map(\.start.held) == [usd("0.000678")])
    }

    @Test(arguments: [(Reservation.Basis.proved, "0.00028"), (.learned, "0.000317")])
    func whatACapRefusesIsCounted(basis: Reservation.Basis, held: String) async throws {
        let rig = Self.rig { _ in .success(TokenCount(tokens: 80, basis: basis)) }
        let result = try await rig.run(Self.graph("0.000677"))
        #expect(result.outputs == ["a": "x", "attempts": 1, "tokens": 15])
        #expect(rig.written.story == ["run_started", "step_started a", "call_started a", "call_ended a", "call_started a", "call_ended a", "step_succeeded a", "run_ended succeeded"])
        let (count, call) = (rig.written.calls[0], rig.written.calls[1])
        #expect(count.start.purpose == .count && count.start.part == "(count)" && count.start.held == .zero && count.start.priceRows.isEmpty)
        #expect(count.end?.state == .void && count.end?.cost == .zero && count.end?.usage == nil && count.end?.notes.map(\.code) == [.tokensCounted])
        #expect(call.start.held == usd(held))
        // Both are of one request.
        #expect(call.start.request == count.start.request && call.start.ordinal == 0 && call.start.part.isEmpty)
        #expect(rig.provider.counted[0].timeout == .seconds(30))
        #expect(result.cost == MoneySum(usd("0.00002")))
    }

    /// No prompt has more tokens than its bytes allow: such a count is told of, and the bound by the bytes holds.
    @Test func aCountAboveTheBytesIsNone() async throws {
        let rig = Self.rig(Self.proved(90_000))
        #expect(try await rig.run(Self.graph("0.000677")).failure?.kind == .budget)
        #expect(
            rig.written.calls[0].end?.notes == [
                CallNote(.countFailed, "the prompt could not be counted, so that the bound by its bytes holds: its server counted 90000 tokens, and a prompt of its bytes can have 478 at most")
            ])
        // As outside of runs.
        let told = Result<TokenCount, CallFailure>.success(TokenCount(tokens: 479, basis: .proved))
        #expect(throws: CallFailure.self) { try told.checked(against: 478).get() }
        #expect(try told.checked(against: 479).get().tokens == 479 && told.checked(against: nil).get().tokens == 479)
    }

    @Test func aStepsCapToo() async throws {
        let rig = Self.rig(Self.proved(80))
        #expect(try await rig.run(Self.graph(nil, ", limits: { max_cost_usd: 0.0005 }")).status == .succeeded)
        #expect(rig.written.calls.map(\.start.held) == [.zero, usd("0.00028")])
        // It draws on nothing.
        #expect(rig.written.calls[0].start.caps.isEmpty)
    }

    @Test func aCountThatDoesNotFitIsRefused() async throws {
        let rig = Self.rig(Self.proved(90))
        let result = try await rig.run(Self.graph("0.00028"))
        #expect(result.failure == StepFailure(.budget, "the worst case of the next call, $0.00029, does not fit the run's budget: $0.00 of $0.00028 is spent or held"))
        #expect(rig.written.story == ["run_started", "step_started a", "call_started a", "call_ended a", "call_refused a", "step_failed a", "run_ended failed"])
        #expect(rig.provider.requests.isEmpty)
    }

    /// The verdict by the bytes holds, and why it was not counted is told.
    @Test(arguments: [FailureKind.modelNotFound, .timeout, .rateLimit, .malformedResponse])
    func whatCannotBeCountedIsHeldByItsBytes(kind: FailureKind) async throws {
        let rig = Self.rig { _ in .failure(CallFailure(kind, "nothing there")) }
        let result = try await rig.run(Self.graph("0.000677", ", retry: { max_attempts: 3 }"))
        #expect(result.failure == StepFailure(.budget, "the worst case of the next call, $0.000678, does not fit the run's budget: $0.00 of $0.000677 is spent or held"))
        #expect(rig.provider.counted.count == 1)
        let end = try #require(rig.written.calls[0].end)
        #expect(end.state == .void && end.failure?.kind == kind && end.notes.map(\.code) == [.countFailed])
        #expect(end.notes[0].message.contains("nothing there") && end.notes[0].code.isWarning)
    }

    /// A vendor's estimate above the bytes changes nothing.
    @Test func aCountNeverRaisesTheBound() async throws {
        let rig = Self.rig { _ in .success(TokenCount(tokens: 470, basis: .learned)) }
        let result = try await rig.run(Self.graph("0.000677"))
        #expect(result.failure?.message.contains("$0.000678") == true && rig.provider.counted.count == 1)
    }

    @Test(arguments: [ModelProfile.Counting.no, .text]) func whoCannotCountIsNotAsked(counting: ModelProfile.Counting) async throws {
        let rig = Self.rig(Self.proved(80), counting: counting)
        let attached = counting == .text ? ", attach: [{ image: \"${{ 'a.png' }}\", max_tokens: 10 }]" : ""
        #expect(try await rig.run(Self.graph("0.0004", attached)).failure?.kind == .budget)
        #expect(rig.provider.counted.isEmpty && rig.written.calls.isEmpty)
    }

    // MARK: The limit and the window

    @Test func aLimitOnInput() async throws {
        let rig = Self.rig(Self.proved(80))
        #expect(try await rig.run(Self.graph(nil, ", limits: { max_input_tokens: 80 }")).status == .succeeded)
        #expect(rig.written.calls.map(\.start.held) == [.zero, usd("0.00028")])
        let long = Self.rig(Self.proved(81))
        let refused = try await long.run(Self.graph(nil, ", limits: { max_input_tokens: 80 }"))
        #expect(refused.failure == StepFailure(.inputLimit, "the prompt has 81 tokens by the count of its server, limits.max_input_tokens is 80"))
        #expect(long.written.story == ["run_started", "step_started a", "call_started a", "call_ended a", "step_failed a", "run_ended failed"])
        let lost = Self.rig { _ in .failure(CallFailure(.connection, "gone")) }
        #expect(try await lost.run(Self.graph(nil, ", limits: { max_input_tokens: 80 }")).failure?.message == "the prompt has about 100 tokens, limits.max_input_tokens is 80")
        let fits = Self.rig(Self.proved(80))
        #expect(try await fits.run(Self.graph(nil, ", limits: { max_input_tokens: 100 }")).status == .succeeded)
        #expect(fits.provider.counted.isEmpty)
    }

    /// What a count lets through holds no more than the plan says, whose worst case goes by four bytes a token.
    @Test(arguments: [1, 5, 20, 100], [Reservation.Basis.proved, .learned]) func aCountedCallStaysBelowThePlan(limit: Int, basis: Reservation.Basis) async throws {
        let graph = try Self.graph("1", ", retry: { max_attempts: 1 }, limits: { max_input_tokens: \(limit) }", prompt: String(repeating: "x", count: 2000))
        let rig = Self.rig({ _ in .success(TokenCount(tokens: limit, basis: basis)) })
        let plan = PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        #expect(try await rig.run(graph).status == .succeeded)
        let held = try #require(rig.written.calls.last?.start.held)
        #expect(try held <= #require(plan.total.worst) && rig.provider.counted.count == 1, "\(held)")
    }

    /// The whole window would be held for what may be a fifth of it; without a cap nothing is held back.
    @Test(arguments: [("1", [usd("0.00"), usd("0.00028")]), (nil, [usd("0.0005")])] as [(String?, [Money])])
    func aWindow(cap: String?, held: [Money]) async throws {
        let rig = Self.rig(Self.proved(80), window: 300)
        #expect(try await rig.run(Self.graph(cap)).status == .succeeded)
        #expect(rig.written.calls.map(\.start.held) == held)
    }

    // MARK: Once

    @Test func aRequestIsCountedOnce() async throws {
        let rig = Self.rig(Self.proved(80)) { _, number in number < 2 ? .failure(.serverError) : .text("x") }
        let result = try await rig.run(Self.graph("0.000677", ", retry: { max_attempts: 3 }"))
        #expect(result.outputs?["attempts"] == 3 && rig.provider.counted.count == 1)
        #expect(rig.written.calls.map(\.start.held) == [.zero, usd("0.00028"), usd("0.00028"), usd("0.00028")])
    }

    /// A repair asks something else, and is counted for itself.
    @Test func anotherRequestIsCountedForItself() async throws {
        let rig = Self.rig(Self.proved(80)) { _, number in .text(number == 0 ? "no JSON" : #"{"n": 1}"#) }
        let schema = ", output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 1 }"
        #expect(try await rig.run(Self.graph("0.0004", schema)).status == .succeeded)
        #expect(rig.written.calls.map(\.start.purpose) == [.count, .try, .count, .repair])
        #expect(rig.written.calls.filter { $0.start.purpose == .count }.map(\.start.ordinal) == [0, 1])
    }

    /// A cap that a bill exceeded lets nothing begin, a count neither.
    @Test func nothingIsCountedUnderAnExceededCap() async throws {
        let rig = Self.rig(Self.proved(80)) { _, _ in .text("x", input: 10_000) }
        let result = try await rig.run(
            workflow(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, needs: [a], prompt: \"\(Self.prompt)\" }", top: "budget: { max_cost_usd: 0.001 }")))
        #expect(result.failure?.message.contains("is exceeded") == true && rig.provider.counted.isEmpty)
    }

    // MARK: Going on

    /// A process that dies in the middle of a count leaves one that owes nothing; what was counted is known to whoever goes on.
    @Test func everyBeginningGoesOn() async throws {
        let graph = try Self.graph("0.000677")
        let rig = Self.rig(Self.proved(80))
        let whole = try await rig.run(graph)
        for count in 1..<rig.written.entries.count {
            let journal = rig.journal.cut(whole.id, after: count)
            let before = try #require(journal.run(whole.id))
            let counted = before.calls.contains { $0.start.purpose == .count && $0.end != nil }
            let again = Self.rig(Self.proved(80), journal: journal)
            let result = try await again.engine.resume(whole.id, graph)
            // Two calls do not fit the cap: what was lost of one stays held.
            let lost = before.calls.contains { $0.start.purpose == .try && $0.end == nil }
            #expect(result.status == .succeeded, "after \(count): \(result.failure as Any)")
            #expect(result.outputs?["a"] == "x", "after \(count)")
            #expect(again.provider.counted.count == (counted ? 0 : 1), "after \(count)")
            #expect(again.written.calls.last?.start.held == usd("0.00028"))
            #expect(result.spending.isLowerBound == lost, "after \(count)")
            let states = again.written.tables.rows("model_call").values.filter { $0["purpose"] == .text("count") }.map { $0["state"] }
            #expect(states.allSatisfy { $0 == .text("void") }, "after \(count)")
            let folded = try RecordedHistory("\(count)", again.written, of: graph, inputs: [:], answer: { _, _ in .text("") }).folded()
            #expect(folded.spending == result.spending && folded.course == .ended(.succeeded) && folded.isEmpty, "after \(count)")
        }
    }

    @Test func aFailedCountIsNotAskedForAgain() async throws {
        let graph = try Self.graph("0.000677")
        let rig = Self.rig { _ in .failure(CallFailure(.modelNotFound, "none")) }
        let whole = try await rig.run(graph)
        let place = try #require(rig.written.entries.firstIndex { $0.facts.contains { $0.kind == "call_refused" } })
        let journal = rig.journal.cut(whole.id, after: place)
        let again = Self.rig(Self.proved(80), journal: journal)
        let result = try await again.engine.resume(whole.id, graph)
        let isKept = journal.run(whole.id)!.calls.contains { $0.start.purpose == .count && $0.end?.failure?.kind == .modelNotFound }
        #expect(result.failure?.kind == (isKept ? .budget : nil) && again.provider.counted.count == (isKept ? 0 : 1))
    }

    @Test(arguments: [Engine.Interruption.immediate, .graceful]) func stoppedWhileItCounts(level: Engine.Interruption) async throws {
        let graph = try Self.graph("0.000677")
        let clock = ManualClock()
        let rig = Self.rig(Self.proved(80), clock: clock)
        clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(level) }
        let first = try await rig.run(graph)
        #expect(first.status == .interrupted && rig.provider.requests.isEmpty && !first.spending.isLowerBound)
        let again = Self.rig(Self.proved(80), clock: clock, journal: rig.journal)
        #expect(try await again.engine.resume(first.id, graph).outputs?["a"] == "x")
        #expect(again.provider.counted.count == (level == .immediate ? 1 : 0))
    }
}
