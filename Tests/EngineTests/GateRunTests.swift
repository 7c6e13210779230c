import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Steps with `escalate` as they run: every way that a gate can go, by what is asked, what is recorded and what expressions read.
@Suite struct GateRunTests {
    /// What is answered to each question, by tier and part: `small`, `mid judge`; the last answer is repeated.
    private static func rig(_ answers: [String: [ScriptedProvider.Answer]], prices: PriceBook = .perToken()) -> EngineRig {
        let counts = Mutex<[String: Int]>([:])
        return EngineRig(prices: prices) { request, _ in
            let site = request.site!
            let key = site.part.isEmpty ? site.tier : "\(site.tier) \(site.part)"
            guard let list = answers[key] else { return .failure(.badRequest, "nothing is scripted for '\(key)'") }
            let number = counts.withLock { counts in
                defer { counts[key, default: 0] += 1 }
                return counts[key, default: 0]
            }
            return list[min(number, list.count - 1)]
        }
    }

    private static func gate(_ escalate: String, step: String = "prompt: hi", top: String = "", steps: String = "") -> String {
        """
        version: 1
        name: gated
        models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l }, helper: { use: local/h } }
        \(top)
        steps:
          - { id: a, \(step), retry: { max_attempts: 1 }, escalate: { \(escalate) } }
        \(steps)
        outputs:
          answer: ${{ steps.a.output }}
          accepted: ${{ steps.a.accepted }}
          tier: ${{ steps.a.tier }}
          attempts: ${{ steps.a.attempts }}
        """
    }

    private static let short = "checks: { short: { expr: size(output) < 4 } }"
    private static let judged = """
        checks: { judge: { model: helper, prompt: "Is it right?", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }, min: 0.5 } }
        """

    /// The facts of gates and calls, in order.
    private static func story(_ rig: EngineRig) -> [String] {
        rig.written.events.compactMap { fact in
            switch fact.event {
            case .callStarted(let call): "call \(call.tier)\(call.part.isEmpty ? "" : " \(call.part)")\(call.askedTier.map { " of \($0)" } ?? "") \(call.purpose.rawValue)"
            case .checkEnded(let check): "\(check.check) \(check.result.rawValue)\(check.score.map { " \($0)" } ?? "")"
            case .tierDecided(let tier): "\(tier.tier) \(tier.verdict.rawValue)\(tier.decidedBy.map { " by \($0)" } ?? "")\(tier.notRun.isEmpty ? "" : " without \(tier.notRun.joined(separator: " "))")"
            case .gateEnded(let gate): "takes \(gate.tier ?? "none")\(gate.isAccepted ? "" : " unaccepted")\(gate.cause.map { ": \($0)" } ?? "")"
            case .nodeSucceeded: "succeeded"
            case .nodeFailed(_, let failure): "failed \(failure.kind.rawValue)"
            default: nil
            }
        }
    }

    @Test(arguments: [
        (["abc"], "small", ["call small try", "short passed", "small accepted by short", "takes small"]),
        (["abcd", "abc"], "mid", ["call small try", "short failed", "small rejected by short", "call mid try", "short passed", "mid accepted by short", "takes mid"]),
        (
            ["abcd", "abcde", "abc"], "large",
            [
                "call small try", "short failed", "small rejected by short", "call mid try", "short failed", "mid rejected by short", "call large try",
                "short passed", "large accepted by short", "takes large",
            ]
        ),
    ])
    func anAnswerIsAcceptedAtATier(_ texts: [String], _ tier: String, _ story: [String]) async throws {
        let rig = Self.rig(Dictionary(uniqueKeysWithValues: zip(["small", "mid", "large"], texts.map { [.text($0)] })))
        let result = try await rig.run(Self.gate("tiers: [small, mid, large], \(Self.short)"))
        #expect(result.outputs == ["answer": "abc", "accepted": true, "tier": .string(tier), "attempts": .int(Int64(texts.count))])
        #expect(Self.story(rig) == story + ["succeeded"])
    }

    @Test func theBestIsTakenWhereNoneIsAccepted() async throws {
        let rig = Self.rig(["small": [.text("abcd")], "mid": [.text("abcde")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], \(Self.short)"))
        #expect(result.status == .succeeded && result.outputs == ["answer": "abcde", "accepted": false, "tier": "mid", "attempts": 2])
        #expect(Self.story(rig).suffix(2) == ["takes mid unaccepted: not_accepted", "succeeded"])
    }

    @Test func orItFails() async throws {
        let rig = Self.rig(["small": [.text("abcd")], "mid": [.text("abcde")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], on_exhausted: fail, \(Self.short)"))
        #expect(result.status == .failed && result.failure?.kind == .notAccepted)
        #expect(Self.story(rig).suffix(2) == ["takes none unaccepted", "failed not_accepted"])
    }

    @Test func anOutageDoesNotEscalate() async throws {
        let rig = Self.rig(["small": [.failure(.serverError)]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], \(Self.short)"))
        #expect(result.failure?.kind == .serverError && rig.provider.requests.count == 1)
        // Of a further tier it leaves the answer that there is.
        let later = Self.rig(["small": [.text("abcd")], "mid": [.failure(.serverError)]])
        let kept = try await later.run(Self.gate("tiers: [small, mid, large], \(Self.short)"))
        #expect(kept.outputs == ["answer": "abcd", "accepted": false, "tier": "small", "attempts": 2])
        #expect(Self.story(later).contains("mid failed without short") && Self.story(later).contains("takes small unaccepted: server_error"))
    }

    @Test(arguments: [
        (ScriptedProvider.Answer.text(""), "empty"), (.text("ab", finish: .length), "cut"), (.text("{\"n\": \"x\"}"), "schema"),
    ])
    func hardChecksGoUp(_ answer: ScriptedProvider.Answer, _ what: String) async throws {
        let schema = "prompt: hi, output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 0 }"
        let rig = Self.rig(["small": [answer], "mid": [.text("{\"n\": 1}")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid]", step: schema))
        #expect(result.outputs?["answer"] == ["n": 1] && result.outputs?["tier"] == "mid", "\(what)")
    }

    @Test func aCutAnswerIsAskedForOnceMoreWithTwiceTheCap() async throws {
        let answers: [String: [ScriptedProvider.Answer]] = ["small": [.text("ab", finish: .length), .text("abc")], "mid": [.text("abc")]]
        let usual = Self.rig(answers)
        #expect(try await usual.run(Self.gate("tiers: [small, mid]")).outputs?["tier"] == "small")
        #expect(usual.provider.requests.map(\.maxOutputTokens) == [1024, 2048] && usual.written.calls[1].start.retryOf == 1)
        // A cap that was written is kept.
        let written = Self.rig(answers)
        #expect(try await written.run(Self.gate("tiers: [small, mid]", step: "prompt: hi, limits: { max_output_tokens: 50 }")).outputs?["tier"] == "mid")
        #expect(written.provider.requests.map(\.maxOutputTokens) == [50, 50])
    }

    @Test func refusalsByTheirPolicy() async throws {
        let answers: [String: [ScriptedProvider.Answer]] = ["small": [.text("", refusal: "no")], "mid": [.text("abc")]]
        #expect(try await Self.rig(answers).run(Self.gate("tiers: [small, mid]")).failure?.kind == .refusal)
        #expect(try await Self.rig(answers).run(Self.gate("tiers: [small, mid], on_refusal: escalate")).outputs?["tier"] == "mid")
    }

    @Test func whereItStartsIsComputed() async throws {
        let rig = Self.rig(["small": [.text("abc")], "mid": [.text("abc")]])
        let yaml = Self.gate("tiers: [small, mid], start: \"${{ inputs.hard ? 'mid' : 'small' }}\"", top: "inputs: { hard: { type: boolean } }")
        #expect(try await rig.run(yaml, ["hard": true]).outputs?["tier"] == "mid")
        #expect(try await rig.run(yaml, ["hard": false]).outputs?["tier"] == "small")
    }

    // MARK: Judges

    @Test func aJudgeIsAQuestionOfItsOwn() async throws {
        let rig = Self.rig(["small": [.text("bad")], "small judge": [.text("{\"score\": 0.2}")], "mid": [.text("good")], "mid judge": [.text("{\"score\": 0.5}")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], \(Self.judged)"))
        #expect(result.outputs == ["answer": "good", "accepted": true, "tier": "mid", "attempts": 2])
        #expect(
            Self.story(rig) == [
                "call small try", "call small judge of helper judge", "judge failed 0.2", "small rejected by judge", "call mid try",
                "call mid judge of helper judge", "judge passed 0.5", "mid accepted by judge", "takes mid", "succeeded",
            ])
        // It sees what was asked and what was answered, and of a tier before nothing.
        let prompt = rig.provider.requests[3].segments.map(\.text).joined(separator: "|")
        #expect(prompt.contains("<question>\nhi\n</question>") && prompt.contains("<answer>\ngood\n</answer>") && !prompt.contains("bad"))
        #expect(rig.provider.requests[3].model.model == "h")
        // Its calls are part of the step's costs, and no attempts of it.
        let check = try #require(rig.written.payloads("check_ended").last)
        #expect(check["cost_usd"] == "0.00002" && check["threshold"] == 0.5)
    }

    @Test func aJudgeThatFailsIsANoAndOneThatIsAwayIsLost() async throws {
        let schema = "\(Self.judged)"
        let broken = Self.rig(["small": [.text("x")], "small judge": [.text("no JSON")], "mid": [.text("y")], "mid judge": [.text("{\"score\": 1}")]])
        #expect(try await broken.run(Self.gate("tiers: [small, mid], \(schema)")).outputs?["tier"] == "mid")
        #expect(Self.story(broken).contains("judge error"))
        let away = Self.rig(["small": [.text("x")], "small judge": [.failure(.connection)]])
        let result = try await away.run(Self.gate("tiers: [small, mid], \(schema)"))
        #expect(result.outputs?["tier"] == "small" && result.outputs?["accepted"] == false)
        #expect(Self.story(away).suffix(4) == ["judge lost", "small unavailable by judge", "takes small unaccepted: check_unavailable", "succeeded"])
    }

    @Test func whatItsPromptNamesStandsThere() async throws {
        let check = "checks: { judge: { model: helper, prompt: \"${{ tier }}: ${{ output }} to ${{ question }}\" } }, accept: checks.judge.output == 'yes'"
        let rig = Self.rig(["small": [.text("x")], "small judge": [.text("yes")]])
        #expect(try await rig.run(Self.gate("tiers: [small, mid], \(check)")).outputs?["accepted"] == true)
        #expect(rig.provider.requests[1].segments.map(\.text) == ["small: x to hi"])
    }

    // MARK: Agreement

    @Test func aHelperIsAskedOnce() async throws {
        let rig = Self.rig(["small": [.text("abc")], "small same": [.text("xyz")], "mid": [.text("xyz")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], checks: { same: { agree: { model: helper } } }"))
        #expect(result.outputs?["tier"] == "mid" && result.outputs?["accepted"] == true && rig.provider.requests.count == 3)
        #expect(Self.story(rig).filter { $0.hasPrefix("same") } == ["same failed 0.5", "same passed 1.0"])
        #expect(rig.provider.requests[1].segments.map(\.text) == ["hi"] && rig.provider.requests[1].model.model == "h")
    }

    @Test(arguments: [
        // Three of five are enough, and two others are not asked.
        (["a", "a", "b", "b"], 2, "passed"), (["b", "a", "a"], 3, "passed"),
        (["b", "c", "b"], 3, "failed"),
    ])
    func samplesEndAsSoonAsTheyDecide(_ samples: [String], _ asked: Int, _ result: String) async throws {
        var answers: [String: [ScriptedProvider.Answer]] = ["small": [.text("a")], "mid": [.text("z")]]
        for (index, text) in samples.enumerated() { answers["small vote#\(index + 1)"] = [.text(text)] }
        for index in 1...4 { answers["mid vote#\(index)"] = [.text("z")] }
        let rig = Self.rig(answers)
        _ = try await rig.run(Self.gate("tiers: [small, mid], checks: { vote: { agree: { samples: 4, temperature: 0.9 } } }"))
        let votes = rig.provider.requests.filter { $0.site?.part.hasPrefix("vote") == true && $0.site?.tier == "small" }
        #expect(votes.count == asked && votes.allSatisfy { $0.sampling.temperature == 0.9 && $0.model.model == "s" })
        #expect(Self.story(rig).first { $0.hasPrefix("vote") }?.hasPrefix("vote \(result)") == true)
    }

    @Test func aPartOfTheAnswerIsCompared() async throws {
        let schema = "prompt: hi, output: { schema: { type: object, properties: { kind: { type: string }, why: { type: string } }, required: [kind] } }"
        let rig = Self.rig(["small": [.text(#"{"kind": "a", "why": "1"}"#)], "small same": [.text(#"{"kind": "a", "why": "2"}"#)]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], checks: { same: { agree: { model: helper, on: output.kind } } }", step: schema))
        #expect(result.outputs?["tier"] == "small")
    }

    // MARK: Log-probabilities

    private static func sure(_ text: String, _ tokens: [(String, Double)]) -> ScriptedProvider.Answer {
        let content = tokens.map { JSONValue.object(["token": .string($0.0), "logprob": .double($0.1)]) }
        return ScriptedProvider.Answer(
            outcome: .success(ModelResponse(text: text, finishReason: .stop, logprobs: ["content": .array(content)])), billing: .reported,
            usage: TokenUsage(plainInput: 10, plainOutput: 5), latency: nil)
    }

    @Test func logprobsOfTheAnswer() async throws {
        let rig = Self.rig(["small": [Self.sure("ab", [("a", -0.1), ("b", -2)])], "mid": [Self.sure("ab", [("a", -0.1), ("b", -0.1)])]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], checks: { sure: { logprob: { min_lowest: -1 } } }"))
        #expect(result.outputs?["tier"] == "mid" && rig.provider.requests.allSatisfy { $0.sampling.logprobs == true })
        // Where there are none, it is a no.
        let without = Self.rig(["small": [.text("ab")], "mid": [.text("ab")]])
        let none = try await without.run(Self.gate("tiers: [small, mid], checks: { sure: { logprob: { min_prob: 0.5 } } }"))
        #expect(none.outputs?["accepted"] == false && Self.story(without).contains("sure error"))
    }

    // MARK: Accept

    /// An accept without a value is a no that says why, in the decision and where its answer is taken all the same.
    @Test func anAcceptWithoutAValueSaysWhy() async throws {
        let rig = Self.rig(["small": [.text("0")], "mid": [.text("0")]])
        let result = try await rig.run(Self.gate("tiers: [small, mid], accept: 10 / int(output) > 1"))
        #expect(result.outputs?["tier"] == "mid" && result.outputs?["accepted"] == false)
        let why = try #require(rig.written.payloads("tier_decided").first?["reason"]?.stringValue)
        #expect(why.hasPrefix("accept has no value: ") && why.contains("zero"))
        #expect(rig.written.payloads("tier_decided").map { $0["reason"]?.stringValue } == [why, why])
        #expect(rig.written.payloads("gate_ended")[0]["reason"]?.stringValue == "the last tier's was not accepted either: \(why)")
        #expect(rig.written.payloads("gate_ended")[0]["cause"] == "not_accepted")

        // Where another ends the gate, both are told.
        let cut = Self.rig(["small": [.text("0")], "mid": [.failure(.badRequest, "no such thing")]])
        _ = try await cut.run(Self.gate("tiers: [small, mid], accept: 10 / int(output) > 1"))
        let end = try #require(cut.written.payloads("gate_ended").first?["reason"]?.stringValue)
        #expect(end.contains("no such thing") && end.hasSuffix("; of its own, \(why)"))

        // A no that is one has nothing to say.
        let plain = Self.rig(["small": [.text("9")], "mid": [.text("9")]])
        _ = try await plain.run(Self.gate("tiers: [small, mid], accept: 10 / int(output) > 1"))
        #expect(plain.written.payloads("tier_decided").allSatisfy { $0["reason"] == nil })
    }

    // MARK: Programs

    @Test func aProgramLooksAtTheAnswer() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { invocation in
            let input = (try? JSONParser.parse(invocation.stdin))?["text"]?.stringValue ?? ""
            return .exited(code: input == "good" ? 0 : 1, stdout: Array("{\"score\": 0.25}".utf8), stderr: "line\nit does not build\n")
        }
        let provider = ScriptedProvider(clock: clock) { request, _ in .text(request.site?.tier == "small" ? "bad" : "good") }
        let rig = EngineRig(clock: clock, provider: provider, tools: tools)
        let result = try await rig.run(Self.gate("tiers: [small, mid], checks: { tests: { run: [./verify], with: { text: \"${{ output }}\" } } }"))
        #expect(result.outputs?["tier"] == "mid" && result.outputs?["accepted"] == true)
        #expect(rig.written.payloads("check_ended").map { $0["result"] } == ["failed", "passed"])
        #expect(rig.written.payloads("check_ended")[0]["reason"] == "exit code 1: it does not build")
    }

    /// The exit code is stronger than what is printed, and what is neither true nor false is no yes.
    @Test(
        arguments: [
            (0, "{\"passed\": true}", "passed", nil), (0, "{}", "passed", nil), (0, "fine", "passed", nil), (0, "{\"score\": null}", "passed", nil),
            (0, "{\"passed\": false}", "failed", nil), (1, "{\"passed\": true}", "failed", "exit code 1"), (1, "{\"passed\": \"no\"}", "failed", "exit code 1"),
            (0, "{\"passed\": \"no\"}", "error", "the program's passed is \"no\", neither true nor false"),
            (0, "{\"passed\": null}", "error", "the program's passed is null, neither true nor false"),
            (0, "{\"passed\": 0}", "error", "the program's passed is 0, neither true nor false"),
            (0, "{\"score\": \"high\"}", "error", "the program's score is \"high\", no number"),
        ] as [(Int, String, String, String?)])
    func whatAProgramSays(_ code: Int, _ stdout: String, _ result: String, _ reason: String?) async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: code, stdout: Array(stdout.utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock) { _, _ in .text("x") }, tools: tools)
        let run = try await rig.run(Self.gate("tiers: [small, mid], checks: { tests: { run: [./verify] } }"))
        let check = try #require(rig.written.payloads("check_ended").first)
        #expect(check["result"] == .string(result) && check["reason"] == reason.map(JSONValue.string))
        #expect(run.outputs?["tier"] == (result == "passed" ? "small" : "mid"))
    }

    // MARK: Money

    @Test func aTierThatDoesNotFitIsNotAsked() async throws {
        let step = "prompt: hi, limits: { max_output_tokens: 10, max_cost_usd: 0.00005 }"
        let dear = PriceBook(
            overrides: [
                .test("local", "s", .input, "0.1"), .test("local", "s", .output, "0.1"), .test("local", "m", .input, "100"), .test("local", "m", .output, "100"),
            ], catalogue: .none)
        let cheap = Self.rig(["small": [.text("abcd")]], prices: dear)
        let result = try await cheap.run(Self.gate("tiers: [small, mid], \(Self.short)", step: step))
        #expect(result.outputs?["tier"] == "small" && result.outputs?["accepted"] == false, "\(String(describing: result.failure))")
        #expect(Self.story(cheap).suffix(2) == ["takes small unaccepted: budget", "succeeded"])
        #expect(cheap.written.payloads("tier_decided").count == 1)
    }

    // MARK: What expressions read

    @Test func itemsHaveListsOfTheirOwn() async throws {
        let rig = EngineRig { request, _ in .text(request.segments.last!.text.hasSuffix("1") && request.site?.tier == "small" ? "abcd" : "abc") }
        let yaml = """
            version: 1
            name: gated
            models: { small: { use: local/s }, mid: { use: local/m } }
            steps:
              - { id: a, for_each: { items: "[0, 1, 2]" }, prompt: "${{ item }}", escalate: { tiers: [small, mid], \(Self.short) } }
              - { id: b, for_each: { items: "[0, 1]", on_error: collect }, prompt: "${{ item }}", escalate: { tiers: [small], on_exhausted: fail, \(Self.short) } }
            outputs: { tiers: "${{ steps.a.tier }}", accepted: "${{ steps.a.accepted }}", attempts: "${{ steps.a.attempts }}", b: "${{ steps.b.output }}" }
            """
        let outputs = try #require(try await rig.run(yaml).outputs)
        #expect(outputs["tiers"] == ["small", "mid", "small"] && outputs["accepted"] == [true, true, true] && outputs["attempts"] == [1, 2, 1])
        #expect(outputs["b"]?[0] == ["ok": true, "output": "abc", "error": .null, "accepted": true, "tier": "small", "attempts": 1, "tiers_asked": 1, "checks": ["short": ["passed": true, "output": true]]])
        #expect(outputs["b"]?[1]?["ok"] == false && outputs["b"]?[1]?["accepted"] == false)
    }
}
