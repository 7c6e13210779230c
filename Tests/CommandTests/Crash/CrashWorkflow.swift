import TestSupport

/// A random workflow of all kinds of steps and their modifiers, whose outputs and status do not depend on when what happens.
struct CrashWorkflow {
    /// The text by name; `w.yaml` is the outermost.
    private(set) var files: [String: String] = [:]
    /// A step fails for good: which others still ran depends on when it did.
    private(set) var failsForGood = false
    /// The steps that run a program.
    private(set) var programs: Set<String> = []
    let seed: UInt64

    /// The most steps of a run that work at the same time.
    static let mostAtOnce = 6
    static let inputs = #"{"words": ["ape", "bee", "cat", "dog"]}"#

    /// Logs each start, computes from its arguments and its input alone, and takes a moment.
    static let program = """
        echo "$AGENTCTL_STEP" >>"$1"
        shift
        input=$(cat)
        case "$*" in *BROKEN*) echo "broken" >&2; exit 3;; esac
        sum=$(printf '%s|%s' "$*" "$input" | cksum)
        sleep 0.0$((${sum%% *} % 5))
        echo "{\\"sum\\": \\"${sum%% *}\\"}"
        """

    private var random: SeededGenerator
    private var count = 0
    private var hasPeople = 0
    private var hasAsked = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        let fails = chance(15)
        var text = outermost(fails: fails)
        if chance(50) { text += "finally: [\(body(depth: 0, size: 2, readable: []).joined(separator: ", "))]\n" }
        files["w.yaml"] = text
        failsForGood = fails
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &random)! }

    private mutating func outermost(fails: Bool) -> String {
        var steps = body(depth: 2, size: 9, readable: [])
        if fails {
            count += 1
            programs.insert("s\(count)")
            let reads = steps.isEmpty || chance(50) ? "" : ", needs: [\(ids.randomElement(using: &random)!)]"
            steps.append("{ id: s\(count)\(reads), " + pick(["model: a, prompt: \"REFUSED\" }", "run: [sh, work.sh, starts.log, BROKEN] }", "value: \"inputs.words[9]\" }"]))
        }
        var text = head("w", inputs: "{ words: { type: array, items: { type: string } } }")
        if fails, chance(50) { text += "on_failure: cancel\n" }
        text += "steps:\n" + steps.map { "  - \($0)\n" }.joined()
        text += "outputs: { \(outputs(ids)) }\n"
        return text
    }

    /// Of the last body that was made.
    private var ids: [String] = []

    private func outputs(_ ids: [String]) -> String {
        (ids.map { "\($0): \"${{ steps.\($0).output }}\"" } + ["all: \"${{ [\(ids.map { "steps.\($0).status" }.joined(separator: ", "))] }}\""]).joined(separator: ", ")
    }

    private mutating func head(_ name: String, inputs: String) -> String {
        """
        version: 1
        name: \(name)
        inputs: \(inputs)
        models:
          a: { use: stub/a }
          b: { use: stub/down, fallback: [stub/spare] }
          c: { use: stub/c, stream: true }
        budget: { max_cost_usd: \(name == "w" ? 5 : 2)\(name == "w" ? bands : "") }
        concurrency: \(Int.random(in: 2...Self.mostAtOnce, using: &random))
        defaults: { timeout: 60s, retry: { max_attempts: 4, on: [rate_limit, timeout, server_error, connection, malformed_response] }, limits: { max_output_tokens: 64 } }
        prefixes: { policy: { text: "Be brief, be kind." } }

        """
    }

    /// Caps on tokens that are wide, and bands in which a run is from its beginning: when calls end changes nothing then. Drawn apart, so that
    /// what else a seed gives stays.
    private var bands: String {
        var random = SeededGenerator(seed: seed &+ 0xBA4D)
        var text = ""
        if random.next() % 3 == 0 { text += ", max_tokens: 4000000" }
        switch random.next() % 8 {
        case 0: text += ", yellow: { at: 0%, escalate: never }"
        case 1: text += ", yellow: { at: 0%, models: [a, c] }"
        case 2: text += ", yellow: { at: 0%, escalate: never }, red: { at: 0.000000000001, escalate: never }"
        case 3: text += ", on_exceeded: degrade, degrade: [a]"
        default: break
        }
        return text
    }

    /// - Parameter readable: steps around that have ended when the body begins, and items.
    private mutating func body(depth: Int, size: Int, readable: [String]) -> [String] {
        var steps: [String] = []
        var mine: [String] = []
        for _ in 0..<Int.random(in: max(1, size / 2)...size, using: &random) {
            count += 1
            let id = "s\(count)"
            var reads: [String] = []
            for other in mine where chance(40) { reads.append(chance(70) ? "${{ steps.\(other).output }}" : "${{ has(steps.\(other).output) ? 'has' : 'lacks' }} ${{ steps.\(other).status }}") }
            for other in readable where chance(30) { reads.append("${{ \(other) }}") }
            var keys = ["id: \(id)"]
            if chance(25), let other = mine.randomElement(using: &random) { keys.append("needs: [\(other)]") }
            if chance(20) { keys.append("when: \"\(pick(["true", "false", "size(inputs.words) > 2", "1 > 2 || 'x' in ['x']"]))\"") }
            var inner = readable
            var each = ""
            if chance(30) {
                let items = pick(["inputs.words", "['x', 'y', 'z']", "[1, 2]", "[]", "['solo']"])
                each = "for_each: { items: \"\(items)\", as: item_\(id)"
                if chance(60) { each += ", max_parallel: \(Int.random(in: 1...3, using: &random))" }
                if chance(50) { each += ", on_error: collect" }
                if chance(30) { each += ", max_cost_usd: 1" }
                keys.append(each + " }")
                inner.append("item_\(id)")
                reads.append("${{ item_\(id) }} ${{ index }}")
            }
            let (text, mayFail) = step(id, depth: depth, reads: reads, readable: inner)
            // What collect tells of a gate's items has the number of their calls, which later prompts would read: servers fail by the number of a
            // request, so that a run that was killed makes fewer or more.
            if text.contains(where: { $0.hasPrefix("escalate:") }) { keys = keys.map { $0.replacingBytes(of: ", on_error: collect", with: "") } }
            keys.append(contentsOf: text)
            if mayFail { keys.append(chance(50) ? "on_error: continue" : "on_error: { value: \"'instead'\" }") } else if chance(10) { keys.append("on_error: continue") }
            if chance(10) { keys.append("optional: true") }
            steps.append("{ \(keys.joined(separator: ", ")) }")
            mine.append(id)
        }
        ids = mine
        return steps
    }

    private mutating func step(_ id: String, depth: Int, reads: [String], readable: [String]) -> (keys: [String], mayFail: Bool) {
        var reads = reads
        let fails = chance(12)
        switch Int.random(in: 0..<100, using: &random) {
        case ..<30:
            if fails { reads.append("REFUSED") }
            return (model(id, reads), fails)
        case ..<45:
            let schema = "{ type: object, properties: { score: { type: integer }, word: { type: string } }, required: [score, word], additionalProperties: false }"
            return (model(id, reads) + ["output: { schema: \(schema), repair: 2 }"], false)
        case ..<55:
            return (["value: { of: \"\(reads.first ?? "nothing")\", n: \(count) }"], false)
        case ..<70:
            programs.insert(id)
            let arguments = ["\"\(reads.joined(separator: " "))\""] + (fails ? ["BROKEN"] : [])
            let deadline = chance(30) ? ["deadline: 10m"] : []
            return (["run: [sh, work.sh, starts.log, \(arguments.joined(separator: ", "))]", "with: { seen: \"\(reads.last ?? "nothing")\" }", "output: { parse: json }"] + deadline, fails)
        case ..<74 where hasPeople < 3:
            hasPeople += 1
            return (["approve: { message: \"May \(id)? \(reads.joined(separator: " "))\" }"], false)
        default:
            guard depth > 0 else { return (model(id, reads), false) }
            return (nested(id, depth: depth, reads: reads, readable: readable), false)
        }
    }

    private mutating func model(_ id: String, _ reads: [String]) -> [String] {
        var keys = [chance(30) ? gate() : "model: \(pick(["a", "a", "b", "c"]))", "prompt: \"\(id) \(reads.joined(separator: " "))\""]
        if chance(20) { keys.append("prefix: [policy]") }
        if chance(20) { keys.append("system: \"You are \(id).\"") }
        if chance(20) { keys.append("deadline: 10m") }
        // No prompt is as short by its bytes, and each is by its count.
        if chance(15) {
            keys.append("limits: { max_input_tokens: 4 }")
        } else if chance(20) {
            keys.append("limits: { max_cost_usd: 0.5 }")
        }
        return keys
    }

    /// Tiers of which each answers by what it is asked alone, and checks of every kind that asks nothing of the system.
    private mutating func gate() -> String {
        let schema = "{ type: object, properties: { score: { type: integer, minimum: 0, maximum: 9 }, word: { type: string } }, required: [score, word], additionalProperties: false }"
        var checks = [
            "even: { expr: \"size(output) % 2 == 0\" }",
            "judge: { model: c, prompt: \"How good? \(count) ${{ tier }} ${{ output }}\", limits: { max_output_tokens: 64 }, output: { schema: \(schema), repair: 2 }, min: 5 }",
            "same: { agree: { model: b } }", "vote: { agree: { samples: 2 } }",
        ]
        checks.shuffle(using: &random)
        let chosen = checks.prefix(Int.random(in: 1...3, using: &random))
        let names = chosen.map { "checks.\($0.prefix { $0 != ":" }).passed" }
        let accept = chance(50) ? "" : ", accept: \"\(names.joined(separator: " || "))\""
        // Nothing is drawn for these, so that a seed has the steps that it had.
        var ends = ""
        if count % 3 == 0, hasAsked < 2 {
            hasAsked += 1
            ends = ", on_exhausted: { ask: { message: \"Which \(count)?\" } }"
        }
        // Never passed: which execution it would be depends on when what happens.
        if count % 2 == 0 { ends += ", max_rate: 100%/1h" }
        return "escalate: { tiers: [\(pick(["a, c", "c, a", "a, b", "b, c, a"]))], checks: { \(chosen.joined(separator: ", ")) }\(accept)\(ends) }"
    }

    private mutating func nested(_ id: String, depth: Int, reads: [String], readable: [String]) -> [String] {
        let limits = chance(30) ? ["limits: { max_cost_usd: 1 }"] : []
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            return ["steps: [\(body(depth: depth - 1, size: 3, readable: readable).joined(separator: ", "))]"] + limits
        case 1:
            count += 1
            let judge = "s\(count)"
            let before = "${{ has(pass.previous) ? pass.previous.\(judge).word : 'none' }}"
            let schema = "{ type: object, properties: { score: { type: integer }, word: { type: string } }, required: [score, word], additionalProperties: false }"
            let first = "{ id: \(judge), model: \(pick(["a", "b", "c"])), prompt: \"\(judge) pass ${{ pass.index }} \(before) \(reads.joined(separator: " "))\", output: { schema: \(schema), repair: 2 } }"
            let rest = body(depth: depth - 1, size: 2, readable: readable + ["pass.index"])
            return ["loop: { max: \(Int.random(in: 1...4, using: &random)), until: \"steps.\(judge).output.score >= 6\", steps: [\(([first] + rest).joined(separator: ", "))] }"] + limits
        default:
            let steps = body(depth: depth - 1, size: 3, readable: [])
            var text = head(id, inputs: "{ said: {}, words: { type: array, items: { type: string } } }")
            text += "steps:\n" + steps.map { "  - \($0)\n" }.joined()
            let outputs = outputs(ids)
            if chance(40) { text += "finally: [\(body(depth: 0, size: 1, readable: []).joined(separator: ", "))]\n" }
            files["\(id).yaml"] = text + "outputs: { \(outputs) }\n"
            return ["workflow: \(id).yaml", "with: { said: \"\(reads.first ?? "nothing")\", words: \"${{ inputs.words }}\" }"] + limits
        }
    }
}
