import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A run that is replayed by machines which differ in one small thing from those that made it. What a machine is told to do by its workflow stands for
/// what it would do by a fault: a renderer that loses a space, a machine that tries once more, a gate that takes more for enough. Each is found,
/// where it shows first.
@Suite struct ReplayMutantTests {
    struct Mutant: CustomTestStringConvertible, Sendable {
        let name: String
        let before: String
        let after: String
        let what: ReplayDifference.What
        let path: String

        init(_ name: String, _ before: String, _ after: String, _ what: ReplayDifference.What, at path: String) {
            self.name = name
            self.before = before
            self.after = after
            self.what = what
            self.path = path
        }

        var testDescription: String { name }
    }

    static let yaml = """
        version: 1
        name: rich
        inputs: { text: { type: string }, items: { type: array } }
        models:
          small: { use: local/s, temperature: 0.5 }
          large: { use: local/l }
          other: { use: local/broken, fallback: [local/s] }
        budget: { max_cost_usd: 1.00 }
        steps:
          - id: draft
            model: small
            prompt: "Say it shorter:  ${{ inputs.text }}"
            limits: { max_output_tokens: 300 }
            retry: { max_attempts: 2 }
          - id: flaky
            model: other
            prompt: "Try: ${{ steps.draft.output }}"
            retry: { max_attempts: 2, on: [server_error] }
          - id: fitted
            model: small
            with: { long: "${{ inputs.text }} ${{ inputs.text }} ${{ inputs.text }} ${{ inputs.text }}" }
            prompt: "Read ${{ with.long }}"
            limits: { max_input_tokens: 40, overflow: trim, trim: [long] }
          - id: typed
            model: small
            prompt: "As JSON: ${{ inputs.text }}"
            output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 1 }
          - id: judged
            prompt: "Answer: ${{ inputs.text }}"
            output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }
            escalate:
              tiers: [small, large]
              checks: { enough: { expr: "output.score >= 0.7" } }
              accept: "checks.enough.passed"
          - id: chosen
            when: "${{ steps.judged.output.score > 0.5 }}"
            model: small
            prompt: "Chosen: ${{ steps.judged.output.score }}"
          - id: each
            for_each: { items: "${{ inputs.items }}", max_items: 5, max_parallel: 2 }
            model: small
            prompt: "Item ${{ item }}"
          - id: again
            loop:
              max: 3
              until: "${{ steps.turn.output == 'turn' }}"
              steps:
                - id: turn
                  model: small
                  prompt: "Turn: ${{ inputs.text }}"
        outputs: { text: "${{ steps.draft.output }}", list: "${{ steps.each.output }}" }
        """

    static let mutants: [Mutant] = [
        Mutant("the renderer trims a space", "shorter:  ", "shorter: ", .request, at: "draft"),
        Mutant("the renderer adds a line end", "Say it shorter", "\\nSay it shorter", .request, at: "draft"),
        Mutant("the renderer takes another value", "Try: ${{ steps.draft.output }}", "Try: ${{ inputs.text }}", .request, at: "flaky"),
        Mutant("the cap of output is off by one", "max_output_tokens: 300", "max_output_tokens: 301", .request, at: "draft"),
        Mutant("a setting of sampling is lost", ", temperature: 0.5", "", .request, at: "draft"),
        Mutant("the trimmer keeps a token more", "max_input_tokens: 40", "max_input_tokens: 41", .call, at: "fitted"),
        Mutant("the trimmer cuts nothing", "max_input_tokens: 40, overflow: trim, trim: [long]", "max_input_tokens: 4000", .call, at: "fitted"),
        Mutant("the machine does not try again", "max_attempts: 2, on: [server_error]", "max_attempts: 1, on: [server_error]", .decision, at: "flaky"),
        Mutant("the machine does not know the failure", "on: [server_error]", "on: [rate_limit]", .decision, at: "flaky"),
        Mutant("the machine falls back to nobody", ", fallback: [local/s]", "", .call, at: "flaky"),
        Mutant("the machine begins with the last model", "use: local/broken, fallback: [local/s]", "use: local/s, fallback: [local/broken]", .decision, at: "flaky"),
        Mutant("the machine does not repair", ", repair: 1", ", repair: 0", .call, at: "typed"),
        Mutant("the schema asks for less", ", required: [n] }", " }", .request, at: "typed"),
        Mutant("the gate takes more for enough", "output.score >= 0.7", "output.score > 0.7", .decision, at: "judged"),
        Mutant("the gate takes less for enough", "output.score >= 0.7", "output.score >= 0.1", .decision, at: "judged"),
        Mutant("the gate accepts what fails", "accept: \"checks.enough.passed\"", "accept: \"!checks.enough.passed\"", .decision, at: "judged"),
        Mutant("the gate asks the tiers the other way", "tiers: [small, large]", "tiers: [large, small]", .call, at: "judged"),
        Mutant("the condition is turned", "output.score > 0.5 }}", "output.score < 0.5 }}", .decision, at: "chosen"),
        Mutant("an item is rendered otherwise", "Item ${{ item }}", "Item: ${{ item }}", .request, at: "each[0]"),
        Mutant("the loop ends a pass too late", "steps.turn.output == 'turn'", "steps.turn.output == 'never'", .decision, at: "again"),
        Mutant("the outputs lose one", ", list: \"${{ steps.each.output }}\"", "", .output, at: ""),
        Mutant("the outputs are of another step", "outputs: { text: \"${{ steps.draft.output }}\"", "outputs: { text: \"${{ steps.flaky.output }}\"", .output, at: ""),
        Mutant("the cap is another", "max_cost_usd: 1.00", "max_cost_usd: 1.01", .decision, at: ""),
    ]

    static func rig() -> EngineRig {
        EngineRig { request, number in
            switch (request.schemaName, request.model.model) {
            case ("flaky", "broken"): .failure(.serverError, "it is down")
            case ("typed", _): .text(number == 0 ? "{}" : #"{"n": 1}"#)
            case ("judged", "s"): .text(#"{"score": 0.6}"#)
            case ("judged", _): .text(#"{"score": 0.7}"#)
            case ("turn", _): .text(number == 1 ? "turn" : "not yet")
            default: .text("answer of \(request.schemaName)")
            }
        }
    }

    static let inputs: JSONObject = ["text": "a word and another word and a third one", "items": ["a", "b", "c"]]

    @Test func withoutAMutantItIsTheSame() async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.yaml)
        let result = try await rig.run(graph, Self.inputs)
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let report = try await rig.replay(result.id, graph)
        #expect(report.verdict == .identical, "\(String(describing: report.difference))")
        #expect(report.facts == rig.written.events.count)
    }

    @Test(arguments: mutants) func isFound(_ mutant: Mutant) async throws {
        let rig = Self.rig()
        let result = try await rig.run(try workflow(Self.yaml), Self.inputs)
        #expect(Self.yaml.contains(mutant.before), "the mutant changes nothing")
        let changed = Self.yaml.replacing(mutant.before, with: mutant.after)
        var replayer = Replayer(try await JournalTranscript(rig.journal, result.id), graph: try workflow(changed))
        replayer.isOfOtherWorkflow = true
        let report = try await replayer.replay()
        #expect(report.verdict == .different)
        #expect(report.difference?.what == mutant.what, "\(String(describing: report.difference))")
        #expect(report.difference?.path == mutant.path, "\(String(describing: report.difference))")
    }

    // MARK: Facts that were altered

    /// What the outside said, which a replay takes as it is told: the chain alone protects it.
    private static let taken: Set<String> = [
        "run_started.program", "run_started.commit", "run_started.release", "run_started.models", "call_started.call", "call_ended.call",
        "call_ended.usage_raw", "call_ended.ms", "call_ended.model", "call_ended.finish_reason", "call_ended.jitter", "call_ended.http", "check_ended.ms",
        "run_started.encoder", "run_started.facts", "run_started.rules", "run_started.file", "call_ended.state",
    ]

    @Test func whatIsAlteredInAFactIsFoundOrListed() async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.yaml)
        let result = try await rig.run(graph, Self.inputs)
        let facts = try await JournalTranscript(rig.journal, result.id).events(after: 0, most: .max)
        var (altered, unfound): (Int, Set<String>) = (0, [])
        for (index, fact) in facts.enumerated() {
            for key in fact.payload.objectValue!.keys {
                let changed = Self.altered(fact.payload.objectValue![key]!)
                altered += 1
                let report = try? await rig.replay(result.id, graph) { facts in
                    var facts = facts
                    let payload = facts[index].payload.objectValue!.with(key, changed)
                    facts[index] = EventRecord(sequence: fact.sequence, kind: fact.kind, payload: .object(payload), at: fact.at, hash: fact.hash)
                    return facts
                }
                if let report, report.verdict != .different { unfound.insert("\(fact.kind).\(key)") }
            }
        }
        #expect(altered > 200)
        #expect(unfound.subtracting(Self.taken).isEmpty, "\(unfound.subtracting(Self.taken).sorted())")
    }

    private static func altered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text):
            // Hashes and amounts stay such.
            if ContentHash(hex: text) != nil { return .string(ContentHash(of: text).hex) }
            if let money = Money(decimal: text) { return .string((money + Money(picoDollars: 1)).decimalText) }
            return .string(text + "x")
        case .bool(let flag): return .bool(!flag)
        case .int(let number): return .int(number + 1)
        case .double(let number): return .double(number / 2)
        default: return .null
        }
    }

    @Test func aFactThatIsMissingIsFound() async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.yaml)
        let result = try await rig.run(graph, Self.inputs)
        let count = rig.written.events.count
        for index in 1..<(count - 1) {
            let report = try? await rig.replay(result.id, graph) { facts in
                var facts = facts
                facts.remove(at: index)
                return facts
            }
            if let report { #expect(report.verdict == .different, "without fact \(index + 1)") }
        }
    }
}
