/// Warnings of what keeps prompts out of caches.
extension DiagnosticExplanation {
    private static let doc = "doc: { text: \"${{ inputs.doc }}\" }"

    /// A workflow with an input, a prefix or more, and steps.
    private static func flow(prefixes: String = doc, top: String = "", _ steps: String...) -> String {
        let head = "models: { m: { use: anthropic/claude-sonnet-5-5 } }\ndefaults: { model: m }\ninputs: { doc: { type: string } }\n"
        return head + top + (prefixes.isEmpty ? "" : "prefixes: { \(prefixes) }\n") + "steps:\n" + steps.map { "  - { \($0) }" }.joined(separator: "\n")
    }

    private static let who = "inputs: { who: { type: object, properties: { name: { type: string } } } }\n"

    private static func about(_ text: String) -> String {
        "models: { m: { use: local/small } }\n\(who)prefixes: { who: { text: \"About \(text)\" } }\nsteps:\n  - { id: a, model: m, prefix: who, prompt: hi }"
    }

    private static func tools(_ first: String, _ second: String) -> String {
        "models: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: hi, tools: [\(first)] }\n  - { id: b, model: m, prompt: ho, tools: [\(second)] }"
    }

    private static func cut(_ rest: String) -> String {
        flow(prefixes: "", "id: a, with: { docs: \"${{ inputs.doc }}\" }, \(rest), limits: { max_input_tokens: 500, overflow: trim, trim: docs }")
    }

    private static let three = ["id: x, prefix: [a, b], prompt: hi", "id: y, prefix: [a, b], prompt: ho", "id: z, prefix: [a, b], prompt: he"]

    private static func kept(_ first: String, _ second: String) -> String {
        flow(prefixes: "a: { text: \"${{ inputs.doc }}\", ttl: \(first) }, b: { text: \"${{ inputs.doc }}!\", ttl: \(second) }", three[0], three[1], three[2])
    }

    private static func asked(_ prefix: String) -> String {
        flow(prefixes: prefix, "id: a, prefix: doc, prompt: hi", "id: ok, needs: [a], approve: { message: Go on? }", "id: b, needs: [ok], prefix: doc, prompt: ho")
    }

    static let caches: [DiagnosticExplanation] = [
        .init(
            "AW435", "Caching of a workflow that a step runs",
            "`prefix_cache` and `latency_price` are a run's: prefixes of all its files are planned together, as the file that is run says.",
            mend: "write them in the file that is run."),
        .init(
            "CP001", "The time at the beginning of prompts",
            "A cache finds a prompt by its first bytes. A time with hours and minutes in `system` or in a prefix is another one in every run, so that nothing from there on is ever found.",
            mend: "write the day alone, or move the time into the last part of the prompt.", .caches,
            wrong: flow(prefixes: "", "id: a, system: \"It is ${{ run.started_at }}.\", prompt: hi"),
            right: flow(prefixes: "", "id: a, system: \"It is ${{ run.started_at.substring(0, 10) }}.\", prompt: hi")),
        .init(
            "CP002", "The run's id at the beginning of prompts", "As with a time, nothing behind it is found again by another run.",
            mend: "leave it out, or move it into the last part of the prompt.", .caches,
            wrong: flow(prefixes: "p: { text: \"Case ${{ run.id }}\" }", "id: a, prefix: p, prompt: hi"),
            right: flow(prefixes: "p: { text: A case }", "id: a, prefix: p, prompt: \"Case ${{ run.id }}\"")),
        .init(
            "CP003", "What changes stands before what does not",
            "`system` comes first. Where it reads inputs or other steps, prefixes that stay the same longer stand behind it and are never found. Told from 256 tokens on, and where the length is not known.",
            mend: "keep `system` free of expressions, and let the prompt read what changes.", .caches,
            wrong: flow("id: a, system: \"${{ item }}\", for_each: { items: \"['x', 'y']\" }, prefix: doc, prompt: hi"),
            right: flow("id: a, for_each: { items: \"['x', 'y']\" }, prefix: doc, prompt: \"${{ item }}\"")),
        .init(
            "CP004", "An object as its caller wrote it",
            "An object is written into a prompt as JSON, with its keys in the order in which they were given. Two callers, or one with a dictionary that has no order, begin with different bytes for the same object.",
            mend: "name its fields one after the other, or take a text as the input.", .caches, wrong: about("${{ inputs.who }}"), right: about("${{ inputs.who.name }}")),
        .init(
            "CP005", "A system text for each step, and a document that they share",
            "Steps share a prefix, and each has a `system` of its own in front of it: each of them reads the prefix as if it were new. The message says how much that is.",
            mend: "give them one `system`, and write what is a step's own into its prompt, behind what they share.", .caches,
            wrong: flow("id: a, system: Sum up., prefix: doc, prompt: Go.", "id: b, system: Find dates., prefix: doc, prompt: Go."),
            right: flow("id: a, prefix: doc, prompt: Sum up.", "id: b, prefix: doc, prompt: Find dates.")),
        .init(
            "CP006", "Steps of one tier with different tools",
            "The list of tools stands before everything else. Steps that ask one tier and offer it other tools have no beginning in common.",
            mend: "offer all of them the same list.", .workflow, wrong: tools("kb.search", "kb.search, crm.find"), right: tools("crm.find, kb.search", "kb.search, crm.find")),
        .init(
            "CP007", "A prefix that is too short for the model's cache",
            "Servers keep prefixes from some length on, 512 to 4,096 tokens. This one is shorter, and so many prompts begin with it that it would pay if it were not. Told where the length is known: of texts without inputs.",
            mend: "move what else these prompts have in common in front of what differs. Never pad with noise."),
        .init(
            "CP008", "A prefix that is kept for nobody",
            "A prefix with a `ttl` is written in any case, and nothing in the run reads this one again within that time. Writing costs 1.25 to 2.5 times what reading it plainly does.",
            mend: "remove the `ttl`: what pays is written by itself.", .caches,
            wrong: flow(prefixes: "doc: { text: \"${{ inputs.doc }}\", ttl: 1h }", "id: a, prefix: doc, prompt: hi"), right: flow("id: a, prefix: doc, prompt: hi")),
        .init(
            "CP009", "A life that a prefix cannot have",
            "A request marks four ends at most, nothing is kept longer than what stands in front of it, and nothing for less than the shortest lifetime that the cache has.",
            mend: "leave the `ttl` away, give the prefix in front the longer one, or write one that the cache has.", .caches, wrong: kept("5m", "1h"), right: kept("1h", "5m")),
        .init(
            "CP010", "Many parts between two marks",
            "From a mark, a server looks back through so many parts of a prompt for what it has, Anthropic's through 20. With more of them in between, an entry that is there is not found.",
            mend: "join parts that stay the same: into one prefix, or one message."),
        .init(
            "CP011", "A fan-out without warm-up",
            "Items that begin alike are asked at once, and none of them finds what the others are just writing: each pays for all of it.",
            mend: "leave `warm_up` at `auto`: one item goes first, where waiting for it pays.", .caches,
            wrong: flow(top: "prefix_cache: { warm_up: off }\n", "id: a, prefix: doc, for_each: { items: \"[1, 2, 3]\" }, prompt: \"${{ item }}\""),
            right: flow("id: a, prefix: doc, for_each: { items: \"[1, 2, 3]\" }, prompt: \"${{ item }}\"")),
        .init(
            "CP012", "Another setting between steps that share a beginning",
            "How a model reasons belongs to what its cache goes by: the same text under another setting is another entry.",
            mend: "use one setting for these steps, or another tier for one of them.", .caches,
            wrong: flow("id: a, prefix: doc, prompt: hi, reasoning: low", "id: b, prefix: doc, prompt: ho, reasoning: high"),
            right: flow("id: a, prefix: doc, prompt: hi, reasoning: low", "id: b, prefix: doc, prompt: ho, reasoning: low")),
        .init(
            "CP013", "What is cut stands before what is not",
            "With `overflow: trim` a value is cut where the prompt is too long. If it stands in `system`, or in a message that others follow, then all that follows is another beginning.",
            mend: "let the value that may be cut stand in the last part.", .caches,
            wrong: cut("system: \"Known: ${{ with.docs }}\", prompt: hi"), right: cut("system: You know much., prompt: \"${{ with.docs }}\"")),
        .init(
            "CP014", "A wait that outlasts the cache",
            "Between two steps that begin alike lies something that takes longer than the server keeps what they share: a person who is asked. It is written a second time.",
            mend: "leave the `ttl` at `auto`, or ask before the first of them.", .caches, wrong: asked("doc: { text: \"${{ inputs.doc }}\", ttl: 5m }"), right: asked(doc)),
        .init(
            "CP015", "More requests of one prefix than one machine takes",
            "Requests with one beginning are sent with one key, so that they meet on one machine; from about 15 a minute on the service sends the others elsewhere, where nothing is found.",
            mend: "bound the items that run at once: `max_parallel: 15`."),
        .init(
            "CP016", "A prompt that is another one each time",
            "`validate --render` renders the prompts twice, in two processes with another clock, run, order of hashes, time zone and language, from the same inputs. They differ before their last part, so that a cache finds nothing from there on.",
            mend: "see what the message names: mostly it is the time or the id of the run; `agentctl explain CP001`."),
    ]
}
