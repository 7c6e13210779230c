import Values
import WorkflowModel

/// Calls that share the beginning of their prompts: one of those that would write it goes first, and the others wait until its answer begins, as
/// what it writes can be read from then on. Who waits for whom, and what follows from what becomes of it: pure, without tasks and clocks.
///
/// A call waits for the longest prefix that it shares with one that is about to write it. So there is one leader for each item of a `for_each` of
/// groups, and one for each branching of prompts, the shorter before the longer: behind a release a call stands in line again for what lies beyond.
struct PrefixLine {
    /// What a call waits for.
    struct Wait: Sendable, Hashable {
        /// Whose answer is to begin.
        let leader: Int
        /// May be another than when the wait began: a call that is counted is prepared anew.
        var call: CallID
        let prefix: PrefixStake.Prefix
    }

    enum Seat: Sendable, Hashable {
        /// It writes something that nobody else is about to write: its end is to be told.
        case leads
        /// It has nothing to do with others.
        case goes
        case waits(Wait)
    }

    struct Release: Sendable, Hashable {
        let place: Int
        /// What it waited for last.
        let wait: Wait
        let cause: PrefixReleased.Cause
    }

    private struct Leader {
        var call: CallID
        /// To its first token.
        let expected: TimeSpan
        var sentAt: Timestamp?
        var writes: [UInt64] = []
        /// In the order in which they came; who gave up is not missing.
        var followers: [Int] = []
        /// Those who did not give up.
        var waiting = 0

        func left(at now: Timestamp) -> TimeSpan { sentAt.map { .milliseconds(max(0, expected.milliseconds - now.since($0).milliseconds)) } ?? expected }
    }

    private struct Follower {
        let call: CallID
        let stake: PrefixStake
        let expected: TimeSpan
        var wait: Wait
        /// Leaders that came to nothing.
        var failures = 0
    }

    /// Behind so many leaders that came to nothing nobody waits any more.
    static let mostFailures = 2

    private var leaders: [Int: Leader] = [:]
    /// Who is about to write a prefix.
    private var writers: [UInt64: Int] = [:]
    private var followers: [Int: Follower] = [:]

    var isEmpty: Bool { leaders.isEmpty && writers.isEmpty && followers.isEmpty }

    /// - Parameters:
    ///   - place: a number of its own.
    ///   - expected: how long it takes from its sending to its first token.
    mutating func enter(_ place: Int, _ call: CallID, _ stake: PrefixStake, expected: TimeSpan, at now: Timestamp) -> Seat {
        guard let wait = wait(for: stake, at: now) else { return lead(place, call, stake, expected: expected) ? .leads : .goes }
        follow(place, Follower(call: call, stake: stake, expected: expected, wait: wait))
        return .waits(wait)
    }

    private mutating func follow(_ place: Int, _ follower: Follower) {
        followers[place] = follower
        leaders[follower.wait.leader]!.followers.append(place)
        leaders[follower.wait.leader]!.waiting += 1
    }

    /// The longest prefix that is about to be written and is worth the wait.
    private func wait(for stake: PrefixStake, at now: Timestamp) -> Wait? {
        if writers.isEmpty { return nil }
        for prefix in stake.prefixes.reversed() {
            guard let place = writers[prefix.name], let leader = leaders[place], stake.isWorth(waiting: leader.left(at: now), for: prefix) else { continue }
            return Wait(leader: place, call: leader.call, prefix: prefix)
        }
        return nil
    }

    /// - Returns: whether it writes what nobody else does.
    private mutating func lead(_ place: Int, _ call: CallID, _ stake: PrefixStake, expected: TimeSpan) -> Bool {
        let own = stake.writes.filter { writers[$0] == nil }
        if own.isEmpty { return false }
        leaders[place] = Leader(call: call, expected: expected, writes: own)
        for name in own { writers[name] = place }
        return true
    }

    // MARK: What becomes of leaders

    /// It is sent now: its time counts from here on.
    mutating func send(_ place: Int, as call: CallID, at now: Timestamp) {
        leaders[place]?.sentAt = now
        leaders[place]?.call = call
    }

    /// Until when it is waited for: twice what it is expected to take; `nil` of one that is not sent.
    func patience(with place: Int) -> Timestamp? {
        guard let leader = leaders[place], let sentAt = leader.sentAt else { return nil }
        return sentAt.adding(.milliseconds(2 * leader.expected.milliseconds))
    }

    func isWaitedFor(_ place: Int) -> Bool { leaders[place].map { $0.waiting > 0 } ?? false }

    /// Its answer has begun: all who wait for it go on together.
    mutating func answer(_ place: Int) -> [Release] {
        retire(place).map { place, follower in Release(place: place, wait: follower.wait, cause: .began) }
    }

    /// It takes too long: all who wait for it go together, and what they write is theirs.
    mutating func isLate(_ place: Int) -> [Release] {
        retire(place).map { place, follower in
            _ = lead(place, follower.call, follower.stake, expected: follower.expected)
            return Release(place: place, wait: follower.wait, cause: .late)
        }
    }

    /// It came to nothing: refused, failed, stopped. The next one leads, and the others wait for that.
    ///
    /// - Parameter onMove: is told of each leader that somebody waits for now.
    mutating func leave(_ place: Int, at now: Timestamp, onMove: (Int) -> Void = { _ in }) -> [Release] { passOn(retire(place), at: now, onMove) }

    /// It leads, and what it writes is another than what it stood in line for: it was planned anew. Who waits for what it does not write waits for the next.
    ///
    /// - Parameters:
    ///   - stake: `nil`: nobody could wait for anything that it writes.
    ///   - onMove: as of ``leave(_:at:onMove:)``.
    mutating func claim(_ place: Int, _ call: CallID, _ stake: PrefixStake?, expected: TimeSpan, at now: Timestamp, onMove: (Int) -> Void = { _ in }) -> [Release] {
        guard var leader = leaders[place] else {
            if let stake { _ = lead(place, call, stake, expected: expected) }
            return []
        }
        leader.call = call
        let writes = stake?.writes ?? []
        for name in leader.writes where !writes.contains(name) { writers[name] = nil }
        leader.writes = writes.filter { (writers[$0] ?? place) == place }
        if leader.writes.isEmpty {
            leaders[place] = leader
            return leave(place, at: now, onMove: onMove)
        }
        for name in leader.writes { writers[name] = place }
        var left: [(place: Int, follower: Follower)] = []
        leader.followers.removeAll { number in
            guard var follower = followers[number], !leader.writes.contains(follower.wait.prefix.name) else { return false }
            followers[number] = nil
            follower.wait.call = call
            left.append((number, follower))
            return true
        }
        leader.waiting -= left.count
        leaders[place] = leader
        return passOn(left, at: now, onMove)
    }

    private mutating func passOn(_ left: [(place: Int, follower: Follower)], at now: Timestamp, _ onMove: (Int) -> Void) -> [Release] {
        var releases: [Release] = []
        for (place, follower) in left {
            var follower = follower
            follower.failures += 1
            if follower.failures < Self.mostFailures, let wait = wait(for: follower.stake, at: now) {
                follower.wait = wait
                follow(place, follower)
                onMove(wait.leader)
                continue
            }
            _ = lead(place, follower.call, follower.stake, expected: follower.expected)
            releases.append(Release(place: place, wait: follower.wait, cause: .failed))
        }
        return releases
    }

    /// One that waits gives up.
    mutating func giveUp(_ place: Int) {
        guard let follower = followers.removeValue(forKey: place) else { return }
        leaders[follower.wait.leader]?.waiting -= 1
    }

    /// - Returns: those who waited for it, in the order in which they came.
    private mutating func retire(_ place: Int) -> [(place: Int, follower: Follower)] {
        guard let leader = leaders.removeValue(forKey: place) else { return [] }
        for name in leader.writes where writers[name] == place { writers[name] = nil }
        return leader.followers.compactMap { place in
            guard var follower = followers.removeValue(forKey: place) else { return nil }
            follower.wait.call = leader.call
            return (place, follower)
        }
    }
}
