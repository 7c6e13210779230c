import Values

/// What is held against caps before a call: the most that it can cost.
public struct Reservation: Sendable, Hashable {
    /// Whether a bound is certain or rests on experience.
    public enum Basis: String, Sendable, Hashable {
        /// Bytes, exact counts and ceilings that the server enforces.
        case proved
        /// Contains an observed overhead.
        case learned
    }

    public let amount: Money
    public let inputTokens: Int
    public let outputTokens: Int
    public let basis: Basis

    public init(amount: Money, inputTokens: Int, outputTokens: Int, basis: Basis) {
        self.amount = amount
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.basis = basis
    }

    /// The most tokens of a call, its prompt's and its answer's.
    public static func tokens(inputBound: Int, contextWindow: Int?, outputCap: Int) -> Int { min(inputBound, contextWindow ?? .max) + outputCap }

    /// - Parameters:
    ///   - inputBound: the most tokens that the prompt can have.
    ///   - contextWindow: the model's, where known: the server refuses what is longer.
    ///   - outputCap: the ceiling sent with the request, per choice.
    ///   - timeout: the longest that the call can keep a machine.
    ///   - writes: what the request can be charged for as written to a cache.
    public static func worst(
        sheet: PriceSheet, inputBound: Int, contextWindow: Int?, outputCap: Int, timeout: TimeSpan, writes: CacheWrites = .any
    ) -> Reservation {
        let input = min(inputBound, contextWindow ?? .max)
        return Reservation(
            amount: sheet.worstCost(inputTokens: input, outputTokens: outputCap, timeout: timeout, writes: writes),
            inputTokens: input, outputTokens: outputCap, basis: sheet.isMachineTime ? .proved : .learned)
    }
}
