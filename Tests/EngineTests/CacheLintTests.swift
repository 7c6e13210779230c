import Foundation
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowLoading
import WorkflowModel

@testable import Engine

/// What keeps prompts out of caches, with place, size and a way out.
@Suite struct CacheLintTests {
    private static let rules = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 1024,
        lifetimes: [CacheRules.Lifetime(span: .seconds(300), writePrice: 1.25), CacheRules.Lifetime(span: .seconds(3600), writePrice: 2)], readPrice: 0.1,
        control: .cacheControl, lookBack: 20)

    private static let automatic = CacheRules(
        name: "openai-55", entries: .steps(128), leastTokens: 1024, lifetimes: [CacheRules.Lifetime(span: .seconds(300), writePrice: 1)], readPrice: 0.1,
        control: .key)

    private func lint(_ yaml: String, _ rules: CacheRules? = rules, files: [String: String] = [:]) throws -> [Diagnostic] {
        CacheLint.check(try workflow(yaml, files: files)) { _ in rules }
    }

    private static let head = "version: 1\nname: t\nmodels: { m: { use: anthropic/claude } }\ndefaults: { model: m }\ninputs: { doc: { type: string } }\n"

    @Test(arguments: DiagnosticExplanation.all.filter { $0.example?.place == .caches }.map(\.code))
    func anExampleShowsItsCode(code: String) throws {
        let example = try #require(DiagnosticExplanation.of(code)?.example)
        func codes(_ text: String) throws -> Set<String> { Set(try lint("version: 1\nname: t\n" + text).map(\.code)) }
        #expect(try codes(example.wrong).contains(code))
        #expect(try !codes(try #require(example.right)).contains(code))
    }

    /// A warning has a place in the file and a way out, and fails nothing.
    @Test func eachHasAPlaceAndAWayOut() throws {
        for explanation in DiagnosticExplanation.all where explanation.example?.place == .caches {
            for found in try lint("version: 1\nname: t\n" + explanation.example!.wrong) {
                #expect(found.severity == .warning && found.hint?.isEmpty == false && found.range?.start.line ?? 0 > 2, "\(found)")
            }
        }
    }

    @Test func theTimeOfARunIsNamedWithWhatIsLost() throws {
        let rules = String(repeating: "Be kind to whoever asks. ", count: 100)
        let found = try lint(Self.head + "prefixes: { rules: { text: \"\(rules)\" } }\nsteps:\n  - { id: a, system: \"It is ${{ run.started_at }}\", prefix: rules, prompt: Go. }\n", nil)
        #expect(found.map(\.code) == ["CP001", "CP003"])
        #expect(found[0].message == "the time of the run stands in 'system': from there on no prompt begins like one of another run (about 635 tokens)", "\(found[0].message)")
        #expect(found[0].range?.start.line == 8)
        // In the last part it costs nothing.
        #expect(try lint(Self.head + "prefixes: { rules: { text: \"\(rules)\" } }\nsteps:\n  - { id: a, prefix: rules, prompt: \"It is ${{ run.started_at }}\" }\n").isEmpty)
    }

    /// 600 tokens of 1,024: read for a tenth, all of 1,024 costs less than 600 unread from the third prompt on.
    @Test(arguments: [(2, false), (3, true), (8, true)]) func aPrefixThatIsTooShort(prompts: Int, isTold: Bool) throws {
        let rules = String(repeating: "word", count: 599) + "...."
        let items = (1...prompts).map(String.init).joined(separator: ", ")
        let yaml = Self.head + "prefixes: { rules: { text: \"\(rules)\" } }\nsteps:\n  - { id: a, prefix: rules, for_each: { items: \"[\(items)]\" }, prompt: \"${{ item }}\" }\n"
        let found = try lint(yaml)
        #expect(found.map(\.code) == (isTold ? ["CP007"] : []))
        if isTold {
            #expect(found[0].message == "the 600 tokens that 'a' and later prompts begin with are fewer than the 1,024 that the cache of anthropic/claude takes: 424 are missing")
            #expect(found[0].hint?.hasSuffix("it pays from 3 prompts on") == true && found[0].range?.start.line == 6)
        }
        // Nothing is known of this model's cache.
        #expect(try lint(yaml, nil).isEmpty)
    }

    private static func kept(_ first: String, _ second: String, _ steps: String) -> String {
        head + "prefixes: { a: { text: \"${{ inputs.doc }}\", ttl: \(first) }, b: { text: \"${{ inputs.doc }}!\", ttl: \(second) } }\nsteps:\n" + steps
    }

    /// What is shorter than the shortest life is kept for that.
    @Test(arguments: [("1s", true), ("4m", true), ("5m", false), ("30m", false), ("2h", false)]) func aLifeThatNoCacheHas(ttl: String, isTold: Bool) throws {
        let steps = ["a", "b", "c"].map { "  - { id: \($0), prefix: doc, prompt: hi }\n" }.joined()
        let yaml = Self.head + "prefixes: { doc: { text: \"${{ inputs.doc }}\", ttl: \(ttl) } }\nsteps:\n" + steps
        let rules = Self.rules
        let found = try lint(yaml, rules).filter { $0.code == "CP009" }
        #expect(found.count == (isTold ? 1 : 0))
        if let told = found.first {
            #expect(told.message.hasPrefix("'doc' is to be kept for \(TimeSpan(text: ttl)!), and anthropic/claude keeps nothing for less than") && told.hint == "write ttl: 5m, or remove it", "\(told)")
            #expect(told.range?.start.line == 6)
        }
        let kept = CacheMirror.marks(Self.planned, rules, found: nil, lifetimes: [0: TimeSpan(text: ttl)!]).first?.lifetime
        #expect(kept == .seconds(ttl == "2h" ? 3600 : 300))
    }

    private static let planned = CachePlan(
        rules: "anthropic", leastTokens: 1024, space: 0,
        ends: [.init(segment: 0, name: 1, tokens: 2000, stability: .execution, reads: [0, 0]), .init(segment: 1, name: 2, tokens: 4000, stability: .execution, reads: [0, 0])], cached: 0, marks: [])

    /// Nothing is kept longer than what stands in front of it: that is what is marked, and what is said of a wait.
    @Test func aShortLifeInFront() throws {
        let rules = Self.rules
        let marks = CacheMirror.marks(Self.planned, rules, found: nil, lifetimes: [0: .seconds(300), 1: .seconds(3600)])
        #expect(marks.allSatisfy { $0.lifetime == .seconds(300) } && !marks.isEmpty)
        let steps = "  - { id: x, prefix: [a, b], prompt: hi }\n  - { id: ok, needs: [x], approve: { message: Good? } }\n  - { id: y, needs: [ok], prefix: [a, b], prompt: ho }\n"
        let found = try lint(Self.kept("5m", "1h", steps), rules)
        #expect(found.contains { $0.code == "CP009" && $0.message.hasSuffix("nothing is kept longer than what stands in front of it") }, "\(found)")
        #expect(found.contains { $0.code == "CP014" }, "\(found)")
        #expect(try !lint(Self.kept("1h", "1h", steps), rules).contains { $0.code == "CP014" })
    }

    @Test func manyPartsBetweenMarks() throws {
        func steps(_ count: Int) -> String {
            let messages = (0..<count).map { "{ role: \($0.isMultiple(of: 2) ? "user" : "assistant"), content: \"Part \($0)\" }" }.joined(separator: ", ")
            return Self.head + "steps:\n  - { id: a, for_each: { items: \"[1, 2]\" }, messages: [\(messages)] }\n"
        }
        #expect(try lint(steps(15)).map(\.code) == [])
        #expect(try lint(steps(17)).map(\.code) == ["CP010"])
        #expect(try lint(steps(17), Self.automatic).map(\.code) == [])
    }

    @Test func moreAtOnceThanOneMachineTakes() throws {
        func yaml(_ parallel: String) -> String {
            Self.head + "prefixes: { doc: { text: \"${{ inputs.doc }}\" } }\nsteps:\n  - { id: a, prefix: doc, for_each: { items: \"[\((1...40).map(String.init).joined(separator: ", "))]\"\(parallel) }, prompt: \"${{ item }}\" }\n"
        }
        #expect(try lint(yaml(""), Self.automatic).map(\.code) == ["CP015"])
        #expect(try lint(yaml(", max_parallel: 15"), Self.automatic).isEmpty)
        #expect(try lint(yaml("")).isEmpty)
    }

    /// The project's own workflows and those that `init` writes give no reason, whatever their models' caches are.
    @Test func theProjectsOwnWorkflows() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("Workflows")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
        #expect(files.count > 5)
        for file in files {
            let graph = try WorkflowLoader.load(folder.appendingPathComponent(file).path, root: root.path).graph
            for rules in [nil, Self.rules, Self.automatic] {
                let found = CacheLint.check(graph) { _ in rules }
                #expect(found.isEmpty, "\(file): \(found.map { "\($0.code) \($0.message)" })")
            }
        }
    }
}
