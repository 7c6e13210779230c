import Economics
import Foundation
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Random workflows against a cache that takes marks as a server does: what is planned is what is found, and no request has marks that a server would refuse.
@Suite struct RandomCacheTests {
    private static let rules = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 200,
        lifetimes: [.init(span: .seconds(3600), writePrice: 2), .init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1)

    /// `AGENTCTL_CACHES=10000` for a long run.
    private static let count = ProcessInfo.processInfo.environment["AGENTCTL_CACHES"].flatMap(Int.init) ?? 150

    /// A workflow of prefixes of several lengths and classes, and steps that begin with some of them.
    private struct Generator {
        var random: SeededGenerator

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        mutating func text(_ name: String) -> String {
            String(repeating: "\(name) says so. ", count: Int.random(in: 1...120, using: &random))
        }

        mutating func workflow() -> String {
            let names = (0..<Int.random(in: 1...4, using: &random)).map { "p\($0)" }
            let prefixes = names.map { name in
                let variable = chance(40) ? " ${{ inputs.doc }}" : ""
                let lifetime = chance(20) ? ", ttl: \(chance(50) ? "5m" : "1h")" : ""
                return "  \(name): { text: \"\(text(name))\(variable)\"\(lifetime) }"
            }
            var steps: [String] = []
            for index in 0..<Int.random(in: 1...6, using: &random) {
                var keys = ["id: s\(index)"]
                let own = names.filter { _ in chance(70) }
                if !own.isEmpty { keys.append("prefix: [\(own.joined(separator: ", "))]") }
                if chance(30) { keys.append("system: \"\(chance(50) ? "Be brief." : text("system"))\"") }
                let sources = (0..<index).filter { _ in chance(30) }
                let item = chance(30)
                if item { keys.append("for_each: { items: \"[\((1...Int.random(in: 1...5, using: &random)).map(String.init).joined(separator: ", "))]\", max_parallel: \(Int.random(in: 1...4, using: &random)) }") }
                if chance(15) { keys.append("output: { schema: { type: string } }") }
                keys.append("prompt: \"do \(index)\(item ? " ${{ item }}" : "")\(sources.map { " ${{ steps.s\($0).output }}" }.joined())\"")
                if !sources.isEmpty { keys.append("needs: [\(sources.map { "s\($0)" }.joined(separator: ", "))]") }
                steps.append("  - { \(keys.joined(separator: ", ")) }")
            }
            return modelWorkflow(steps.joined(separator: "\n"), top: "inputs: { doc: { default: \"d\" } }\nprefixes:\n\(prefixes.joined(separator: "\n"))")
        }
    }

    @Test func whatIsPlannedIsFound() async throws {
        var (calls, read, written, cost, plain) = (0, 0, 0, 0, 0)
        for seed in 0..<Self.count {
            var generator = Generator(random: SeededGenerator(seed: UInt64(seed)))
            let yaml = generator.workflow()
            let graph = try workflow(yaml)
            let clock = ManualClock()
            let cache = ScriptedCache(clock: clock, leastTokens: Self.rules.leastTokens)
            let random = Mutex(SeededGenerator(seed: UInt64(seed) &+ 77))
            let rig = EngineRig(
                clock: clock,
                provider: ScriptedProvider(
                    clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: Self.rules)) },
                    script: { request, _ in
                        let latency = TimeSpan.milliseconds(random.withLock { Int64.random(in: 50...20_000, using: &$0) })
                        if random.withLock({ Int.random(in: 0..<100, using: &$0) }) < 5 { return .failure(.rateLimit, latency: latency) }
                        var answer = ScriptedProvider.Answer.text(request.schema == nil ? "ok" : "\"ok\"", latency: latency)
                        answer.usage = cache.usage(of: request, beginningAfter: latency)
                        return answer
                    }))
            for run in 0..<4 {
                let result = try await rig.run(graph, ["doc": .string(run == 2 ? "other" : "d")])
                await rig.expectReplay(result.id, graph, "seed \(seed)")
                for call in rig.written.calls {
                    guard let usage = call.end?.usage, call.end?.failure == nil else { continue }
                    calls += 1
                    plain += usage.totalInput * 100
                    cost += usage.plainInput * 100 + (usage.cacheRead ?? 0) * 10 + (usage.cacheWrite ?? 0) * 125 + (usage.cacheWriteLong ?? 0) * 200
                    read += usage.cacheRead ?? 0
                    written += usage.totalCacheWrite ?? 0
                    guard let plan = call.start.cache else {
                        #expect(usage.cacheRead == 0 && usage.totalCacheWrite == 0)
                        continue
                    }
                    #expect(usage.cacheRead == plan.cached, "seed \(seed), run \(run), \(call.start.path): \(plan) found \(usage), \(call.end?.cacheMiss as Any)\n\(yaml)")
                    let isMarked = plan.marks.contains { plan.ends[$0.end].tokens > plan.cached }
                    #expect((usage.totalCacheWrite ?? 0 > 0) == isMarked, "seed \(seed), run \(run), \(call.start.path): \(plan) wrote \(usage)")
                    if call.end?.cacheMiss != nil { #expect([.raced, .expired, .moved].contains(call.end?.cacheMiss), "seed \(seed): \(call.end?.cacheMiss as Any)") }
                }
                clock.advance(by: .seconds([10, 100, 1000, 5000][Int.random(in: 0..<4, using: &generator.random)]))
            }
        }
        // Something was read, and all in all it was worth it.
        #expect(calls > Self.count * 8 && read > written && cost < plain, "\(calls) calls, \(read) read, \(written) written, cost \(Double(cost) / Double(plain))")
    }
}
