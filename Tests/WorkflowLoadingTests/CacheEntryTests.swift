import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowLoading
import WorkflowModel

/// What a project file says of the prompt cache of a model.
@Suite struct CacheEntryTests {
    private func load(_ cache: String, dialect: String = "{}") throws -> Project {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nproviders:\n  p:\n    api: openai-chat\n    base_url: http://127.0.0.1:1\n    dialect: \(dialect)\n    models:\n      m: { cache: \(cache) }\n"])
        return try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root)
    }

    @Test func itIsRead() throws {
        let all = try #require(try load("{ kind: anthropic, min_tokens: 2048, max_marks: 2, ttls: [1h, 5m] }").providers[0].models[0].cache)
        #expect(all.kind == CacheKind.anthropic && all.leastTokens == 2048 && all.mostMarks == 2 && all.lifetimes == [.seconds(3600), .seconds(300)])
        #expect(try load("{ slots: 4 }", dialect: "{ prompt_cache: llama.cpp }").providers[0].models[0].cache?.slots == 4)
        let one = try #require(try load("{ ttls: 30m }", dialect: "{ prompt_cache: openai-breakpoints }").providers[0].models[0].cache)
        #expect(one.kind == nil && one.leastTokens == nil && one.mostMarks == nil && one.lifetimes == [.seconds(1800)])
    }

    @Test(arguments: [
        ("{ kind: anthropic, ttls: [30m] }", "{}", "there are: 5m 00s, 1h 00m"), ("{ ttls: [5m] }", "{ prompt_cache: none }", "take ttls out"), ("{ ttls: [7m] }", "{}", "there are"),
        ("{ ttls: [soon] }", "{}", "such as 5m"),
    ])
    func aLifetimeThatNoCacheHasIsNamed(cache: String, dialect: String, says: String) throws {
        let error = #expect(throws: Diagnostics.self) { _ = try load(cache, dialect: dialect) }
        #expect(error?.errors.first?.code == "AW103" && error?.errors.first?.range?.start.line == 8)
        #expect(error?.errors.contains { ($0.hint ?? "").contains(says) || $0.message.contains(says) } == true, "\(error.map(\.errors) ?? [])")
    }
}
