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

    /// What is not read again is not written, whatever the rules: planned marks never cost more than no cache, and no more than a mark on everything.
    @Test(arguments: CacheRules.known.map(\.name)) func whatIsNotReadIsNotWritten(name: String) {
        for (trace, requests) in [("triage", MadeTraces.triage), ("chat", MadeTraces.chat(head: 1500))] {
            let (planned, tail) = (simulate(requests, name, .planned), simulate(requests, name, .tail))
            #expect(planned.relativeCost! <= 1 && planned.relativeCost! <= tail.relativeCost! + 1e-9, "\(trace) \(planned.relativeCost!) \(tail.relativeCost!)")
            #expect(planned.cost >= planned.leastCost - 1e-6 && tail.cost >= tail.leastCost - 1e-6, "\(trace)")
        }
        // Where nothing that is shared can be cached, all that is planned before it is known what comes costs less than half a hundredth.
        let bare = simulate(MadeTraces.chat(head: 300), name, .planned)
        #expect(bare.relativeCost! < 1.005, "\(bare.relativeCost!)")
    }

    /// A mark of Anthropic's finds what stands less than twenty blocks before it. Who marks the end alone loses an entry behind more; who plans sets a mark where it knows the entry to be.
    @Test func marksLookBackOverTwentyBlocks() {
        func talk(_ number: Int, _ blocks: Int, at time: Double, isInBlocks: Bool) -> CacheRequest {
            let pieces = (0..<blocks).map { Piece(name: UInt64(number * 100_000 + $0 * 100 + 7), blocks: 1, tokens: 1000) }
            return CacheRequest(time: time, space: 0, pieces: pieces, tokens: blocks * 1000, isInBlocks: isInBlocks)
        }
        func read(_ blocks: Int, _ policy: CachePolicy, rules: String = "anthropic-5m", isInBlocks: Bool = true) -> Int {
            // Often enough for the planner to know that conversations go on.
            let requests = (0..<40).flatMap { number -> [CacheRequest] in
                [talk(number, 10, at: Double(number) * 1000, isInBlocks: isInBlocks), talk(number, 10 + blocks, at: Double(number) * 1000 + 60, isInBlocks: isInBlocks)]
            }
            return simulate(requests, rules, policy).readTokens
        }
        #expect(read(19, .tail) == 400_000 && read(20, .tail) == 0)
        #expect(read(20, .tail, isInBlocks: false) == 400_000 && read(20, .tail, rules: "openai-56") == 400_000)
        #expect(read(30, .stable) == 400_000)
        #expect(read(30, .planned) >= 350_000, "\(read(30, .planned))")
    }

    /// Which runs of blocks are remembered is bounded, and what is forgotten as nothing can read it any more changes no figure.
    @Test(arguments: ["anthropic", "openai-55", "deepseek"]) func whatNobodyCanReadIsForgotten(name: String) {
        for policy in [CachePolicy.stable, .none] {
            var (bounded, free) = (CacheSimulator(rules: rules(name), policy: policy, mostRuns: 6000), CacheSimulator(rules: rules(name), policy: policy))
            var most = 0
            for request in MadeTraces.triage {
                bounded.add(request)
                free.add(request)
                most = max(most, bounded.runs)
            }
            #expect(most <= 6000 + 3 && free.runs > 12_000, "\(most) of \(free.runs)")
            var (a, b) = (bounded.result, free.result)
            #expect(abs(a.cost - b.cost) < 1e-3 && abs(a.leastCost - b.leastCost) < 1e-3, "\(a.leastCost) \(b.leastCost)")
            for path in [\CacheSimulation.cost, \.leastCost] { (a[keyPath: path], b[keyPath: path]) = (0, 0) }
            #expect(a == b)
        }
    }

    /// Where more could still be read than may be remembered, what was not met for longest goes.
    @Test func whatWasNotMetForLongestGoesFirst() {
        var simulator = CacheSimulator(rules: rules("vllm"), policy: .tail, mostRuns: 100)
        var most = 0
        for number in 0..<10_000 {
            simulator.add(request(Double(number), (1, 2), (UInt64(number + 1) * 1000, 1)))
            most = max(most, simulator.runs)
        }
        #expect(most <= 102)
        // What all share was met by each; the others are gone, but for the last few.
        let read = simulator.result.readTokens
        #expect(read == 9999 * 2000)
        #expect(simulator.add(request(10_000, (1, 2), (9_999_000, 1))).read == 2992)
        #expect(simulator.add(request(10_001, (1, 2), (5_000_000, 1))).read == 2000)
    }

    @Test func rulesOfARecordedPlan() {
        func rules(_ name: String) -> CacheRules? { CacheRules(of: CachePlan(rules: name, leastTokens: 77, space: 0, ends: [], cached: 0, marks: [])) }
        for known in CacheRules.known { #expect(rules(known.name)?.entries == known.entries && rules(known.name)?.leastTokens == 77) }
        #expect(rules("openai-breakpoints")?.lifetimes.map(\.span) == [.seconds(43_200), .seconds(1800)] && rules("openai-breakpoints")?.isImplicit == true)
        #expect(rules("openai")?.entries == .steps(128) && rules("llama.cpp")?.entries == .steps(1) && rules("anthropic")?.isImplicit == false && rules("gemini")?.isImplicit == true)
        #expect(rules("of a later program") == nil)
    }

    @Test func nodesOfATreeMove() {
        var tree = PrefixTree()
        _ = tree.insert([Piece(name: 1, blocks: 10, tokens: 10)], space: 0)
        _ = tree.insert([Piece(name: 1, blocks: 5, tokens: 10), Piece(name: 50, blocks: 1, tokens: 10)], space: 0)
        // 1–5, 6–10, 50; the second goes.
        let moves = tree.keep { $0 != 1 }
        #expect(moves == [0, -1, 1] && tree.nodes.count == 2 && tree[1].name == 50)
        var kept = [10, 11, 20, 21, 30, 31]
        kept.move(moves, width: 2)
        #expect(kept == [10, 11, 30, 31])
        #expect(tree.insert([Piece(name: 1, blocks: 5, tokens: 10), Piece(name: 50, blocks: 1, tokens: 10)], space: 0).known == 2)
        // What was forgotten is new again.
        let path = tree.insert([Piece(name: 1, blocks: 10, tokens: 10)], space: 0)
        #expect(path.known == 1 && path.nodes == [0, 2])
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
