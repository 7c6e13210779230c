import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// What a workflow says of caches.
@Suite struct PrefixCacheKeysTests {
    private static let head = "version: 1\nname: t\nmodels: { m: { use: local/small } }\ndefaults: { model: m }\n"

    private func graph(_ rest: String, files: [String: String] = [:]) throws -> WorkflowGraph { try workflow(Self.head + rest, files: files) }

    private static let step = "steps: [{ id: a, prompt: hi }]\n"

    @Test func everyKeyIsRead() throws {
        let caching = try graph(Self.step + "prefix_cache: { marks: off, warm_up: off, holdout: 2.5% }\nlatency_price: 0.002\n").caching
        #expect(!caching.marks && !caching.warmsUp && caching.holdout == Share(text: "2.5%") && caching.latencyPrice == Money(decimal: "0.002"))
        #expect(try graph(Self.step).caching == PrefixCaching())
        let off = try graph(Self.step + "prefix_cache: off\n").caching
        #expect(!off.marks && !off.warmsUp && off.holdout == nil)
        #expect(try graph(Self.step + "prefix_cache: { holdout: 0% }\n").caching == PrefixCaching())
        let graph = try graph(Self.step + "prefixes: { p: { text: x, ttl: 1h30m, order: any }, q: { text: y, ttl: auto } }\n")
        #expect(graph.prefixes.map(\.lifetime) == [.seconds(5400), nil] && graph.prefixes.map(\.mayMove) == [true, false])
        #expect(graph.notExecuted.isEmpty)
    }

    @Test(arguments: [
        ("prefix_cache: on", "prefix_cache is 'off', or a mapping, found 'on'"), ("prefix_cache: { marks: some }", "marks is one of auto, off, found 'some'"),
        ("prefix_cache: { holdout: 5 }", "holdout is a share from 0% to 100%, found '5'"), ("prefix_cache: { ttl: 1h }", "'ttl' is not a key of prefix_cache"),
        ("latency_price: cheap", "latency_price is an amount in dollars, found 'cheap'"),
    ])
    func whatIsWrongIsSaidOnce(key: String, message: String) throws {
        let project = try TemporaryProject(["w.yaml": Self.head + Self.step + key + "\n"])
        do {
            _ = try project.load()
            Issue.record("it is taken")
        } catch let error as Diagnostics {
            #expect(error.all.map(\.message) == [message])
        }
    }

    /// Words of other tools lead to the keys that there are.
    @Test(arguments: [
        ("cache_control: { type: ephemeral }", "write prefix_cache: { marks: auto }"), ("promptCaching: true", "write prefix_cache: { marks: auto }"), ("prompt_cache_key: k", "write prefix_cache: { marks: auto }"),
        ("prefixes: { p: { text: x, cacheControl: { type: ephemeral } } }", "write ttl: 1h"), ("prefixes: { p: { text: x, cache: true } }", "write ttl: 1h"), ("prefixes: { p: { text: x, cache: 5m } }", "write ttl: 1h"),
        ("models: { n: { use: local/small, cache_control: x } }", "prefix_cache: at the top of the file"), ("prefix_cache: { prewarm: true }", "write warm_up: auto"),
    ])
    func wordsOfOtherTools(key: String, hint: String) throws {
        var text = Self.head + Self.step + key + "\n"
        if key.hasPrefix("models") { text = "version: 1\nname: t\n" + Self.step + key + "\n" }
        let project = try TemporaryProject(["w.yaml": text])
        #expect(throws: Diagnostics.self) { try project.load() }
        do { _ = try project.load() } catch let error as Diagnostics { #expect(error.all.contains { $0.hint?.contains(hint) == true }, "\(error.all)") }
    }

    @Test func aStepIsTold() throws {
        let project = try TemporaryProject(["w.yaml": Self.head + "steps: [{ id: a, prompt: hi, cache_control: { type: ephemeral } }]\n"])
        do { _ = try project.load() } catch let error as Diagnostics { #expect(error.all.first?.hint?.contains("its end is marked by itself") == true) }
    }

    // MARK: Order

    private func order(_ prefixes: String, _ lists: [String]) throws -> [[String]] {
        let steps = lists.enumerated().map { "  - { id: s\($0), prefix: [\($1)], prompt: hi }\n" }.joined()
        let graph = try graph("inputs: { x: { type: string } }\nprefixes:\n\(prefixes)\nsteps:\n\(steps)")
        return graph.steps.map { $0.modelStep!.prefixes.map { graph.prefixes[$0].name } }
    }

    /// What more prompts begin with stands in front; what may not move stays as it is written.
    @Test func whatMayMoveStandsWhereMoreShareIt() throws {
        let movable = "  p: { text: x, order: any }\n  q: { text: y, order: any }\n  r: { text: z, order: any }"
        #expect(try order(movable, ["p, q", "q, p", "q, r"]) == [["q", "p"], ["q", "p"], ["q", "r"]])
        // As often, the order of the file.
        #expect(try order(movable, ["r, p", "p, r"]) == [["p", "r"], ["p", "r"]])
        let kept = "  p: { text: x }\n  q: { text: y }\n  r: { text: z, order: any }"
        #expect(try order(kept, ["p, q, r", "q, p, r", "r"]) == [["r", "p", "q"], ["r", "q", "p"], ["r"]])
        #expect(try order(kept, ["p, q, r", "p, q"]) == [["p", "q", "r"], ["p", "q"]])
        // Never out of its class.
        #expect(try order("  p: { text: x }\n  q: { text: \"${{ inputs.x }}\", order: any }", ["q, p", "q"]) == [["p", "q"], ["q"]])
    }

    // MARK: Of a workflow that a step runs

    @Test(arguments: [
        ("prefix_cache: off\n", "", ["prefix_cache of the workflow 'inner' does not hold where step 'a' runs it"]),
        ("prefix_cache: off\nlatency_price: 1\n", "", ["prefix_cache and latency_price of the workflow 'inner' do not hold where step 'a' runs it"]), ("prefix_cache: off\n", "prefix_cache: off\n", []), ("", "prefix_cache: off\n", []),
    ])
    func whatItSaysDoesNotHold(inner: String, outer: String, expected: [String]) throws {
        let project = try TemporaryProject([
            "w.yaml": "version: 1\nname: w\n" + outer + "steps: [{ id: a, workflow: inner.yaml }]\noutputs: { a: \"${{ steps.a.output }}\" }\n",
            "inner.yaml": "version: 1\nname: inner\n" + inner + "steps: [{ id: b, value: \"1\" }]\noutputs: { b: \"${{ steps.b.output }}\" }\n",
        ])
        let found = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all
        #expect(found.map(\.message) == expected && found.allSatisfy { $0.code == "AW435" })
    }
}
