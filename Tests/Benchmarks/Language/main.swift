// What the language costs a run: evaluating conditions and templates, validating answers, pricing calls. Prints figures and judges nothing.
import Economics
import Expressions
import Glibc
import JSONSchema
import PromptCaching
import Values

func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The best of five rounds, so that what else the machine does counts as little as it can.
@MainActor func measure(_ name: String, rounds: Int, _ body: () throws -> Void) rethrows {
    var best = UInt64.max
    for _ in 0..<5 {
        let begin = now()
        for _ in 0..<rounds { try body() }
        best = min(best, now() - begin)
    }
    let tenths = best * 10 / UInt64(rounds)
    print("language:   \(tenths / 10_000).\(tenths % 10_000 / 100 < 10 ? "0" : "")\(tenths % 10_000 / 100) us  \(name)")
}

let place = SourceLocation(file: "bench.yaml", line: 1, column: 1)
let docs = JSONValue.array((0..<6).map { ["id": .int(Int64($0)), "title": .string("Document \($0)"), "text": .string(String(repeating: "word ", count: 100)), "score": .double(Double($0) / 10)] })
let bindings = DictionaryBindings([
    "inputs": CELValue(["ticket": ["subject": "Charged twice", "body": "I was charged twice in May."], "limit": 3]),
    "steps": CELValue([
        "classify": ["output": ["category": "billing", "confidence": 0.93], "status": "succeeded"], "retrieve": ["output": ["docs": docs]],
        "draft": ["output": ["text": "We are sorry.", "citations": ["d1", "d2"]], "accepted": true],
    ]),
])
for source in [
    "steps.classify.output.category == 'billing' && size(steps.retrieve.output.docs) > 2",
    "has(steps.retrieve.output) ? steps.retrieve.output.docs : []",
    "steps.draft.accepted && steps.classify.output.confidence >= 0.8",
    "steps.classify.output.category in ['billing', 'refund', 'account']",
    "size(steps.draft.output.citations) >= 1 && !steps.draft.output.text.contains('guarantee')",
    "steps.retrieve.output.docs.exists(d, d.score > 0.4)",
] {
    let expression = try Expression(parsing: source, at: place)
    try measure(source, rounds: 100_000) { _ = try expression.evaluate(bindings) }
}
let template = try Template(parsing: "Ticket: ${{ inputs.ticket.subject }}\n${{ inputs.ticket.body }}\n\n${{ steps.retrieve.output.docs.map(d, d.title).join(', ') }}", at: place)
try measure("a prompt of three expressions", rounds: 50_000) { _ = try template.render(bindings) }

// Fifty properties of all kinds, and an answer of 10 KB.
var (properties, answer) = (JSONObject(), JSONObject())
for index in 0..<50 {
    let name = "field_\(index)"
    switch index % 5 {
    case 0: (properties[name], answer[name]) = (["type": "string", "minLength": 1, "maxLength": 1000], .string(String(repeating: "text ", count: 100)))
    case 1: (properties[name], answer[name]) = (["type": "number", "minimum": 0, "maximum": 100], .double(Double(index) + 0.5))
    case 2: (properties[name], answer[name]) = (["enum": ["billing", "refund", "account", "other"]], "account")
    case 3:
        properties[name] = ["type": "array", "items": ["type": "string"], "maxItems": 40]
        answer[name] = .array((0..<20).map { .string("element number \($0)") })
    default:
        properties[name] = ["type": "object", "properties": ["id": ["type": "integer"], "ok": ["type": "boolean"]], "required": ["id"], "additionalProperties": false]
        answer[name] = ["id": .int(Int64(index)), "ok": true]
    }
}
let schema = try Schema(compiling: ["type": "object", "properties": .object(properties), "required": .array(properties.keys.map(JSONValue.string)), "additionalProperties": false])
let instance = JSONValue.object(answer)
let text = Array(instance.jsonText.utf8)
precondition(schema.validate(instance).isEmpty)
try measure("parsing an answer of \(text.count) bytes", rounds: 1_000) { _ = try JSONParser.parse(text) }
measure("validating it against a schema of 50 properties", rounds: 2_000) { _ = schema.validate(instance) }

// What a call of a model with ten classes and two context tiers costs, and under a contract.
let moment = Timestamp(rfc3339: "2026-11-30T12:00:00Z")!
for (name, adjustments) in [
    ("a call", []), ("a call under a contract", [PriceAdjustment(name: "contract", models: ["openai/*"], kind: .multiplier(850_000), from: nil, to: nil)]),
] {
    let book = PriceBook(catalogue: .shipped, adjustments: adjustments)
    let sheet = book.sheet(provider: "openai", model: "gpt-6-astra", at: moment)!
    let usage = TokenUsage(plainInput: 300_000, cacheRead: 2000, cacheWrite: 400, cacheWriteLong: 100, plainOutput: 500, reasoning: 90)
    measure("pricing \(name) of six classes", rounds: 20_000) { _ = sheet.cost(of: usage, busy: .milliseconds(0)).total }
    measure("the most that \(name) can cost", rounds: 20_000) { _ = sheet.worstCost(inputTokens: 300_000, outputTokens: 500, timeout: .seconds(60)) }
    let terms = ServedTerms(service: .priority, region: "eu")
    measure("pricing \(name) of another service tier and region", rounds: 2_000) { _ = sheet.under(terms).sheet.cost(of: usage, busy: .milliseconds(0)).total }
}

// What planning a prompt cache adds to a call: a prompt of 20 segments, named, planned, sent, and held against what its server says.
let texts = (0..<20).map { ContentHash(of: "segment \($0)") }
let rules = CacheRules.known.first { $0.name == "anthropic" }!
var mirror = CacheMirror()
var clock: Int64 = 0
var call = 0
measure("a prompt of 20 segments through the planner of caches", rounds: 20_000) {
    var hash = ContentHash(of: "space")
    var ends: [CachePlan.End] = []
    call += 1
    clock += 1000
    for (position, text) in texts.enumerated() {
        // The last is new in each call.
        hash = hash.chained(to: position == 19 ? ContentHash(of: "call \(call)") : text, tag: 0)
        ends.append(
            CachePlan.End(segment: position, name: hash.leadingBytes, tokens: 300 * (position + 1), stability: position < 19 ? .workflow : .step, reads: [3000 - 100 * position, 2000 - 100 * position]))
    }
    let plan = mirror.plan(CacheMirror.Prompt(space: 1, ends: ends), rules, at: clock)
    let obstacle = mirror.sent(plan, rules, first: 0, at: clock)
    _ = mirror.ended(
        plan, rules, CacheMirror.Observation(read: plan.cached, written: 0, input: 6000, sentAt: clock, endedAt: clock + 500), obstacle: obstacle, hasBegun: true)
}
