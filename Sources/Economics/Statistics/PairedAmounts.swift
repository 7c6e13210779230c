/// How much more the same cases came to under a second choice than under the first, in whole units: pico-dollars, milliseconds.
///
/// The mean of the differences has an interval of 95 % by the bootstrap: cases are drawn from those that there are, as many and with replacement, again and again; the interval holds the middle 95 % of the means (B. Efron,
/// R. Tibshirani, An Introduction to the Bootstrap, 1993, 13). No shape is assumed, as costs have long tails. The draws come from a fixed seed, so that the same cases always give the same interval.
public struct PairedAmounts: Sendable, Hashable {
    public let differences: [Int64]

    /// - Parameter differences: of the second less the first, by case.
    public init(differences: [Int64]) { self.differences = differences }

    public var count: Int { differences.count }

    /// Of all cases together.
    public var sum: Int128 { differences.reduce(0) { $0 + Int128($1) } }

    /// Rounded to the nearest unit; 0 of no cases.
    public var mean: Int64 { count == 0 ? 0 : Self.mean(sum, count) }

    /// Drawn at most, and at least, so that many cases do not take minutes.
    private static let (mostSamples, leastSamples, mostDraws) = (10_000, 1_000, 50_000_000)

    /// The interval of ``mean``, 95 %; `nil`: there are fewer than two cases, of which nothing can be said.
    public var interval: (low: Int64, high: Int64)? {
        guard count >= 2 else { return nil }
        let samples = max(Self.leastSamples, min(Self.mostSamples, Self.mostDraws / count))
        var generator = SplitMix64(seed: 0x6167_656e_7463_746c)
        var sums: [Int128] = []
        sums.reserveCapacity(samples)
        for _ in 0..<samples {
            var sum = Int128(0)
            for _ in 0..<count { sum += Int128(differences[Int(generator.next(upperBound: UInt64(count)))]) }
            sums.append(sum)
        }
        sums.sort()
        // As many are left out on each side.
        let out = samples / 40
        return (Self.mean(sums[out], count), Self.mean(sums[samples - 1 - out], count))
    }

    private static func mean(_ sum: Int128, _ count: Int) -> Int64 {
        let (quotient, rest) = sum.quotientAndRemainder(dividingBy: Int128(count))
        let rounded = quotient + (rest.magnitude * 2 >= Int128(count).magnitude ? rest.signum() : 0)
        return Int64(clamping: rounded)
    }
}

/// Numbers that look random and are the same each time: S. Vigna's SplitMix64, from G. Steele et al., OOPSLA 2014.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
