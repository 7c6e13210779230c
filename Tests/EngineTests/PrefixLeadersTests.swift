import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Who waits for a leader is told, whatever becomes of it.
@Suite(.timeLimit(.minutes(5))) struct PrefixLeadersTests {
    private static let rules = CacheRules.known.first { $0.name == "vllm" }!
    private let model = ModelReference(provider: "p", model: "m")
    private let clock = ManualClock()

    private func stake(_ names: [UInt64], cached: Int = 0) throws -> PrefixStake {
        let plan = CachePlan(
            rules: "vllm", leastTokens: 16, space: 1,
            ends: names.enumerated().map { CachePlan.End(segment: $0, name: $1, tokens: ($0 + 1) * 2000, stability: .execution, reads: [0]) }, cached: cached, marks: [])
        return try #require(PrefixStake(plan, Self.rules, nil, latencyPrice: .zero))
    }

    private func call(_ number: Int) -> CallID { CallID(run: RunID("r"), number: number) }

    /// One that comes from a leader that failed to another that is sent already waits for that no longer than anybody else would.
    @Test func whoMovesToALeaderThatIsSentWaitsNoLongerThanOthers() async throws {
        let leaders = PrefixLeaders(clock: clock, executor: nil)
        let (sent, firstSeat) = leaders.enter(call(1), model, try stake([10]), prompt: 2000, streams: true)
        let (failing, secondSeat) = leaders.enter(call(2), model, try stake([10, 11], cached: 2000), prompt: 4000, streams: true)
        #expect(firstSeat == .leads && secondSeat == .leads)
        let isAwaited = leaders.send(sent, as: call(1))
        let (follower, seat) = leaders.enter(call(3), model, try stake([10, 11]), prompt: 4000, streams: true)
        guard case .waits(let wait) = seat else {
            Issue.record("it waits for nobody")
            return
        }
        #expect(!isAwaited && wait.prefix.name == 11 && clock.sleepers == 0)
        leaders.leave(failing)
        for _ in 0..<1_000_000 where clock.sleepers == 0 { await Task.yield() }
        try #require(clock.sleepers == 1)
        // 2,000 tokens take 21 s on a machine of one's own.
        clock.advance(by: .seconds(43))
        let release = await leaders.release(of: follower)
        #expect(release?.cause == .late && release?.wait.call == call(1))
        for place in [sent, follower] { leaders.leave(place) }
        #expect(leaders.isEmpty)
    }

    /// What a call does not write now that it was planned anew nobody waits for any more.
    @Test func whoWaitsForWhatIsNotWrittenGoes() async throws {
        let leaders = PrefixLeaders(clock: clock, executor: nil)
        let (first, _) = leaders.enter(call(1), model, try stake([10]), prompt: 2000, streams: true)
        let (second, _) = leaders.enter(call(2), model, try stake([10]), prompt: 2000, streams: true)
        let (third, _) = leaders.enter(call(3), model, try stake([10]), prompt: 2000, streams: true)
        leaders.leave(first)
        #expect(await leaders.release(of: second)?.cause == .failed)
        leaders.claim(second, as: call(4), nil)
        let release = await leaders.release(of: third)
        #expect(release?.cause == .failed && release?.wait.call == call(4))
        leaders.leave(third)
        #expect(leaders.isEmpty)
    }
}
