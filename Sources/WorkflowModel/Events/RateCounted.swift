import Values

/// What is counted before a gate asks its second tier, in the transaction of that tier's first reservation.
public struct RateCheck: Sendable, Hashable {
    /// The path of the node.
    public let path: String
    /// The tier that was asked first.
    public let from: String
    /// The one that is to be asked.
    public let tier: String
    /// Of the executions that count together; see ``EscalationRate/key(workflow:step:gate:)``.
    public let key: ContentHash
    public let rate: EscalationRate

    public init(path: String, from: String, tier: String, key: ContentHash, rate: EscalationRate) {
        self.path = path
        self.from = from
        self.tier = tier
        self.key = key
        self.rate = rate
    }

    /// From when on executions count.
    public func since(_ moment: Timestamp) -> Timestamp { moment.adding(.milliseconds(-rate.window.milliseconds)) }

    /// - Parameters:
    ///   - answered: executions in the window whose first tier's answer was decided, this one with them.
    ///   - escalated: those of them that asked a second tier.
    public func counted(answered: Int, escalated: Int) -> RateCounted {
        RateCounted(path: path, from: from, tier: tier, rate: rate, answered: answered, escalated: escalated)
    }
}

extension EscalationRate {
    /// So many executions there have to be in the window before their share says anything.
    public static let leastExecutions = 20

    /// Of the executions that count together: those of one step, as long as its gate says the same.
    ///
    /// - Parameter step: its path without items and passes.
    public static func key(workflow: String, step: String, gate: ContentHash) -> ContentHash {
        var bytes = Array(workflow.utf8)
        bytes.append(0)
        bytes += step.utf8
        return ContentHash(chaining: gate, bytes)
    }

    /// Whether one more escalation would bring the share above the limit.
    func isPassed(answered: Int, escalated: Int) -> Bool {
        answered >= Self.leastExecutions && Int128(escalated + 1) * Int128(Share.whole) > Int128(limit.millionths) * Int128(answered)
    }
}

/// How many executions of a gate went on to a further tier in the time before this one would, and whether it may. Once recorded it is not
/// counted again.
public final class RateCounted: Sendable {
    /// The path of the node.
    public let path: String
    /// The tier that was asked first.
    public let from: String
    /// The one that is asked next, unless the rate is passed.
    public let tier: String
    public let rate: EscalationRate
    /// Executions in the window whose first tier's answer was decided, this one with them.
    public let answered: Int
    /// Those of them that asked a second tier before.
    public let escalated: Int

    public init(path: String, from: String, tier: String, rate: EscalationRate, answered: Int, escalated: Int) {
        self.path = path
        self.from = from
        self.tier = tier
        self.rate = rate
        self.answered = answered
        self.escalated = escalated
    }

    /// Whether the tier is not asked.
    public var isTripped: Bool { rate.isPassed(answered: answered, escalated: escalated) }

    /// `7 of 20 executions in 1h 00m went on to a further tier, and max_rate is 30%`.
    public var sentence: String { "\(escalated) of \(answered) executions in \(rate.window) went on to a further tier, and max_rate is \(rate.limit)" }
}

extension RateCounted: Hashable {
    private var fields: [AnyHashable] { [path, from, tier, rate, answered, escalated] }

    public static func == (a: RateCounted, b: RateCounted) -> Bool { a.fields == b.fields }
    public func hash(into hasher: inout Hasher) { hasher.combine(path) }
}
