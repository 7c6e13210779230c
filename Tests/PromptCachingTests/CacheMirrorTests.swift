import PromptCaching
import Testing
import Values

@Suite struct CacheMirrorTests {
    private static let marks = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 1024,
        lifetimes: [.init(span: .seconds(3600), writePrice: 2), .init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1)
    private static let steps = CacheRules.known.first { $0.name == "openai-55" }!

    private static func prompt(_ names: [UInt64], tokens: [Int], reads: [[Int]] = []) -> CacheMirror.Prompt {
        CacheMirror.Prompt(
            space: 7,
            ends: names.indices.map {
                CachePlan.End(segment: $0, name: names[$0], tokens: tokens[$0], stability: $0 == 0 ? .workflow : .step, reads: reads.isEmpty ? [] : reads[$0])
            })
    }

    private static func seen(_ read: Int?, _ written: Int?, of input: Int, from: Int64, to: Int64) -> CacheMirror.Observation {
        CacheMirror.Observation(read: read, written: written, input: input, sentAt: from, endedAt: to)
    }

    @Test func whatIsWrittenIsFoundWhileItLives() {
        var mirror = CacheMirror()
        let prompt = Self.prompt([1, 2], tokens: [2000, 2100], reads: [[5000, 5000], [0, 0]])
        let plan = mirror.plan(prompt, Self.marks, at: 0)
        #expect(plan.cached == 0 && plan.marks == [CachePlan.Mark(end: 0, lifetime: .seconds(300))])
        #expect(mirror.sent(plan, Self.marks, first: 0, at: 0) == nil)
        // Nobody finds it before the answer has begun.
        let early = mirror.plan(Self.prompt([1, 3], tokens: [2000, 2200], reads: [[5000, 5000], [0, 0]]), Self.marks, at: 500)
        #expect(early.cached == 0 && mirror.sent(early, Self.marks, first: 1, at: 500) == .raced)
        mirror.began(plan, Self.marks, sentAt: 1000, at: 1000)
        #expect(mirror.ended(plan, Self.marks, Self.seen(0, 2000, of: 2100, from: 0, to: 2000), obstacle: nil, hasBegun: true) == nil)
        #expect(mirror.ended(early, Self.marks, Self.seen(0, 2000, of: 2200, from: 500, to: 2500), obstacle: .raced, hasBegun: true) == .raced)
        let next = mirror.plan(Self.prompt([1, 4], tokens: [2000, 2300]), Self.marks, at: 3000)
        // Without later reads: asked for, and nothing more is written.
        #expect(next.cached == 2000 && next.marks == [CachePlan.Mark(end: 0, lifetime: .seconds(300))])
        #expect(mirror.plan(Self.prompt([1, 4], tokens: [2000, 2300]), Self.marks, at: 302_600).cached == 0)
    }

    @Test func aReadIsAUse() {
        var mirror = CacheMirror()
        var at: Int64 = 0
        for index in 0..<10 {
            let plan = mirror.plan(Self.prompt([1, UInt64(10 + index)], tokens: [2000, 2100], reads: [[0, 3000], [0, 0]]), Self.marks, at: at)
            #expect(plan.cached == (index == 0 ? 0 : 2000))
            let obstacle = mirror.sent(plan, Self.marks, first: 0, at: at)
            #expect(mirror.ended(plan, Self.marks, Self.seen(plan.cached, 2000 - plan.cached, of: 2100, from: at, to: at + 100), obstacle: obstacle, hasBegun: true) == nil)
            at += 290_000
        }
    }

    @Test func whatTheServerSaysHolds() {
        var mirror = CacheMirror()
        let prompt = Self.prompt([1, 2], tokens: [2000, 2100], reads: [[0, 5000], [0, 0]])
        let plan = mirror.plan(prompt, Self.marks, at: 0)
        _ = mirror.sent(plan, Self.marks, first: 0, at: 0)
        // Marked, and neither written nor read: it is not there.
        #expect(mirror.ended(plan, Self.marks, Self.seen(0, 0, of: 2100, from: 0, to: 100), obstacle: nil, hasBegun: true) == .belowMinimum)
        #expect(mirror.plan(prompt, Self.marks, at: 200).cached == 0)
        // Its tokens are others than ours, and the same in proportion.
        let again = mirror.plan(prompt, Self.marks, at: 300)
        _ = mirror.sent(again, Self.marks, first: 2, at: 300)
        #expect(mirror.ended(again, Self.marks, Self.seen(0, 2600, of: 2730, from: 300, to: 400), obstacle: nil, hasBegun: true) == nil)
        let third = mirror.plan(prompt, Self.marks, at: 500)
        #expect(third.cached == 2000)
        _ = mirror.sent(third, Self.marks, first: 2, at: 500)
        #expect(mirror.ended(third, Self.marks, Self.seen(nil, nil, of: 2730, from: 500, to: 600), obstacle: nil, hasBegun: true) == .unreported)
        let fourth = mirror.plan(prompt, Self.marks, at: 700)
        _ = mirror.sent(fourth, Self.marks, first: 2, at: 700)
        #expect(mirror.ended(fourth, Self.marks, Self.seen(0, 2600, of: 2730, from: 700, to: 800), obstacle: nil, hasBegun: true) == .evicted)
        // One that never began wrote nothing.
        let failed = mirror.plan(Self.prompt([9], tokens: [3000], reads: [[0, 5000]]), Self.marks, at: 900)
        _ = mirror.sent(failed, Self.marks, first: 0, at: 900)
        #expect(mirror.ended(failed, Self.marks, Self.seen(nil, nil, of: 0, from: 900, to: 950), obstacle: nil, hasBegun: false) == nil)
        #expect(mirror.plan(Self.prompt([9], tokens: [3000]), Self.marks, at: 1000).cached == 0)
    }

    @Test func aLongerLifeDoesNotStandBehindAShorterOne() {
        var mirror = CacheMirror()
        let first = mirror.plan(Self.prompt([1, 2], tokens: [2000, 2100], reads: [[0, 5000], [0, 0]]), Self.marks, at: 0)
        _ = mirror.sent(first, Self.marks, first: 0, at: 0)
        _ = mirror.ended(first, Self.marks, Self.seen(0, 2000, of: 2100, from: 0, to: 100), obstacle: nil, hasBegun: true)
        let next = mirror.plan(Self.prompt([1, 3], tokens: [2000, 9000], reads: [[9000, 0], [9000, 1000]]), Self.marks, at: 200)
        #expect(next.marks.map(\.lifetime) == [.seconds(300), .seconds(300)] && next.marks.map(\.end) == [0, 1])
        // Nor where the author wants it.
        var wanted = Self.prompt([5, 6], tokens: [2000, 9000], reads: [[9000, 9000], [9000, 9000]])
        wanted.lifetimes = [0: .seconds(300)]
        #expect(mirror.plan(wanted, Self.marks, at: 300).marks.allSatisfy { $0.lifetime == .seconds(300) })
    }

    @Test func aCacheThatNobodyMarksHasEveryBeginning() {
        var mirror = CacheMirror()
        let plan = mirror.plan(Self.prompt([1, 2], tokens: [2000, 2100]), Self.steps, at: 0)
        #expect(plan.marks.isEmpty && plan.cached == 0)
        _ = mirror.sent(plan, Self.steps, first: 0, at: 0)
        #expect(mirror.ended(plan, Self.steps, Self.seen(0, nil, of: 2100, from: 0, to: 100), obstacle: nil, hasBegun: true) == nil)
        // In whole steps of 128.
        #expect(mirror.plan(Self.prompt([1, 3], tokens: [2000, 2300]), Self.steps, at: 200).cached == 1920)
    }

    @Test func itHasRoomForAFixedNumber() {
        var mirror = CacheMirror(most: 100)
        for index in 0..<1000 as Range<UInt64> {
            let plan = mirror.plan(Self.prompt([index * 2, index * 2 + 1], tokens: [2000, 2100], reads: [[0, 5000], [0, 0]]), Self.marks, at: Int64(index))
            _ = mirror.sent(plan, Self.marks, first: 0, at: Int64(index))
            mirror.began(plan, Self.marks, sentAt: Int64(index), at: Int64(index))
        }
        #expect(mirror.count == 100)
        #expect(mirror.plan(Self.prompt([1998], tokens: [2000]), Self.marks, at: 1000).cached == 2000)
        #expect(mirror.plan(Self.prompt([0], tokens: [2000]), Self.marks, at: 1000).cached == 0)
    }

    @Test func whatTheAuthorWantsIsWritten() {
        var mirror = CacheMirror()
        // Nobody is expected to read it.
        var wanted = Self.prompt([5, 6], tokens: [2000, 9000])
        wanted.lifetimes = [0: .seconds(3600)]
        #expect(mirror.plan(wanted, Self.marks, at: 0).marks == [CachePlan.Mark(end: 0, lifetime: .seconds(3600))])
        // A longer one in front of a shorter one, as both are wanted; and not behind it.
        wanted.lifetimes = [0: .seconds(3600), 1: .seconds(300)]
        #expect(mirror.plan(wanted, Self.marks, at: 0).marks == [CachePlan.Mark(end: 0, lifetime: .seconds(3600)), CachePlan.Mark(end: 1, lifetime: .seconds(300))])
        wanted.lifetimes = [0: .seconds(300), 1: .seconds(3600)]
        #expect(mirror.plan(wanted, Self.marks, at: 0).marks.map(\.lifetime) == [.seconds(300), .seconds(300)])
    }

    @Test func withoutMarksNothingIsFoundNorSet() {
        var mirror = CacheMirror()
        let prompt = Self.prompt([1, 2], tokens: [2000, 2100], reads: [[0, 5000], [0, 0]])
        let plan = mirror.plan(prompt, Self.marks, at: 0)
        _ = mirror.sent(plan, Self.marks, first: 0, at: 0)
        _ = mirror.ended(plan, Self.marks, Self.seen(0, 2000, of: 2100, from: 0, to: 100), obstacle: nil, hasBegun: true)
        var none = Self.marks
        none.entries = .marks(most: 0)
        let later = mirror.plan(Self.prompt([1, 2, 3], tokens: [2000, 2100, 9000], reads: [[0, 5000], [0, 5000], [0, 5000]]), none, at: 200)
        #expect(later.marks.isEmpty && later.cached == 0)
        var quiet = prompt
        quiet.writes = false
        #expect(mirror.plan(quiet, Self.marks, at: 300).marks.isEmpty && mirror.plan(quiet, Self.marks, at: 300).cached == 0)
    }

    @Test func readsBeyondCountingAreBounded() {
        #expect(CachePlan.thousandths(1e30) == CachePlan.mostReads && CachePlan.thousandths(.nan) == 0 && CachePlan.thousandths(-1) == 0 && CachePlan.thousandths(1.5) == 1500)
    }
}
