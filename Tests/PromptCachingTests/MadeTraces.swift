import TestSupport

@testable import PromptCaching

/// Traces that are made, each the same in every run.
enum MadeTraces {
    private typealias Piece = PrefixTree.Piece

    /// Five steps of one execution behind each other under a policy of 2,500 tokens, 55 executions an hour in the nine office hours of five days: tickets of 700 tokens that nobody reads again behind
    /// their execution, and an instruction of 200 for each step.
    static let triage: [CacheRequest] = {
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
                    requests.append(CacheRequest(time: time + Double(step) * 4, space: 0, pieces: pieces, tokens: 3400, isInBlocks: true))
                }
            }
        }
        return requests.sorted { $0.time < $1.time }
    }()

    /// People who ask once and go, and some who go on: two in three conversations have one question, and who goes on thinks for a minute to an hour. What all share is a head of so many tokens.
    static func chat(head: Int) -> [CacheRequest] {
        var random = SeededGenerator(seed: 11)
        var requests: [CacheRequest] = []
        for conversation in 0..<4000 {
            var time = Double.random(in: 0...86_400, using: &random)
            var pieces = [Piece(name: 1, blocks: 1, tokens: head)]
            var name = UInt64(conversation + 1) << 24
            repeat {
                pieces.append(Piece(name: name, blocks: 1, tokens: Int.random(in: 50...6000, using: &random)))
                name += 16
                requests.append(CacheRequest(time: time, space: 0, pieces: pieces, tokens: pieces.reduce(20) { $0 + $1.tokens }, isInBlocks: true))
                pieces.append(Piece(name: name, blocks: 1, tokens: Int.random(in: 20...600, using: &random)))
                name += 16
                time += Double.random(in: 60...3600, using: &random)
            } while Int.random(in: 0..<3, using: &random) == 0
        }
        return requests.sorted { $0.time < $1.time }
    }
}
