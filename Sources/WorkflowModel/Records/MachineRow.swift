import Economics
import Values

/// This process has a machine on that is paid by the hour: from when it was started for it, or was asked to stay for it, until it lets go of it.
public struct MachineUse: Sendable, Hashable {
    public let provider: String
    /// As the project file names it.
    public let model: String
    /// When the process first wanted it; its loading is a part of the time.
    public let began: Timestamp
    /// What an hour of it cost then; it holds for all of this use.
    public let hourly: Money
    /// The id of the row that says so, and its text: it is kept with the use.
    public let priceRow: String
    public let priceText: String

    public init(provider: String, model: String, began: Timestamp, hourly: Money, priceRow: String, priceText: String) {
        self.provider = provider
        self.model = model
        self.began = began
        self.hourly = hourly
        self.priceRow = priceRow
        self.priceText = priceText
    }
}

/// What a machine came to in a period: the time that calls kept it busy, and the time that it was on and idle.
public struct MachineRow: Sendable, Hashable {
    public var provider: String
    public var model: String
    /// How long it was on for us, however many processes had it on.
    public var on: TimeSpan
    /// How long at least one call kept it busy.
    public var busy: TimeSpan
    /// Of all the time that it was on: what is paid for it.
    public var cost: MoneySum
    /// Of the time in which no call kept it busy.
    public var idleCost: MoneySum
    /// The part of ``idleCost`` of times in which no call came at all.
    public var unshared: MoneySum
    /// What calls within that time were charged, each for all of its own time: together more than ``cost`` where many ran at once.
    public var charged: MoneySum
    /// Those that began within that time.
    public var calls: Int
    /// Input and output of those calls.
    public var tokens: Int

    public init(
        provider: String, model: String, on: TimeSpan, busy: TimeSpan, cost: MoneySum, idleCost: MoneySum, unshared: MoneySum, charged: MoneySum, calls: Int, tokens: Int
    ) {
        self.provider = provider
        self.model = model
        self.on = on
        self.busy = busy
        self.cost = cost
        self.idleCost = idleCost
        self.unshared = unshared
        self.charged = charged
        self.calls = calls
        self.tokens = tokens
    }

    /// The part of the time on in which it was busy, 0 to 1; `nil` where it was on for no time.
    public var utilisation: Double? { on.milliseconds > 0 ? Double(busy.milliseconds) / Double(on.milliseconds) : nil }

    /// What a million tokens came to with idle time in them; `nil` where there was none.
    public var costPerMillionTokens: Money? {
        guard tokens > 0 else { return nil }
        let product = cost.clamped.picoDollars.magnitude.multipliedFullWidth(by: 1_000_000)
        guard product.high < UInt64(tokens) else { return .max }
        return Money(picoDollars: Int64(clamping: UInt64(tokens).dividingFullWidth(product).quotient))
    }
}

/// What calls bear of the idle time of machines.
public struct IdleShare: Sendable, Hashable {
    /// The values of the dimensions, as in ``AuditRow/keys``.
    public var keys: [String]
    /// What of it falls on them, to the last pico-dollar.
    public var amount: MoneySum

    public init(keys: [String], amount: MoneySum) {
        self.keys = keys
        self.amount = amount
    }
}
