import Economics
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

/// Facts are stored and read back whole: every kind, with all that it may tell and with as little as it can.
@Suite struct EventCodecTests {
    private static let run = RunID("20261121-094815-k3f9q2ab")
    private static let hash = ContentHash(of: "a")
    private static let other = ContentHash(of: "b")
    private static let at = Timestamp(rfc3339: "2026-11-21T10:00:00.000001Z")!
    private static let model = ModelReference(provider: "local", model: "org/small")
    private static let money = Money(picoDollars: 9_223_372_036_854_775_807)

    private static func call(_ number: Int) -> CallID { CallID(run: run, number: number) }

    private static let failure = StepFailure(.outputInvalid, "no \"quotes\" \u{1F600}", details: ["one", "two"])

    private static let full: [RunEvent] = [
        .runStarted(
            RunStarted(
                workflow: "w", file: "dir/w.yaml", graph: hash, sources: other, meaning: hash, inputs: hash, maxCost: money, maxTokens: 77, encoder: 3, program: "agentctl 9",
                facts: 3, rules: Rules(version: 2), owner: ["business": "b"], tags: ["team": "x", "n": 7],
                decision: RunDecision(id: "d", unit: "ticket", counts: ["a", "b"]), batch: "lines", batchIndex: 0,
                origin: RunOrigin(commit: "abc", release: "v1"), kind: .fork, purpose: .eval, parent: "r0", fork: ForkOrigin(.step("a[1]/b"), kept: other))),
        .conditionEvaluated("a", holds: true), .itemsExpanded("a", count: 3, items: hash), .stepSkipped("a", .upstreamFailed("b")), .nodeStarted("a[2]"),
        .scopeOpened(ScopeOpened(node: "a", isFinally: true, pass: 2, inputs: hash)), .passEnded("a", pass: 1, .exhausted), .deadlinePassed("a"),
        .memoHit(MemoHit(path: "a", call: "r.1", output: hash, tier: "t", model: model, saved: money, tags: ["x": "y"])),
        .memoHit(MemoHit(path: "a", call: "r.1", output: hash, tier: "t", model: model, saved: money, tags: nil, how: .flight)),
        .prefixReleased(PrefixReleased(call: call(7), path: "a[1]", by: "r.6", prefix: 0xff, waited: .milliseconds(12), cause: .late)),
        .memoKept(MemoKept(path: "a", question: hash, call: call(4), output: other, cost: money)),
        .inputTrimmed("a", [TrimmedValue(key: "k", before: 9, after: 3)]),
        .callStarted(
            CallStarted(
                id: call(7), path: "a[1]", tier: "t", part: "judge#2", askedTier: "u", model: model, purpose: .repair, ordinal: 3, request: hash, wire: other,
                held: money, retryOf: 6, tags: ["x": "y"], caps: [("a", money), ("b", .zero)], bound: Money(picoDollars: 1),
                room: Money(picoDollars: 2), tokens: TokenHold(held: 9, bound: 8, room: 3, caps: [TokenCap(scope: "a", cap: 70)]), trimmed: [TrimmedValue(key: "k", before: 9, after: 3)], priceRows: ["p/in", "p/out"])),
        .callRefused("a", BudgetRefusal(scope: "a", cap: money, spent: .zero, asked: money, exceeded: money, room: money)),
        .callRefused("a", BudgetRefusal(scope: "a", tokens: BudgetRefusal.Amounts(cap: 9, spent: 8, asked: 7, exceeded: 6, room: 5))),
        .bandEntered(BandEntered(.yellow, .money(counted: money, at: money))), .bandEntered(BandEntered(.red, .tokens(counted: 8, at: 7))),
        .stepSkipped("a", .band(.red)),
        .callEnded(
            CallEnded(
                id: call(7), path: "a[1]", state: .overrun, cost: money, usage: TokenUsage(plainInput: 5, cacheRead: 3, cacheWrite: 2, plainOutput: 7, reasoning: 1),
                usageRaw: "{ \"n\":\t1.50 }", finishReason: .other, finishWord: "odd", response: hash, logprobs: other,
                failure: CallFailure(.rateLimit, "later", retryAfter: .milliseconds(1500), shouldRetry: true), jitter: 0.1234567890123, isOutage: true, kept: .zero, keptTokens: 4,
                notes: [CallNote(.servedModel, "another")], priceRows: ["q"],
                newPriceRows: [
                    PriceRow(
                        id: "q", provider: "p", model: "m*", unit: .cacheWrite, price: Money(picoDollars: 3), abovePromptTokens: 200_000, effectiveFrom: at,
                        effectiveTo: at.adding(.seconds(1)), source: "s", checkedAt: "2026-11-21")
                ],
                modelServed: "small-2", httpStatus: 429, timeToFirstToken: .milliseconds(3), total: .milliseconds(9),
                detail: CostDetail(reported: money, basis: .reported, priced: .zero, list: money, tierSource: .asked))),
        .commandEnded("a", attempt: 2, exitCode: -9, stdout: hash, stderr: other, milliseconds: 12), .outputRejected("a", violations: ["x", "y"]),
        .checkEnded(
            CheckEnded(
                path: "a", tier: "small", check: "judge", kind: "judge", result: .failed, score: 0.1, value: -1.25, threshold: 0.8, output: hash, reason: "r",
                cost: money, time: .milliseconds(7), gate: other)),
        .tierDecided(
            TierDecided(
                path: "a", tier: "small", gate: hash, verdict: .failed, failure: .truncated, decidedBy: "b", notRun: ["c", "d"], reason: "r", output: other,
                signals: AnswerSignals(
                    bytes: 12, finish: "odd", matchesSchema: false, logprobs: AnswerSignals.Logprobs(sum: -1, lowest: -0.75, mean: -0.5, p10: -0.75, margin: 0.25, tokens: 2),
                    parts: [AnswerSignals.Part(check: "sure", logprobs: AnswerSignals.Logprobs(sum: -0.25, lowest: -0.25, mean: -0.25, p10: -0.25, margin: nil, tokens: 1))]),
                lastTier: "large", window: hash)),
        .rateCounted(RateCounted(path: "a[1]", from: "small", tier: "mid", rate: EscalationRate(text: "30%/1h")!, answered: 20, escalated: 6)),
        .rateCounted(RateCounted(path: "a[1]", from: "small", tier: "mid", rate: EscalationRate(text: "0.5%/90s")!, answered: 0, escalated: 0)),
        .gateEnded(GateEnded(path: "a", tier: "small", isAccepted: true, cause: "budget", reason: "it does not fit", by: "ann")),
        .shadowDrawn(ShadowDrawn(path: "a[1]", gate: hash, draw: (1 << 53) - 1, rate: Share(text: "0.05%")!, tiers: ["mid", "large"], inputBytes: 12)),
        .shadowEnded(
            ShadowEnded(
                path: "a[1]", tier: "large", result: .failed, failure: .outputInvalid, reason: "r", output: other, signals: AnswerSignals(bytes: 3, finish: "stop"))),
        .nodeSucceeded("a", OutputReference(hash: hash)), .nodeFailed("a", failure), .nodeRecovered("a", failure, OutputReference(hash: hash)),
        .nodeCancelled("a"), .itemsCollected("a", OutputReference(hash: hash)),
        .approvalRequested("a", ApprovalRequest(number: 2, kind: .band, message: hash, until: at, onTimeout: .approve, cap: money, asked: .zero)),
        .approvalDecided(
            "a",
            ApprovalDecision(
                isApproved: true, by: "ann", note: "n", at: at, isTimeout: true, cap: money,
                system: SystemUser(uid: 1, name: "u", loginUID: 2, loginName: "l", sudoUser: "s", host: "h"), spent: .zero, held: money,
                question: ApprovalRequest(number: 2, kind: .money, message: hash, until: nil, onTimeout: .fail, cap: money, asked: .zero))),
        .approvalRequested("a", ApprovalRequest(number: 3, kind: .gate, message: hash, until: at, onTimeout: .best, cause: "not_accepted", reason: "r")),
        .approvalDecided("a", ApprovalDecision(.pick(tier: "small"), by: "ann", note: nil, at: at)),
        .approvalDecided("a", ApprovalDecision(.value(other), by: "ann", note: nil, at: at)),
        .approvalDecided("a", ApprovalDecision(.best, by: "timeout", note: nil, at: at, isTimeout: true)),
        .interruptRequested, .cancelRequested(by: "ann"), .runEnded(RunEnded(.failed, outputs: hash, failure: failure, outcome: "lost")),
        .runResumed(RunResumed(program: "agentctl 9", epoch: 4, lost: [3, 9])), .outcomeRecorded(OutcomeRecorded(value: "won", source: "command")),
        .runPruned(RunPruned(facts: 9, previous: hash, rows: [("run", hash), ("outcome", other)], program: "agentctl 9")),
        .documentsRedacted(DocumentsRedacted(documents: [hash, other], fields: ["inputs", "steps.a.prompt"], by: "ann", reason: "asked")),
        .filesAccepted(FilesAccepted(graph: hash, sources: other, meaning: hash)),
        .nodeInherited(NodeInherited(path: "a[1]", from: "r0", status: .succeeded, output: hash, failure: failure, facts: ["tier": "t", "cost_usd": 0.0, "output": .null])),
    ]

    private static let bare: [RunEvent] = [
        .runStarted(RunStarted(workflow: "w", graph: hash, sources: other, inputs: hash, maxCost: nil, encoder: 1, program: "p")),
        .scopeOpened(ScopeOpened(node: nil)), .scopeOpened(ScopeOpened(node: "a")), .itemsExpanded("a", count: 0, items: hash),
        .prefixReleased(PrefixReleased(call: call(7), path: "a", by: "r.6", prefix: 0, waited: .milliseconds(0), cause: .began)),
        .memoHit(MemoHit(path: "a", call: "r.1", output: hash, tier: "", model: nil, saved: nil, tags: nil)),
        .memoKept(MemoKept(path: "a", question: hash, call: call(0), output: other, cost: nil)), .inputTrimmed("a", []),
        .callStarted(CallStarted(id: call(1), path: "a", tier: "t", model: model, purpose: .try, ordinal: 0, request: hash, held: nil, retryOf: nil)),
        .callRefused("a", BudgetRefusal(scope: "a", cap: .zero, spent: .zero, asked: .zero)),
        .callEnded(
            CallEnded(
                id: call(1), path: "a", state: .void, cost: nil, usage: nil, finishReason: nil, response: nil, failure: nil, jitter: 0, priceRows: [])),
        .callEnded(
            CallEnded(
                id: call(1), path: "a", state: .settled, cost: .zero, usage: TokenUsage(plainInput: 0, plainOutput: 0), finishReason: .stop, response: hash,
                failure: nil, jitter: 0, httpStatus: 200)),
        .commandEnded("a", attempt: 1, exitCode: 0, stdout: hash, milliseconds: 0), .outputRejected("a", violations: []),
        .nodeFailed("a", StepFailure(.budget, "")), .checkEnded(CheckEnded(path: "a", tier: "t", check: "c", kind: "expr", result: .passed, score: 1, time: .milliseconds(0))),
        .tierDecided(TierDecided(path: "a", tier: "t", gate: hash, verdict: .accepted)), .gateEnded(GateEnded(path: "a", tier: nil, isAccepted: false)),
        .shadowDrawn(ShadowDrawn(path: "a", gate: hash, draw: 0, rate: Share(text: "0%")!, tiers: [], inputBytes: 0)),
        .shadowEnded(ShadowEnded(path: "a", tier: "t", result: .unknown)),
        .approvalRequested("a", ApprovalRequest(message: hash, until: nil, onTimeout: .fail)),
        .approvalDecided("a", ApprovalDecision(isApproved: false, by: "b", note: nil, at: at)), .runEnded(RunEnded(.succeeded)),
        .runResumed(RunResumed(program: "p", epoch: 2, lost: [])), .nodeInherited(NodeInherited(path: "a", from: "r0", status: .skipped, reason: .conditionFalse)),
        .nodeInherited(NodeInherited(path: "a", from: "r0", status: .failed, failure: failure)),
        .runStarted(RunStarted(workflow: "w", graph: hash, sources: other, inputs: hash, maxCost: nil, encoder: 1, program: "p", kind: .fork, parent: "r", fork: ForkOrigin(.failed, kept: hash))),
    ]

    /// All of a value, classes and lists of pairs included.
    private func text(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        // Objects are told apart by numbers.
        return text.replacing(#/ #\d+/#, with: "")
    }

    @Test(arguments: full + bare) func isReadAsItWasStored(fact: RunEvent) throws {
        let payload = fact.payload
        let read = try RunEvent(kind: fact.kind, payload: try JSONParser.parse(payload), run: Self.run)
        #expect(text(read) == text(fact))
        #expect(read.payload == payload && read.kind == fact.kind)
    }

    @Test func everyKindIsTried() {
        #expect(Set(Self.full.map(\.kind)) == Set(RunEvent.Kind.allCases.map(\.rawValue)))
    }

    /// What is of another kind is told and not read as something else; `choice` follows from whether it is approved.
    @Test(arguments: full + bare) func whatIsChangedIsNotReadAsItWas(fact: RunEvent) throws {
        let object = try #require(try JSONParser.parse(fact.payload).objectValue)
        for (key, _) in object where key != "choice" {
            for value: JSONValue in [[[:]], "\u{0}?", -0.5] where value != object[key] {
                var changed = object
                changed[key] = value
                let read = try? RunEvent(kind: fact.kind, payload: .object(changed), run: Self.run)
                #expect(read.map { $0.payload != fact.payload } ?? true, "\(fact.kind) with another \(key)")
            }
        }
        #expect(throws: EventDecodingError.self) { try RunEvent(kind: "dreamt", payload: .object(object), run: Self.run) }
    }
}
