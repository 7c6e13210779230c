import Values

/// What a token of a prompt costs, by what a cache had to do with it.
public struct PromptPrices: Sendable, Hashable {
    /// Neither read nor written.
    public let plain: Money
    /// `nil`: the price list has none of its own, so that nobody knows what a cache saves.
    public let read: Money?
    public let write: Money?
    /// For the longer lifetime.
    public let writeLong: Money?

    public init(plain: Money, read: Money?, write: Money?, writeLong: Money?) {
        self.plain = plain
        self.read = read
        self.write = write
        self.writeLong = writeLong
    }

    /// The prices that a call went by.
    ///
    /// Classes of which it had no token are no part of its rows; theirs are found in the same list.
    ///
    /// - Parameters:
    ///   - ids: of the rows that it was charged by.
    ///   - promptTokens: all of its prompt, by which the context tier is chosen.
    /// - Returns: `nil` where a row is not kept, where several models were charged for, and where nothing is charged by the token of a prompt.
    public init?(chargedBy ids: [String], in book: PriceRowBook, promptTokens: Int, at moment: Timestamp) {
        let charged = ids.compactMap { book[$0] }
        let tokens = charged.filter(\.unit.isToken)
        guard charged.count == ids.count, let any = tokens.first else { return nil }
        guard tokens.allSatisfy({ $0.provider.hasSameBytes(as: any.provider) && $0.model.hasSameBytes(as: any.model) }) else { return nil }
        guard Set(tokens.map(\.unit)).count == tokens.count else { return nil }
        func price(_ unit: PriceUnit) -> Money? {
            (tokens.first { $0.unit == unit } ?? book.row(unit, beside: any, promptTokens: promptTokens, at: moment))?.price
        }
        guard let plain = price(.input) else { return nil }
        self.init(plain: plain, read: price(.cacheRead), write: price(.cacheWrite), writeLong: price(.cacheWriteLong))
    }

    /// What a prompt would have cost without a cache, and what it did.
    ///
    /// - Parameters:
    ///   - input: all of its tokens.
    ///   - written: for the usual lifetime.
    /// - Returns: `nil` where it has tokens of a class without a price.
    public func cost(input: Int, read: Int, written: Int, writtenLong: Int) -> (uncached: MoneySum, actual: MoneySum)? {
        let rest = input - read - written - writtenLong
        guard rest >= 0, read >= 0, written >= 0, writtenLong >= 0 else { return nil }
        var actual = MoneySum(plain, times: Int64(rest))
        for (price, count) in [(self.read, read), (write, written), (writeLong, writtenLong)] where count > 0 {
            guard let price else { return nil }
            actual = actual + MoneySum(price, times: Int64(count))
        }
        return (MoneySum(plain, times: Int64(input)), actual)
    }
}
