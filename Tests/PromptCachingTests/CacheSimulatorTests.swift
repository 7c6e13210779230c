import TestSupport
import Testing
import Values

@testable import PromptCaching

/// Traces through models of providers' caches.
@Suite struct CacheSimulatorTests {
    private typealias Piece = PrefixTree.Piece

    private func request(_ time: Double, _ pieces: (UInt64, Int)..., rest: Int = 0) -> CacheRequest {
        let pieces = pieces.map { Piece(name: $0.0, blocks: $0.1, tokens: 1000) }
        return CacheRequest(time: time, space: 0, pieces: pieces, tokens: pieces.reduce(0) { $0 + $1.blocks * 1000 } + rest)
    }

    private func rules(_ name: String) -> CacheRules { CacheRules.known.first { $0.name == name }! }

    private func simulate(_ requests: [CacheRequest], _ name: String, _ policy: CachePolicy, delay: Double = 0) -> CacheSimulation {
        var simulator = CacheSimulator(rules: rules(name), policy: policy, delay: delay)
        for request in requests { simulator.add(request) }
        return simulator.result
    }

    @Test func theTailOfAPromptIsReadByWhoeverGoesOn() {
        // Ten blocks, then the same and two more, each with 50 tokens that no block has.
        let requests = [request(0, (1, 10), rest: 50), request(60, (1, 12), rest: 50)]
        let result = simulate(requests, "anthropic-5m", .tail)
        #expect(result.requests == 2 && result.inputTokens == 22_100 && result.readTokens == 10_000 && result.writtenTokens == 12_000)
        #expect(abs(result.cost - (12_000 * 1.25 + 10_000 * 0.1 + 100)) < 1e-6)
        #expect(result.sharedTokens == 10_000 && result.efficiency == 1)
        // The two last blocks were never read.
        #expect(result.wastedTokens == 2000)
        // Without a mark the second costs as the first; known beforehand, ten blocks are written and two are not.
        #expect(abs(result.leastCost - (10_000 * 1.35 + 2000 + 100)) < 1e-6)
        #expect(simulate(requests, "anthropic-5m", .none).relativeCost == 1)
        #expect(simulate(requests, "openai-55", .tail).readTokens == 9984)
    }

    @Test func anEntryLivesFromItsLastUse() {
        func read(_ times: Double...) -> Int { simulate(times.map { request($0, (1, 10)) }, "anthropic-5m", .tail).readTokens }
        #expect(read(0, 300) == 10_000 && read(0, 301) == 0 && read(0, 290, 580) == 20_000 && read(0, 290, 591) == 10_000)
        #expect(simulate([request(0, (1, 10)), request(3000, (1, 10))], "anthropic-1h", .tail).readTokens == 10_000)
        // Not before the answer to the request that wrote it began.
        #expect(simulate([request(0, (1, 10)), request(1, (1, 10)), request(3, (1, 10))], "anthropic-5m", .tail, delay: 2).readTokens == 10_000)
    }

    @Test func wherePromptsPartIsAMarkOfTheStable() {
        // Three prompts of one head: the second shows where they part, and the third reads it.
        let requests = [request(0, (1, 5), (100, 5)), request(1, (1, 5), (200, 5)), request(2, (1, 5), (300, 5))]
        #expect(simulate(requests, "anthropic-5m", .tail).readTokens == 0)
        #expect(simulate(requests, "anthropic-5m", .stable).readTokens == 5000)
        #expect(simulate(requests, "deepseek", .stable).readTokens == 5000)
        #expect(simulate(requests, "gemini", .stable).readTokens == 10_000)
    }

    @Test func aShortPrefixIsNotCached() {
        let requests = [request(0, (1, 1)), request(1, (1, 1))]
        #expect(simulate(requests, "anthropic-5m", .tail).readTokens == 0 && simulate(requests, "vllm", .tail).readTokens == 992)
    }

    /// One-shot prompts with a policy of 2,500 tokens, five of one execution behind each other, 55 executions an hour in office hours: what is not read again is not written.
    @Test(arguments: ["anthropic", "anthropic-5m", "anthropic-1h", "openai-56", "openai-56-12h"]) func whatIsNotReadIsNotWritten(name: String) {
        var random = SeededGenerator(seed: 7)
        var requests: [CacheRequest] = []
        for day in 0..<5 {
            var time = Double(day) * 86_400
            let end = time + 9 * 3600
            while time < end {
                time += Double.random(in: 0...2, using: &random) * 3600 / 55
                let ticket = UInt64.random(in: 1...(1 << 40), using: &random) << 20
                for step in 0..<5 {
                    let pieces = [Piece(name: 1, blocks: 1, tokens: 2500), Piece(name: ticket, blocks: 1, tokens: 700), Piece(name: ticket + UInt64(step + 1) * 100, blocks: 1, tokens: 200)]
                    requests.append(CacheRequest(time: time + Double(step) * 4, space: 0, pieces: pieces, tokens: 3400))
                }
            }
        }
        requests.sort { $0.time < $1.time }
        let (planned, tail) = (simulate(requests, name, .planned), simulate(requests, name, .tail))
        #expect(planned.relativeCost! < 1 && planned.relativeCost! < tail.relativeCost!, "\(planned.relativeCost!) \(tail.relativeCost!)")
        #expect(planned.cost >= planned.leastCost - 1e-6 && tail.cost >= tail.leastCost - 1e-6)
    }

    /// Nothing costs less than the bound, and no cache reads more than there is; whatever comes.
    @Test(arguments: 0..<40) func randomTraces(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        // Prompts walk down a random tree, of which a name tells the way.
        let requests = (0..<120).map { number -> CacheRequest in
            var (pieces, name) = ([Piece](), UInt64(1))
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                name = name &* 1000 &+ UInt64(Int.random(in: 0...2, using: &random)) * 100 &+ 7
                pieces.append(Piece(name: name, blocks: Int(1 + name % 3), tokens: 400))
            }
            return CacheRequest(time: Double(number) * Double.random(in: 0...120, using: &random), space: 0, pieces: pieces, tokens: pieces.reduce(0) { $0 + $1.blocks * 400 })
        }.sorted { $0.time < $1.time }
        for rules in CacheRules.known {
            for policy in CachePolicy.allCases {
                let result = simulate(requests, rules.name, policy)
                let words = "\(rules.name) \(policy)"
                #expect(result.cost >= result.leastCost - 1e-6, "\(words)")
                #expect(result.readTokens <= result.reachableTokens && result.reachableTokens <= result.sharedTokens, "\(words)")
                #expect(result.readTokens + result.writtenTokens <= result.inputTokens && (result.wastedTokens ?? 0) <= result.writtenTokens, "\(words)")
                #expect(result.cost == simulate(requests, rules.name, policy).cost, "\(words)")
            }
        }
    }
}
