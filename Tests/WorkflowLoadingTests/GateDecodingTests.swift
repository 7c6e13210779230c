import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// What `escalate` and the bands of a budget come to in the graph.
@Suite struct GateDecodingTests {
    private static let schema = "{ type: object, properties: { kind: { enum: [a, b] }, answer: { type: string } }, required: [kind, answer] }"

    private func graph(_ escalate: String, schema: String? = nil, head: String = "", files: [String: String] = [:]) throws -> WorkflowGraph {
        let output = schema.map { ", output: { schema: \($0) }" } ?? ""
        let text = """
            version: 1
            name: t
            models: { small: { use: local/small }, mid: { use: local/mid }, large: { use: local/large } }
            prefixes: { rules: { text: Be kind. } }
            defaults: { model: large, limits: { max_output_tokens: 77 } }
            \(head)
            steps:
              - { id: a, prompt: hi\(output), escalate: \(escalate) }
            """
        return try TemporaryProject(files.merging(["w.yaml": text]) { $1 }).load().graph
    }

    private func gate(_ escalate: String, schema: String? = nil, files: [String: String] = [:]) throws -> Escalation {
        let step = try #require(try graph(escalate, schema: schema, files: files).steps[0].modelStep)
        #expect(step.tier == step.escalation?.tiers.first)
        return try #require(step.escalation)
    }

    @Test func whereNothingIsSaid() throws {
        let gate = try gate("{ tiers: [small, mid] }")
        #expect(gate.tiers == ["small", "mid"] && gate.checks.isEmpty && gate.accept == nil && gate.onRefusal == .stop && gate.maxRate == nil && gate.shadow == nil)
        guard case .position(0) = gate.start, case .best = gate.onExhausted else { Issue.record("\(gate.start) \(gate.onExhausted)"); return }
    }

    @Test func whatIsSaidOfTheWhole() throws {
        let gate = try gate(
            "{ tiers: [small, mid, large], start: mid, accept: output.kind == 'a', on_refusal: escalate, max_rate: 12.5%/1h30m, shadow: { rate: 0.5%, tiers: all }, on_exhausted: { ask: { message: ok?, timeout: 2h, on_timeout: best } } }",
            schema: Self.schema)
        #expect(gate.accept?.source == "output.kind == 'a'" && gate.onRefusal == .escalate)
        #expect(gate.maxRate == EscalationRate(limit: try #require(Share(millionths: 125_000)), window: .seconds(5400)))
        #expect(gate.shadow?.rate.millionths == 5000 && gate.shadow?.tiers == ["small", "mid", "large"])
        guard case .position(1) = gate.start, case .ask(let question) = gate.onExhausted else { Issue.record("\(gate.start) \(gate.onExhausted)"); return }
        #expect(question.message.literalText == "ok?" && question.timeout == .seconds(7200) && question.onTimeout == .best)
        let other = try self.gate("{ tiers: [small, mid], start: \"${{ run.id == '' ? 'mid' : 'small' }}\", shadow: { rate: 100% }, on_exhausted: fail }")
        #expect(other.shadow?.tiers == ["mid"] && other.shadow?.rate.millionths == Share.whole)
        guard case .computed(let template) = other.start, case .fail = other.onExhausted else { Issue.record("\(other.start) \(other.onExhausted)"); return }
        #expect(template.wholeExpression != nil)
    }

    @Test func checksOfEachKind() throws {
        let gate = try gate(
            """
            { tiers: [small, mid], checks: {
              e: { expr: "output.kind == 'a'", record: true },
              l: { logprob: { of: output.kind, min_prob: 0.9, min_p10: -1, min_lowest: -2, min_mean: -0.5, min_margin: 0.1 } },
              m: { agree: { model: large, on: output.kind, min: 1, start: early } },
              s: { agree: { samples: 5, temperature: 0.7, prompt_file: again.md } },
              r: { run: [verify, "${{ tier }}"], with: { text: "${{ output.answer }}", other: 1 }, timeout: 5s },
              j: { prompt: "${{ output.answer }}", prefix: rules, system: Be strict., output: { schema: { type: object, properties: { passed: { type: boolean }, score: { type: number } } }, repair: 0 }, min: 0.5, min_prob: 0.6, limits: { max_input_tokens: 9 }, temperature: 0, timeout: 7s },
              k: { model: mid, messages: [{ role: user, content: "ok? ${{ checks.r.output }} ${{ checks.e.passed }}" }], min: 1, output: { schema: { type: object, properties: { score: { type: number } } } } } } }
            """, schema: Self.schema, files: ["again.md": "once more\n"])
        #expect(gate.checks.map(\.name) == ["e", "l", "m", "s", "r", "j", "k"] && gate.checks.map(\.kind.name) == ["expr", "logprob", "agree", "agree", "run", "judge", "judge"])
        #expect(gate.checks.map(\.isRecorded) == [true, false, false, false, false, false, false])
        #expect(gate.checks.map(\.reads) == [[], [], [], [], [], [], ["e", "r"]])
        guard case .logprob(let logprob) = gate.checks[1].kind, case .agreement(let model) = gate.checks[2].kind, case .agreement(let samples) = gate.checks[3].kind,
            case .command(let verifier) = gate.checks[4].kind, case .judge(let judge) = gate.checks[5].kind, case .judge(let framed) = gate.checks[6].kind
        else { Issue.record("other kinds"); return }
        #expect(logprob == LogprobCheck(field: ["kind"], minProbability: 0.9, minP10: -1, minLowest: -2, minMean: -0.5, minMargin: 0.1))
        #expect(model.asked == .tier("large") && model.on?.source == "output.kind" && model.minShare == 1 && model.startsEarly && model.prompt == nil && model.temperature == nil)
        #expect(samples.asked == .samples(5) && samples.on == nil && samples.minShare == nil && !samples.startsEarly && samples.prompt?.literalText == "once more" && samples.temperature == 0.7)
        #expect(verifier.command.argv.count == 2 && !verifier.command.usesShell && verifier.command.okExit == [0] && verifier.timeout == .seconds(5))
        guard case .object(let pairs)? = verifier.command.stdin else { Issue.record("no JSON"); return }
        #expect(pairs.map(\.key) == ["text", "other"])
        #expect(judge.question.tier == "large" && judge.question.escalation == nil && judge.question.prefixes == [0] && judge.question.repairs == 0 && judge.question.schema != nil)
        #expect(judge.question.sampling.temperature == 0 && judge.question.system?.literalText == "Be strict." && judge.minScore == 0.5 && judge.minProbability == 0.6 && !judge.needsFrame)
        #expect(judge.limits.maxInputTokens == 9 && judge.limits.maxOutputTokens == 77 && judge.timeout == .seconds(7))
        #expect(framed.question.tier == "mid" && framed.needsFrame && framed.minScore == 1 && framed.timeout == nil)
    }

    /// `of` names a field of the output; the whole answer is `answer`, where no field has that name.
    @Test(arguments: [
        ("output.kind", ["kind"], true), ("kind", ["kind"], true), ("output", [], true), ("answer", ["answer"], true), ("output.answer", ["answer"], true), ("answer", [], false), ("output", [], false),
    ])
    func theFieldOfAnAnswer(of: String, path: [String], hasSchema: Bool) throws {
        let gate = try gate("{ tiers: [small], checks: { l: { logprob: { of: \(of), min_prob: 0.9 } } } }", schema: hasSchema ? Self.schema : nil)
        guard case .logprob(let logprob) = gate.checks[0].kind else { Issue.record("another kind"); return }
        #expect(logprob.field == path)
    }

    @Test func theHashIsThatOfWhatItSays() throws {
        func hash(_ gate: String, _ prompt: String = "ok?") throws -> ContentHash { try self.gate(gate, files: ["judge.md": prompt]).hash }
        let gate = "{ tiers: [small, mid], checks: { j: { prompt_file: judge.md, record: true } }, accept: output != '' }"
        #expect(try hash(gate) == hash(gate.replacing(", mid", with: ",   mid")))
        #expect(try hash(gate) != hash(gate.replacing("output != ''", with: "output != 'x'")))
        #expect(try hash(gate) != hash(gate, "Is it right?"))
    }

    @Test func bandsOfABudget() throws {
        let budget = try graph(
            "{ tiers: [small] }",
            head: "budget: { max_cost_usd: 2, max_tokens: 60000, yellow: { at: 60%, escalate: never, models: small }, red: { at: 1.5, finish_current: true, ask: true }, on_exceeded: degrade, degrade: [small, mid] }"
        ).budget
        #expect(budget.maxTokens == 60000 && budget.onExceeded == .degrade && budget.degrade == ["small", "mid"])
        #expect(budget.yellow == BudgetBand(at: .share(try #require(Share(text: "60%"))), tiers: ["small"], forbidsEscalation: true))
        #expect(budget.red == BudgetBand(at: .amount(try #require(Money(decimal: "1.5"))), finishesCurrent: true, asks: true))
        let capped = try graph("{ tiers: [small] }", head: "budget: { max_cost_usd: 2, max_tokens: 9 }").withBudget(try #require(Money(decimal: "3")))
        #expect(capped.budget.maxTokens == 9 && capped.budget.maxCost == Money(decimal: "3"))
    }

    @Test func allOfAGateRuns() throws {
        let gate = "{ tiers: [small], start: small, shadow: { rate: 5% }, max_rate: 30%/1h, checks: { v: { agree: { samples: 2, start: early } } }, on_exhausted: { ask: { message: which } } }"
        #expect(try graph(gate).notExecuted.isEmpty)
        #expect(LanguageMapping.escalate.keys.allSatisfy(\.runs) && LanguageMapping.check.keys.allSatisfy(\.runs))
    }
}
