import Economics
import Reports
import Values
import WorkflowModel

let start = Timestamp(rfc3339: "2026-11-21T09:48:15Z")!

func after(_ milliseconds: Int64) -> Timestamp { start.adding(.milliseconds(milliseconds)) }

func usd(_ text: String) -> Money { Money(decimal: text)! }

func sum(_ text: String) -> MoneySum { MoneySum(usd(text)) }

func style(_ width: Int? = nil, color: Bool = false, unicode: Bool = true) -> TextStyle {
    TextStyle(usesColor: color, width: width, isUnicode: unicode)
}

func node(
    _ step: String, item: Int? = nil, _ status: NodeStatus, from: Int64? = nil, to: Int64? = nil, reason: String? = nil,
    failure: StepFailure? = nil
) -> NodeRecord {
    let node = NodeRecord(path: item.map { "\(step)[\($0)]" } ?? step, step: step, item: item, status: status)
    node.startedAt = from.map(after)
    node.endedAt = to.map(after)
    node.reason = reason
    node.failure = failure?.json
    return node
}

func call(
    _ path: String, _ ordinal: Int = 0, model: String = "local/small", state: CallState = .settled, held: String? = nil,
    cost: String? = nil, tokens: (Int, Int)? = nil, cached: Int? = nil, http: Int? = 200, failure: CallFailure? = nil,
    at: Int64 = 0, took: Int64? = nil, purpose: String = "try"
) -> CallRecord {
    let parts = model.split(separator: "/").map(String.init)
    let step = String(path.prefix { $0 != "[" })
    let call = CallRecord(
        id: "r.\(path).\(ordinal)", path: path, step: step, tier: "small", purpose: purpose, ordinal: ordinal, provider: parts[0],
        modelAsked: parts[1], state: state, startedAt: after(at))
    call.held = held.map(usd)
    call.cost = cost.map(usd)
    call.inputTokens = tokens?.0
    call.outputTokens = tokens?.1
    call.cacheReadTokens = cached
    call.httpStatus = http
    call.failure = failure?.json
    call.total = took.map { .milliseconds($0) }
    call.timeToFirstToken = failure == nil && took != nil ? .milliseconds(took! / 4) : nil
    call.endedAt = took.map { after(at + $0) }
    return call
}

/// A ticket whose draft met a rate limit and was tried again, with a step skipped and a list with one failure.
func supportTriage() -> RunTrace {
    var run = RunRecord(id: "20261121-094815-k3f9q2ab", workflow: "support-triage", file: "Workflows/support-triage.yaml", status: .failed, startedAt: start)
    run.endedAt = after(6_240)
    run.maxCost = usd("0.25")
    run.inputTokens = 2_854
    run.outputTokens = 277
    run.tags = ["feature": "support", "customer": "acme"]
    run.decisionID = "T-1042"
    let refused = StepFailure(.outputInvalid, "the answer does not follow its schema after one repair", details: ["/verdict: expected one of pass, fail", "/score: missing"])
    let calls = [
        call("classify", cost: "0.000013", tokens: (412, 18), cached: 380, at: 2, took: 1_200),
        call("draft", 0, state: .void, http: 429, failure: CallFailure(.rateLimit, "Too many requests, slow down"), at: 1_210, took: 80),
        call("draft", 1, cost: "0.000101", tokens: (1_200, 210), at: 2_300, took: 2_000),
        call("claims[0]", cost: "0.00002", tokens: (600, 20), at: 4_310, took: 790),
        call("claims[1]", 0, cost: "0.000035", tokens: (642, 29), at: 4_311, took: 800),
        call("claims[1]", 1, state: .unknown, held: "0.0012", http: nil, failure: CallFailure(.timeout, "no answer within 45s"), at: 5_120, purpose: "repair"),
    ]
    run.spending = spending(of: calls)
    return RunTrace(
        run: run,
        nodes: [
            node("classify", .succeeded, from: 2, to: 1_202),
            node("retrieve", .skipped, reason: "when is false"),
            node("draft", .succeeded, from: 1_210, to: 4_300),
            node("claims", .failed, from: 4_310, to: 6_000, failure: StepFailure(.items, "1 of 2 items failed")),
            node("claims", item: 0, .succeeded, from: 4_310, to: 5_100),
            node("claims", item: 1, .failed, from: 4_311, to: 6_000, failure: refused),
            node("compliance", .pending),
        ], calls: calls)
}

/// Settled calls that cost so much in all, with some more held, and some without a price.
func spent(_ cost: String, calls: Int = 1, held: String = "0", unpriced: Int = 0) -> Spending {
    var spending = Spending()
    (spending.calls, spending.unpriced) = (calls, unpriced)
    (spending.known, spending.held, spending.heldOpen) = (sum(cost), sum(cost) + sum(held), sum(held))
    return spending
}

func spending(of calls: [CallRecord]) -> Spending {
    var spending = Spending()
    for call in calls { spending.add(call.state, cost: call.cost, held: call.held ?? call.cost) }
    return spending
}

func live(_ updates: [(Int64, LiveUpdate)]) -> LiveTree {
    var tree = LiveTree()
    for (time, update) in updates { tree.apply(update, at: after(time)) }
    return tree
}

/// Four groups of calls: one of them without any price, one with some.
func supportAudit() -> AuditReport {
    func row(
        _ keys: [String], runs: Int, calls: Int, input: Int, cached: Int = 0, output: Int, cost: String, held: String = "0",
        unpriced: Int = 0, failed: Int = 0, repeated: Int = 0
    ) -> AuditRow {
        AuditRow(
            keys: keys, runs: runs, spending: spent(cost, calls: calls, held: held, unpriced: unpriced), inputTokens: input, cacheReadTokens: cached,
            outputTokens: output, failedCalls: failed, repeatedCalls: repeated)
    }
    return AuditReport(
        dimensions: ["workflow", "model"],
        rows: [
            row(["support-triage", "local/small"], runs: 12, calls: 60, input: 24_000, cached: 9_000, output: 4_120, cost: "0.0123", failed: 2, repeated: 3),
            row(["support-triage", "openai/gpt-4o"], runs: 4, calls: 4, input: 4_000, output: 900, cost: "0.019", held: "0.0012"),
            row(["summary", "acme/new"], runs: 1, calls: 8, input: 800, output: 100, cost: "0", unpriced: 8),
            row(["summary", "local/small"], runs: 1, calls: 3, input: 800, output: 100, cost: "0.000009", unpriced: 1),
        ],
        decisions: [
            DecisionRow(workflow: "support-triage", unit: "resolved ticket", decisions: 12, counted: 7, pending: 2, cost: sum("0.0313")),
            DecisionRow(workflow: "summary", unit: "summary", decisions: 1, counted: 0, pending: 1, cost: sum("0.000009")),
        ])
}

/// Two models, a command that may be skipped, and prefixes that three steps share.
func supportPlan() -> Plan {
    Plan(
        workflow: "support-triage",
        steps: [
            .init(
                id: "classify", kind: "model", tier: "small", model: "local/small", maxCalls: 3, prompt: PromptTokens(412, .estimate), maxInputTokens: 4_000,
                maxOutputTokens: 120, amounts: .init(best: usd("0.00001"), expected: usd("0.000013"), worst: usd("0.0002")),
                prefixes: ["policy", "ticket"]),
            .init(
                id: "retrieve", kind: "run", isConditional: true, amounts: .init(best: .zero, expected: .zero, worst: .zero),
                dependsOn: ["classify"]),
            .init(
                id: "draft", kind: "model", tier: "mid", model: "openai/gpt-4o", maxCalls: 6, prompt: PromptTokens(1_200, .estimate), maxOutputTokens: 700,
                amounts: .init(best: usd("0.001"), expected: usd("0.0012"), worst: usd("0.012")),
                notes: ["the worst case is learned: the overhead of the chat template"], prefixes: ["policy", "ticket"],
                dependsOn: ["classify", "retrieve"]),
            .init(
                id: "compliance", kind: "model", tier: "small", model: "local/small", maxCalls: 2, maxOutputTokens: 64,
                amounts: .init(best: usd("0.000009"), expected: nil, worst: usd("0.0001")), prefixes: ["policy"], dependsOn: ["draft"]),
        ],
        total: .init(best: usd("0.001019"), expected: usd("0.001213"), worst: usd("0.0123")), budget: usd("0.25"), admission: "best",
        unpriced: [], refusal: nil, historyRuns: 12)
}

/// A run in its fourth second: a step done, one skipped, a list of forty at work.
func supportLive() -> LiveTree {
    live([
        (
            0,
            .runStarted(
                id: "r", workflow: "support-triage",
                steps: [
                    .init(id: "classify", kind: "model"), .init(id: "retrieve", kind: "run", dependsOn: ["classify"]),
                    .init(id: "claims", kind: "model", dependsOn: ["classify", "retrieve"]),
                    .init(id: "compliance", kind: "model", dependsOn: ["claims"]),
                ], budget: usd("0.25"))
        ),
        (2, .stepState(path: "classify", .running, model: "local/small", tier: "small")),
        (3, .callStarted(path: "classify", call: "1", held: usd("0.0002"))),
        (
            1_203,
            .callEnded(
                path: "classify", call: "1", state: .settled, inputTokens: 412, outputTokens: 18, cost: usd("0.000013"), held: usd("0.000013"))
        ),
        (1_204, .stepState(path: "classify", .succeeded)),
        (1_204, .stepState(path: "retrieve", .skipped)),
        (1_204, .reason(path: "retrieve", "when is false")),
        (3_211, .itemsExpanded(step: "claims", count: 40)),
        (3_211, .stepState(path: "claims", .running)),
        (3_212, .stepState(path: "claims[0]", .running, model: "local/small")),
        (3_213, .callStarted(path: "claims[0]", call: "2", held: usd("0.0012"))),
        (3_300, .stepState(path: "claims[1]", .running)),
        (3_500, .stepState(path: "claims[1]", .succeeded)),
    ])
}

func priceRows() -> [PriceReport.Row] {
    [("input", "$2.50 / 1M tokens"), ("output", "$10.00 / 1M tokens")].map { unit, price in
        PriceReport.Row(
            id: "openai/gpt-4o/\(unit)@2024-08-06", model: "openai/gpt-4o", unit: unit, price: price, from: "2024-08-06",
            source: "https://openai.com/api/pricing", checkedAt: "2026-11-20")
    }
}
