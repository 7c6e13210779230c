import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// The key by which a server brings requests to one machine: those that could find something of each other have the same, others have another or none.
@Suite struct CacheKeyTests {
    private static let rules = CacheRules(
        name: "openai", entries: .steps(128), leastTokens: 100, lifetimes: [.init(span: .seconds(300), writePrice: 1)], readPrice: 0.1, control: .key)

    private func keys(_ steps: String, _ prefixes: [(String, Int)], inputs: [String: JSONValue] = [:]) async throws -> [String?] {
        let clock = ManualClock()
        let rig = EngineRig(
            clock: clock,
            provider: ScriptedProvider(
                clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: Self.rules)) },
                script: { _, _ in .text("ok") }))
        let texts = prefixes.map { "  \($0.0): { text: \"\(String(repeating: "\($0.0) ", count: $0.1))\" }" }
        _ = try await rig.run(workflow(modelWorkflow(steps, top: "concurrency: 1\n" + (texts.isEmpty ? "" : "prefixes:\n\(texts.joined(separator: "\n"))"))))
        return rig.provider.requests.map { $0.cache?.key }
    }

    @Test func whatSharesAPrefixSharesAKey() async throws {
        // The first two share both prefixes, the third the first of them, the fourth none.
        let found = try await keys(
            """
              - { id: a, prefix: [rules, document], prompt: "one" }
              - { id: b, prefix: [rules, document], prompt: "two ${{ steps.a.output }}" }
              - { id: c, prefix: [rules], prompt: "three ${{ steps.b.output }}" }
              - { id: d, prefix: [other], prompt: "four ${{ steps.c.output }}" }
            """, [("rules", 200), ("document", 400), ("other", 200)])
        #expect(found.count == 4 && found[0] != nil && found[0] == found[1] && found[1] == found[2])
        #expect(found[3] != nil && found[3] != found[0])
    }

    /// A longer life is for all that a request writes; where a prefix wishes for it and the model takes it, the request says so.
    @Test(arguments: [("ttl: 1h", true, 86_400), ("ttl: 24h", true, 86_400), ("ttl: 5m", true, nil), ("ttl: 1h", false, nil), ("", true, nil)] as [(String, Bool, Int64?)])
    func aLongerLifeIsAskedFor(ttl: String, isTaken: Bool, seconds: Int64?) async throws {
        let clock = ManualClock()
        let retention = isTaken ? CacheRules.Lifetime(span: .seconds(86_400), writePrice: 1, word: "24h") : nil
        let rules = CacheRules(
            name: "openai", entries: .steps(128), leastTokens: 100, lifetimes: [.init(span: .seconds(300), writePrice: 1)], readPrice: 0.1, control: .key, retention: retention)
        let rig = EngineRig(
            clock: clock,
            provider: ScriptedProvider(
                clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: rules)) },
                script: { _, _ in .text("ok") }))
        let text = String(repeating: "rules ", count: 200)
        for caching in ["prefix_cache: { holdout: 100% }\n", ""] {
            let graph = try workflow(modelWorkflow("  - { id: a, prefix: [rules], prompt: one }", top: "\(caching)prefixes: { rules: { text: \"\(text)\", \(ttl) } }"))
            _ = try await rig.run(graph)
            clock.advance(by: .seconds(3600))
        }
        _ = try await rig.run(workflow(modelWorkflow("  - { id: b, prefix: [rules], prompt: two }", top: "prefixes: { rules: { text: \"\(text)\", \(ttl) } }")))
        #expect(rig.provider.requests.map { $0.cache?.retention } == [nil, seconds, seconds].map { $0.map(TimeSpan.seconds) })
        // An hour later it is expected to be there still.
        let cached = rig.written.calls.last?.start.cache?.cached ?? 0
        #expect(seconds == nil ? cached == 0 : cached >= 256)
    }

    /// What stands before the least length parts nobody: only what can be found counts.
    @Test func aShortBeginningIsNoKey() async throws {
        let found = try await keys(
            """
              - { id: a, prefix: [short, one], prompt: "one" }
              - { id: b, prefix: [short, two], prompt: "two ${{ steps.a.output }}" }
            """, [("short", 5), ("one", 200), ("two", 200)])
        #expect(found[0] != nil && found[1] != nil && found[0] != found[1])
    }

    @Test func aPromptOfItsOwnHasNone() async throws {
        let long = String(repeating: "word ", count: 200)
        let found = try await keys("  - { id: a, prompt: \"\(long)\" }\n  - { id: b, prompt: \"\(long) ${{ steps.a.output }}\" }", [])
        #expect(found == [nil, nil])
    }
}
