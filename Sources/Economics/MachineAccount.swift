import Values

/// What a machine cost that was on for us: calls kept it busy for a part of the time, and the rest was idle and is paid all the same.
///
/// Everybody who has a machine on tells from when to when. Times that overlap are one, as a machine that two have on costs no more than one.
public struct MachineAccount: Sendable, Hashable {
    /// Somebody had it on.
    public struct Use: Sendable, Hashable {
        public let began: Timestamp
        public let ended: Timestamp
        /// What an hour of it costs.
        public let hourly: Money

        public init(began: Timestamp, ended: Timestamp, hourly: Money) {
            self.began = began
            self.ended = ended
            self.hourly = hourly
        }
    }

    /// A call kept it busy.
    public struct Call: Sendable, Hashable {
        public let began: Timestamp
        public let busy: TimeSpan

        public init(began: Timestamp, busy: TimeSpan) {
            self.began = began
            // A thousand years, whatever a file says: sums of it with a moment are numbers.
            self.busy = min(max(busy, .milliseconds(0)), .seconds(31_536_000_000))
        }

        fileprivate var end: Int64 { began.microseconds + busy.milliseconds * 1000 }
    }

    /// A time in which it was on without a break.
    public struct Stretch: Sendable, Hashable {
        /// How long it was on.
        public fileprivate(set) var on = TimeSpan(milliseconds: 0)
        /// How long at least one call kept it busy.
        public fileprivate(set) var busy = TimeSpan(milliseconds: 0)
        /// Of all the time it was on.
        public fileprivate(set) var cost = MoneySum.zero
        /// Of the time in which no call kept it busy.
        public fileprivate(set) var idleCost = MoneySum.zero
        /// Those that began within it, as positions in the list that the account was made of, in the order of their beginnings.
        public fileprivate(set) var calls: [Int] = []
    }

    public let stretches: [Stretch]
    private let calls: [Call]

    /// - Parameters:
    ///   - uses: in any order. Where two overlap, the price of the one that began first holds.
    ///   - calls: in any order. What of them lies outside of every use is no part of the account.
    ///   - since: what lies before it is left out.
    ///   - until: what lies behind it is left out.
    public init(uses: [Use], calls: [Call], since: Timestamp? = nil, until: Timestamp? = nil) {
        self.calls = calls
        let order = calls.indices.sorted { (calls[$0].began, $0) < (calls[$1].began, $1) }
        // The times in which it is busy, apart from each other and in order.
        var busy: [Range<Int64>] = []
        for index in order {
            let (began, end) = (calls[index].began.microseconds, calls[index].end)
            if let last = busy.last, began <= last.upperBound {
                busy[busy.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else {
                busy.append(began..<end)
            }
        }
        var stretches: [Stretch] = []
        var (reached, nextBusy, nextCall) = (Int64.min, 0, 0)
        for use in uses.sorted(by: { ($0.began, $0.ended, $0.hourly) < ($1.began, $1.ended, $1.hourly) }) {
            // Of several in order, what this one adds to those before it.
            let end = min(use.ended.microseconds, until?.microseconds ?? .max)
            let began = max(use.began.microseconds, since?.microseconds ?? .min)
            let start = max(began, reached)
            guard start < end else { continue }
            if began > reached { stretches.append(Stretch()) }
            reached = end
            var used: Int64 = 0
            while nextBusy < busy.count, busy[nextBusy].lowerBound < end {
                used += max(0, min(busy[nextBusy].upperBound, end) - max(busy[nextBusy].lowerBound, start))
                // One that goes on behind the end is the next one's too.
                guard busy[nextBusy].upperBound <= end else { break }
                nextBusy += 1
            }
            let last = stretches.count - 1
            while nextCall < order.count, calls[order[nextCall]].began.microseconds < end {
                if calls[order[nextCall]].began.microseconds >= start { stretches[last].calls.append(order[nextCall]) }
                nextCall += 1
            }
            stretches[last].add(on: .milliseconds((end - start) / 1000), busy: .milliseconds(used / 1000), hourly: use.hourly)
        }
        self.stretches = stretches
    }

    public var on: TimeSpan { .milliseconds(stretches.reduce(0) { $0 + $1.on.milliseconds }) }
    public var busy: TimeSpan { .milliseconds(stretches.reduce(0) { $0 + $1.busy.milliseconds }) }
    public var cost: MoneySum { stretches.reduce(.zero) { $0 + $1.cost } }
    public var idleCost: MoneySum { stretches.reduce(.zero) { $0 + $1.idleCost } }

    /// The idle time of each stretch on those calls that began within it, by how long each kept the machine busy: to the last pico-dollar.
    ///
    /// - Returns: positions of calls with their shares. A stretch without a call has nobody to bear it: its cost is in none.
    public var shares: [(call: Int, share: MoneySum)] {
        stretches.flatMap { stretch -> [(call: Int, share: MoneySum)] in
            let whole = stretch.calls.reduce(Int64(0)) { $0.addingClamped(calls[$1].busy.milliseconds) }
            guard whole > 0 else {
                // All in no time: to each alike.
                return Self.divide(stretch.idleCost, stretch.calls, Int64(stretch.calls.count)) { _ in 1 }
            }
            return Self.divide(stretch.idleCost, stretch.calls, whole) { calls[$0].busy.milliseconds }
        }
    }

    private static func divide(_ amount: MoneySum, _ calls: [Int], _ whole: Int64, weight: (Int) -> Int64) -> [(call: Int, share: MoneySum)] {
        let pico = amount.clamped.picoDollars.magnitude
        var (before, given) = (Int64(0), UInt64(0))
        return calls.map { call in
            before = before.addingClamped(weight(call))
            // No more than the whole: the quotient is a number.
            let upToHere = whole.magnitude.dividingFullWidth(pico.multipliedFullWidth(by: before.magnitude)).quotient
            defer { given = upToHere }
            return (call, MoneySum(Money(picoDollars: Int64(upToHere - given))))
        }
    }
}

extension MachineAccount.Stretch {
    fileprivate mutating func add(on more: TimeSpan, busy: TimeSpan, hourly: Money) {
        on = .milliseconds(on.milliseconds + more.milliseconds)
        self.busy = .milliseconds(self.busy.milliseconds + busy.milliseconds)
        cost.add(PriceSheet.machineTime(hourly, more))
        idleCost.add(PriceSheet.machineTime(hourly, .milliseconds(more.milliseconds - busy.milliseconds)))
    }
}
