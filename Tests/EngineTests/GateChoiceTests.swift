import Economics
import Expressions
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Gates that ask a person: when they do, what can be answered, and what comes of it, also where processes die in between.
@Suite struct GateChoiceTests {
    private static func rig(_ journal: InMemoryJournal = InMemoryJournal(), clock: ManualClock = ManualClock(), prices: PriceBook = .perToken()) -> EngineRig {
        let provider = ScriptedProvider(clock: clock) { request, _ in answer(request) }
        return EngineRig(clock: clock, journal: journal, provider: provider, prices: prices)
    }

    /// Each tier has an answer of its own; what a prompt says of a tier is how that fails.
    private static func answer(_ request: ModelRequest) -> ScriptedProvider.Answer {
        let text = request.segments.map(\.text).joined()
        let tier = request.site!.tier
        if request.site!.part == "judge" { return .failure(.serverError) }
        if text.contains("\(tier) is down") { return .failure(.connection) }
        if text.contains("\(tier) is empty") { return .text("") }
        if text.contains("\(tier) is cut") { return .text("half", finish: .length) }
        return .text(text.contains("json") ? #"{"kind": "\#(tier)"}"# : "answer of \(tier)")
    }

    private static func gate(_ prompt: String = "hi", ask: String = "message: \"which of ${{ inputs.n }}?\"", keys: String = "", gate: String = "", top: String = "", steps: String = "") -> String {
        """
        version: 1
        name: asks
        inputs: { n: { default: 3 } }
        models: { small: { use: local/s }, mid: { use: local/m }, helper: { use: local/h } }
        \(top)
        steps:
          - id: a
            prompt: "\(prompt)"
            retry: { max_attempts: 1 }
            \(keys)
            escalate: { tiers: [small, mid], checks: { never: { expr: "inputs.n < 0" } }, on_exhausted: { ask: { \(ask) } } \(gate) }
          \(steps)
        outputs: { answer: "${{ steps.a.output }}", accepted: "${{ steps.a.accepted }}", tier: "${{ steps.a.tier }}", checks: "${{ steps.a.checks }}", asked: "${{ steps.a.tiers_asked }}", status: "${{ steps.a.status }}" }
        """
    }

    private static let schema = "output: { schema: { type: object, properties: { kind: { type: string } }, required: [kind], additionalProperties: false }, repair: 0 }"

    private static func said(_ choice: ApprovalChoice, note: String? = nil) -> ApprovalDecision { ApprovalDecision(choice, by: "ann", note: note, at: ManualClock.epoch) }

    /// Goes on with a run that waits, in another process.
    private static func resume(_ rig: EngineRig, _ id: RunID, _ graph: WorkflowGraph) async throws -> RunResult {
        try await Self.rig(rig.journal, clock: rig.clock).engine.resume(id, graph)
    }

    private static func ends(_ rig: EngineRig) -> [GateEnded] { rig.written.events.compactMap { if case .gateEnded(let gate) = $0.event { gate } else { nil } } }

    // MARK: What is asked, and answered

    @Test func aTierIsPicked() async throws {
        let graph = try workflow(Self.gate(steps: "- { id: beside, prompt: beside, model: helper }"))
        let rig = Self.rig()
        let first = try await rig.run(graph)
        // What does not wait for the answer is done.
        #expect(first.status == .waiting && first.waitsFor.map(\.step) == ["a"] && rig.provider.requests.count == 3)
        let question = first.waitsFor[0].question
        #expect(first.waitsFor[0].choices == ["small", "mid"])
        #expect(question.kind == .gate && question.text == "which of 3?" && question.cause == "not_accepted" && question.number == 1)
        #expect(Self.ends(rig).isEmpty && rig.written.payloads("tier_decided").count == 2)
        let asked = try #require(try await InMemoryArchive(rig.journal).approvals(run: first.id.text, isOpen: true).first)
        #expect(asked.candidates.map(\.tier.tier) == ["small", "mid"] && asked.candidates.map(\.answer) == ["answer of small", "answer of mid"])
        #expect(asked.candidates.map { $0.checks.map(\.result) } == [[.failed], [.failed]])

        rig.journal.leave(.decided(first.id, path: "a", Self.said(.pick(tier: "small"), note: "short")))
        let result = try await Self.resume(rig, first.id, graph)
        #expect(result.outputs?["answer"] == "answer of small" && result.outputs?["tier"] == "small" && result.outputs?["accepted"] == true, "\(result.failure as Any)")
        #expect(result.outputs?["checks"]?["never"]?["passed"] == false && result.outputs?["asked"] == 2)
        // Nobody was asked again.
        #expect(rig.written.calls.count == 3)
        let end = try #require(Self.ends(rig).first)
        #expect(end.tier == "small" && end.isAccepted && end.by == "ann" && end.cause == "not_accepted")
        #expect(rig.written.payloads("approval_decided").map { [$0["kind"], $0["choice"], $0["tier"], $0["by"]] } == [["gate", "pick", "small", "ann"]])
    }

    @Test func anotherAnswerIsGiven() async throws {
        let graph = try workflow(Self.gate("json", keys: Self.schema))
        let rig = Self.rig()
        let first = try await rig.run(graph)
        let value = Blob(Array(#"{"kind":"mine"}"#.utf8))
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.value(value.hash))), document: value)
        let result = try await Self.resume(rig, first.id, graph)
        #expect(result.outputs?["answer"] == ["kind": "mine"] && result.outputs?["accepted"] == true && result.outputs?["tier"] == .null && result.outputs?["checks"] == [:])
        #expect(Self.ends(rig).map(\.tier) == [nil])
    }

    /// What could be left past the command is held against the schema all the same.
    @Test func aValueThatDoesNotMatchFails() async throws {
        let graph = try workflow(Self.gate("json", keys: Self.schema))
        let rig = Self.rig()
        let first = try await rig.run(graph)
        let value = Blob(Array(#"{"kind":1}"#.utf8))
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.value(value.hash))), document: value)
        let result = try await Self.resume(rig, first.id, graph)
        #expect(result.failure?.kind == .outputInvalid && result.failure?.details.count == 1, "\(result.failure as Any)")
    }

    @Test(arguments: [(ApprovalChoice.reject, nil), (.best, "mid"), (.pick(tier: "mid"), "mid"), (.pick(tier: "helper"), nil)] as [(ApprovalChoice, String?)])
    func whatIsChosenIsTaken(_ choice: ApprovalChoice, _ tier: String?) async throws {
        let graph = try workflow(Self.gate())
        let rig = Self.rig()
        let first = try await rig.run(graph)
        rig.journal.leave(.decided(first.id, path: "a", Self.said(choice, note: "no good")))
        let result = try await Self.resume(rig, first.id, graph)
        #expect(result.outputs?["tier"]?.stringValue == tier && Self.ends(rig).map(\.by) == ["ann"])
        guard tier == nil else { return }
        #expect(result.failure?.kind == .notAccepted)
        let why = choice == .reject ? "ann took none: no good" : "ann picked helper, which has no answer that can be taken"
        #expect(result.failure?.message == "no tier's answer was accepted: the last tier's was not accepted either; \(why)")
    }

    /// Yes is no answer to which: the run waits on.
    @Test func yesIsPassedOver() async throws {
        let graph = try workflow(Self.gate())
        let rig = Self.rig()
        let first = try await rig.run(graph)
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.approve)))
        #expect(try await Self.resume(rig, first.id, graph).status == .waiting)
    }

    @Test(arguments: ["best", "fail"]) func theClockAnswers(_ word: String) async throws {
        let graph = try workflow(Self.gate(ask: "message: ok?, timeout: 5s, on_timeout: \(word)", steps: "- { id: beside, run: [sleep, \"9\"] }"))
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in Self.answer(request) }
        let rig = EngineRig(clock: clock, provider: provider, tools: ScriptedTools(clock: clock, latency: .seconds(9)))
        let result = try await rig.run(graph)
        let end = try #require(Self.ends(rig).first)
        #expect(!end.isAccepted && end.by == nil && end.reason?.hasSuffix("; nobody chose in time") == true)
        if word == "best" {
            #expect(result.outputs?["tier"] == "mid" && result.outputs?["accepted"] == false && end.tier == "mid")
        } else {
            #expect(result.failure?.kind == .notAccepted && result.failure?.message.hasSuffix("; nobody chose in time") == true)
        }
        #expect(rig.written.payloads("approval_requested")[0]["on_timeout"] == .string(word))
        #expect(rig.written.payloads("approval_decided")[0]["choice"] == .string(word == "best" ? "best" : "reject"))
    }

    /// There is no best of nothing: what the clock will do is told as it will be.
    @Test func theClockTakesNoneWhereThereIsNone() async throws {
        let graph = try workflow(Self.gate("small is empty, mid is empty", ask: "message: ok?, timeout: 5s, on_timeout: best", steps: "- { id: beside, run: [sleep, \"9\"] }"))
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock) { request, _ in Self.answer(request) }, tools: ScriptedTools(clock: clock, latency: .seconds(9)))
        let result = try await rig.run(graph)
        #expect(result.failure?.kind == .notAccepted && result.failure?.message.hasSuffix("; nobody chose in time") == true, "\(result.failure as Any)")
        #expect(rig.written.payloads("approval_requested")[0]["on_timeout"] == "fail")
        let decision = rig.written.events.compactMap { if case .approvalDecided(_, let decision) = $0.event { decision } else { nil } }.first
        #expect(decision?.sentence == "timed out, taken as rejected" && decision?.objection == "timed out already, taken as rejected")
    }

    // MARK: When it is asked

    /// Also where no tier has an answer that passed the hard checks: then one is given, or none.
    @Test func withoutACandidateAPersonIsAskedToo() async throws {
        let graph = try workflow(Self.gate("small is empty, mid is empty"))
        let rig = Self.rig()
        let first = try await rig.run(graph)
        #expect(first.status == .waiting && first.waitsFor[0].question.cause == "empty_answer" && first.waitsFor[0].choices == [])
        let asked = try #require(try await InMemoryArchive(rig.journal).approvals(run: first.id.text, isOpen: true).first)
        #expect(asked.candidates.map(\.canBePicked) == [false, false])
        let value = Blob(Array(#""mine""#.utf8))
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.value(value.hash))), document: value)
        #expect(try await Self.resume(rig, first.id, graph).outputs?["answer"] == "mine")

        // The best of none is none.
        let other = Self.rig()
        let second = try await other.run(graph)
        other.journal.leave(.decided(second.id, path: "a", Self.said(.best)))
        #expect(try await Self.resume(other, second.id, graph).failure?.message.hasSuffix("ann took the best, and there is none") == true)
    }

    /// An outage alone is no question to a person, and where a tier answered it is.
    @Test func anOutageAsksNobodyByItself() async throws {
        let down = Self.rig()
        let failed = try await down.run(workflow(Self.gate("small is down")))
        #expect(failed.failure?.kind == .connection && down.written.payloads("approval_requested").isEmpty)
        let rig = Self.rig()
        let first = try await rig.run(workflow(Self.gate("mid is down")))
        #expect(first.status == .waiting && first.waitsFor[0].question.cause == "connection")
        let cut = Self.rig()
        #expect(try await cut.run(workflow(Self.gate("small is empty, mid is down"))).status == .waiting)
    }

    @Test func aCheckThatIsLostAsks() async throws {
        let schema = "{ type: object, properties: { score: { type: number } }, required: [score] }"
        let judge = "checks: { judge: { model: helper, prompt: \"ok?\", output: { schema: \(schema) }, min: 0.5 } }"
        let judged = Self.gate().replacing("checks: { never: { expr: \"inputs.n < 0\" } }", with: judge)
        let rig = Self.rig()
        let first = try await rig.run(workflow(judged))
        #expect(first.status == .waiting && first.waitsFor[0].question.cause == "check_unavailable")
        // The next tier was not asked.
        #expect(rig.written.calls.count { $0.start.part.isEmpty } == 1)
    }

    /// A cap that refuses the next tier asks. That there is money when the answer comes changes nothing: what was chosen is taken.
    @Test func aCapThatRefusesATierAsks() async throws {
        let dear = PriceBook(
            overrides: [("s", "1"), ("m", "1000"), ("h", "1000")].flatMap { [PriceRow.test("local", $0.0, .input, $0.1), .test("local", $0.0, .output, $0.1)] }, catalogue: .none)
        let graph = try workflow(
            Self.gate(
                top: "budget: { max_cost_usd: 0.001, on_exceeded: ask }\ndefaults: { limits: { max_output_tokens: 10 } }",
                steps: "- { id: b, prompt: b, needs: [a], on_error: continue, model: helper }"
            ).replacing("needs: [a], ", with: ""))
        let rig = Self.rig(prices: dear)
        let first = try await rig.run(graph)
        #expect(first.waitsFor.map(\.question.kind) == [.gate, .money] && first.waitsFor[0].question.cause == "budget", "\(first.failure as Any)")
        rig.journal.leave(.decided(first.id, path: "b", ApprovalDecision(.approve, by: "ann", note: nil, at: ManualClock.epoch, cap: usd("5"))))
        let again = Self.rig(rig.journal, clock: rig.clock, prices: dear)
        let second = try await again.engine.resume(first.id, graph)
        #expect(second.waitsFor.map(\.step) == ["a"] && rig.written.cap == usd("5"))
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.pick(tier: "small"))))
        let last = Self.rig(rig.journal, clock: rig.clock, prices: dear)
        let result = try await last.engine.resume(first.id, graph)
        #expect(result.outputs?["tier"] == "small" && last.provider.requests.isEmpty)
        #expect(rig.written.calls.allSatisfy { $0.start.model.model != "m" })
    }

    /// The first tier's money is asked for before, by a question of its own.
    @Test func questionsOfANodeAreNumbered() async throws {
        let graph = try workflow(Self.gate(top: "budget: { max_cost_usd: 0.0000001, on_exceeded: ask }\ndefaults: { limits: { max_output_tokens: 10 } }"))
        let rig = Self.rig()
        let first = try await rig.run(graph)
        rig.journal.leave(.decided(first.id, path: "a", ApprovalDecision(.approve, by: "ann", note: nil, at: ManualClock.epoch, cap: usd("1"))))
        let second = try await Self.resume(rig, first.id, graph)
        #expect(second.waitsFor.map { "\($0.question.kind) \($0.question.number)" } == ["gate 2"], "\(second.failure as Any)")
        rig.journal.leave(.decided(first.id, path: "a", Self.said(.best)))
        let result = try await Self.resume(rig, first.id, graph)
        #expect(result.outputs?["tier"] == "mid")
        #expect(rig.written.payloads("approval_decided").map { [$0["number"], $0["kind"]] } == [[1, "money"], [2, "gate"]])
    }

    // MARK: Items

    private static let items = """
        version: 1
        name: many
        models: { small: { use: local/s }, mid: { use: local/m } }
        steps:
          - id: each
            for_each: { items: "[0, 1, 2, 3]", on_error: collect }
            prompt: "item ${{ item }}"
            escalate: { tiers: [small, mid], checks: { even: { expr: "item % 2 == 0" } }, on_exhausted: { ask: { message: "item ${{ item }}?" } } }
          - id: group
            for_each: { items: "['x', 'y']", as: word }
            steps:
              - { id: inner, prompt: "${{ word }}", escalate: { tiers: [small], checks: { never: { expr: "output == ''" } }, on_exhausted: { ask: { message: "${{ word }}?" } } } }
        outputs: { each: "${{ steps.each.output }}", group: "${{ steps.group.output }}" }
        """

    /// Other items go on; each is answered by itself.
    @Test func eachItemAsks() async throws {
        let graph = try workflow(Self.items)
        let rig = Self.rig()
        let first = try await rig.run(graph)
        #expect(first.waitsFor.map(\.step) == ["each[1]", "each[3]", "group[0]/inner", "group[1]/inner"])
        #expect(first.waitsFor.map(\.question.text) == ["item 1?", "item 3?", "x?", "y?"])
        rig.journal.leave(.decided(first.id, path: "each[3]", Self.said(.reject)))
        rig.journal.leave(.decided(first.id, path: "group[0]/inner", Self.said(.best)))
        let second = try await Self.resume(rig, first.id, graph)
        #expect(second.waitsFor.map(\.step) == ["each[1]", "group[1]/inner"])
        rig.journal.leave(.decided(first.id, path: "each[1]", Self.said(.pick(tier: "small"))))
        rig.journal.leave(.decided(first.id, path: "group[1]/inner", Self.said(.pick(tier: "small"))))
        let result = try await Self.resume(rig, first.id, graph)
        let each = try #require(result.outputs?["each"]?.arrayValue, "\(result.failure as Any)")
        #expect(each.map { $0["ok"] } == [true, true, true, false] && each.prefix(3).map { $0["tier"] } == ["small", "small", "small"])
        #expect(each.map { $0["accepted"] } == [true, true, true, false] && each[3]["output"] == .null)
        #expect(result.outputs?["group"]?.arrayValue?.map { $0["inner"] } == ["answer of small", "answer of small"])
    }

    // MARK: Processes

    /// The answer reaches the process that drives the run.
    @Test func anAnswerComesWhileItLives() async throws {
        let graph = try workflow(Self.gate(keys: "deadline: 4s", steps: "- { id: beside, run: [sleep, \"9\"] }"))
        let (clock, journal) = (ManualClock(), InMemoryJournal())
        let provider = ScriptedProvider(clock: clock) { request, _ in Self.answer(request) }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, tools: ScriptedTools(clock: clock, latency: .seconds(90))) { $0.requestInterval = .seconds(30) }
        let decision = Self.said(.pick(tier: "mid"))
        let result = try await rig.run(graph, observer: Leaving(journal) { .decided($0, path: $1, decision) })
        #expect(result.outputs?["tier"] == "mid" && rig.written.end?.status == .succeeded, "\(result.failure as Any)")
        #expect(rig.written.payloads("run_resumed").isEmpty)
    }

    /// Leaves word when something is asked.
    private final class Leaving: RunObserver {
        private let journal: InMemoryJournal
        private let request: @Sendable (RunID, String) -> RunRequest

        init(_ journal: InMemoryJournal, _ request: @escaping @Sendable (RunID, String) -> RunRequest) { (self.journal, self.request) = (journal, request) }

        func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
            if case .approvalRequested(let path, _) = event { journal.leave(request(run, path)) }
        }
    }

    /// From every beginning of its journal the run comes to the same, with each fact of its gates told once and no call made again that was
    /// answered.
    @Test(arguments: [ApprovalChoice.pick(tier: "small"), .best, .value(ContentHash(of: #""mine""#))]) func everyBeginningEndsAlike(_ choice: ApprovalChoice) async throws {
        let graph = try workflow(Self.items)
        let value = Blob(Array(#""mine""#.utf8))
        let (clock, journal) = (ManualClock(), InMemoryJournal())
        let provider = ScriptedProvider(clock: clock) { request, _ in Self.answer(request) }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider)
        journal.leave(.cancel(RunID("nobody"), by: "nobody"), document: value)
        let whole = try await rig.run(graph, observer: Leaving(journal) { .decided($0, path: $1, Self.said(choice)) })
        #expect(whole.status == .succeeded, "\(whole.failure as Any)")
        func gates(_ run: InMemoryJournal.Run) -> [String] {
            run.events.compactMap { fact in
                switch fact.event {
                case .tierDecided(let tier): "\(tier.path) \(tier.tier) \(tier.verdict)"
                case .gateEnded(let gate): "\(gate.path) takes \(gate.tier ?? "none") \(gate.isAccepted) \(gate.by ?? "") \(gate.cause ?? "")"
                case .approvalDecided(let path, let decision): "\(path) \(decision.choice)"
                default: nil
                }
            }.sorted()
        }
        let all = gates(rig.written)
        #expect(all.count { $0.contains(" takes ") } == 6)
        let count = rig.written.events.count
        for facts in 1..<count {
            let journal = rig.journal.cut(whole.id, afterEvents: facts)
            journal.leave(.cancel(RunID("nobody"), by: "nobody"), document: value)
            let before = try #require(journal.run(whole.id))
            if before.end != nil { continue }
            let again = Self.rig(journal)
            for path in ["each[1]", "each[3]", "group[0]/inner", "group[1]/inner"] { journal.leave(.decided(whole.id, path: path, Self.said(choice))) }
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.outputs == whole.outputs, "after \(facts) facts: \(result.status) \(result.failure as Any)")
            let after = try #require(journal.run(whole.id))
            #expect(gates(after) == all, "after \(facts) facts")
            let lost = before.calls.count { $0.end == nil }
            #expect(after.calls.count == rig.written.calls.count + lost, "after \(facts) facts")
        }
    }

    /// Stopped for good while it asks.
    @Test func aQuestionEndsWithItsRun() async throws {
        let graph = try workflow(Self.gate(steps: "- { id: beside, run: [sleep, \"9\"] }"))
        let (clock, journal) = (ManualClock(), InMemoryJournal())
        let provider = ScriptedProvider(clock: clock) { request, _ in Self.answer(request) }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, tools: ScriptedTools(clock: clock, latency: .seconds(90))) { $0.requestInterval = .seconds(1) }
        let result = try await rig.run(graph, observer: Leaving(journal) { run, _ in .cancel(run, by: "ann") })
        #expect(result.status == .cancelled && Self.ends(rig).isEmpty && rig.written.payloads("approval_requested").count == 1)
    }

    // MARK: The machine

    @Test func aPersonIsAskedWhereATierAnswered() {
        let terms = GateTerms(tiers: ["small", "mid"], checks: [], onExhausted: .ask, escalatesRefusals: true)
        func end(_ events: [GateMachine.Event]) -> GateMachine.Command? {
            var gate = GateMachine(terms, scope: DictionaryBindings())
            var last = gate.apply(.started)
            for event in events { last = gate.apply(event) }
            return last
        }
        let (empty, down) = (StepFailure(.emptyAnswer, "empty"), StepFailure(.connection, "down"))
        #expect(end([.failed(down)]) == .end(.failed(down)))
        #expect(end([.refused(.refused(down))]) == .end(.failed(down)))
        #expect(end([.failed(empty), .failed(empty)]) == .end(.ask(best: nil, cause: .tierFailed(empty))))
        #expect(end([.failed(empty), .refused(.refused(down))]) == .end(.ask(best: nil, cause: .refused(down))))
        #expect(end([.failed(StepFailure(.refusal, "no")), .failed(down)]) == .end(.ask(best: nil, cause: .tierFailed(down))))
    }
}
