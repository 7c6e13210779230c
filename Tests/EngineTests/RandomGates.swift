import TestSupport
import WorkflowModel

/// Workflows of gates as chance has them, and models that fill every cap and fail most calls.
struct RandomGates {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func roll(_ sides: Int) -> Int { Int(random.next() % UInt64(sides)) }
    mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }

    private static let tiers = ["small", "mid", "large"]

    mutating func workflow() -> String {
        let steps = (0..<1 + roll(3)).map { step(number: $0) }
        return """
            version: 1
            name: gates
            models: { small: { use: local/s\(chance(30) ? ", fallback: local/f" : "") }, mid: { use: local/m }, large: { use: local/l }, helper: { use: local/h } }
            defaults: { retry: { max_attempts: \(1 + roll(3)) } }
            steps:
            \(steps.joined(separator: "\n"))
            """
    }

    private mutating func step(number: Int) -> String {
        let names = Array(["a", "b", "c"].prefix(1 + roll(3)))
        let checks = names.map { "\($0): \(check())" }
        let passed = names.map { (chance(15) ? "!" : "") + "checks.\($0).passed" }
        let accept = chance(40) ? "" : ", accept: \"\(passed.joined(separator: chance(50) ? " && " : " || "))\""
        let first = roll(3)
        let output = chance(50) ? 10 + roll(90) : 1_000 + roll(20_000)
        var keys = ["id: s\(number)", "prompt: \"question \(number)\"", "limits: { max_input_tokens: 400\(chance(50) ? ", max_output_tokens: \(output)" : "")\(chance(10) ? ", max_cost_usd: 0.0\(1 + roll(9))" : "") }"]
        if chance(30) { keys.append("output: { schema: { type: object }, repair: \(roll(3)) }") }
        if chance(20) { keys.append("for_each: { items: \"[1, 2]\", on_error: collect\(chance(20) ? ", max_cost_usd: 0.0\(1 + roll(9))" : "") }") } else { keys.append("on_error: continue") }
        let exhausted = chance(30) ? ", on_exhausted: fail" : chance(30) ? ", on_exhausted: { ask: { message: which } }" : ""
        // So few executions never pass it.
        let rate = chance(30) ? ", max_rate: 0%/1h" : ""
        let refusal = chance(50) ? ", on_refusal: escalate" : ""
        // Also a tier that the gate does not have, and one that only checks ask.
        let compared = ["all", "[large]", "[small, mid]", "[helper]"][roll(4)]
        let shadow = chance(40) ? ", shadow: { rate: \(chance(50) ? "100%" : "50%"), tiers: \(compared) }" : ""
        keys.append("escalate: { tiers: [\(Self.tiers[first...].joined(separator: ", "))], checks: { \(checks.joined(separator: ", ")) }\(accept)\(exhausted)\(refusal)\(rate)\(shadow) }")
        return "  - { \(keys.joined(separator: ", ")) }"
    }

    private mutating func check() -> String {
        let record = chance(20) ? ", record: true" : ""
        let start = chance(30) ? ", start: early" : ""
        switch roll(6) {
        case 0: return "{ expr: \"size(output) % 2 == 0\"\(record) }"
        case 1: return "{ logprob: { min_prob: 0.5 }\(record) }"
        case 2: return "{ agree: { model: helper\(start) }\(record) }"
        case 3: return "{ agree: { samples: \(1 + roll(5))\(start) }\(record) }"
        case 4: return "{ run: [./verify], with: { text: \"${{ output }}\" }\(record) }"
        default:
            let schema = ", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] }, repair: \(roll(2)) }, min: 0.5"
            return "{ model: helper, prompt: \"good?\", limits: { max_input_tokens: 2000, max_output_tokens: \(5 + roll(20)) }\(schema)\(record) }"
        }
    }

    /// Fills what it is allowed, and fails as chance has it.
    static func answer(_ request: ModelRequest, _ random: inout SeededGenerator) -> ScriptedProvider.Answer {
        let input = request.segments.reduce(0) { $0 + $1.text.utf8.count } + 12
        let output = request.maxOutputTokens
        switch random.next() % 12 {
        case 0: return .failure(.serverError, billing: .unknown)
        case 1: return .failure(.timeout, billing: .unknown)
        case 2: return .text("cut", finish: .length, input: input, output: output)
        case 3: return .text("", input: input, output: output)
        case 4: return .text("", refusal: "no", input: input, output: output)
        case 5: return .failure(.connection)
        case 6: return .text("{\"score\": 0.25}", input: input, output: output)
        case 7: return .text("{\"score\": 0.75, \"passed\": true}", input: input, output: output)
        case 8: return .text("{}", input: input, output: output)
        default: return .text("text \(random.next() % 3)", input: input, output: output)
        }
    }

    /// The dearest that a question can come to, mostly: its first answer is cut, so that all others may be twice as long; then every try fails but the
    /// last, whose usage nobody tells, so that what was held stays held. That answer breaks its schema until there is no repair left, and in the end
    /// it is one that no check likes.
    static func dearest(_ request: ModelRequest, attempts: Int, _ random: inout SeededGenerator) -> ScriptedProvider.Answer {
        guard random.next() % 200 > 0, let site = request.site else { return answer(request, &random) }
        if site.ordinal == 0 { return .untold("cut", finish: .length) }
        if site.ordinal < attempts { return .failure(.timeout, billing: .unknown) }
        // Of several samples one and the next: what decides comes last.
        let sample = site.part.split(separator: "#").dropFirst().first.flatMap { Int($0) } ?? 0
        if request.schema == nil { return .untold(sample % 2 == 1 ? "\(site.path) \(site.tier) odd" : "\(site) odd.") }
        return site.ordinal < attempts + 2 && random.next() % 2 == 0 ? .untold("no object") : .untold("{\"score\": 0.25, \"of\": \"\(site)\"}")
    }
}

extension ScriptedProvider.Answer {
    /// An answer without usage.
    fileprivate static func untold(_ words: String, finish: FinishReason = .stop) -> Self {
        var answer = text(words, finish: finish)
        answer.usage = nil
        return answer
    }
}
