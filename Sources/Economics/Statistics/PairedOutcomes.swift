import Foundation

/// The same cases under two choices, with an outcome of yes or no each: of a model that is asked now, and of one that might be.
///
/// Only cases on which the two differ say anything of which is better (Q. McNemar, Psychometrika 12, 1947). Whether the second is worse is tested exactly, by the binomial distribution of those
/// cases. How much better or worse it is has the score interval of T. Tango (Statistics in Medicine 17, 1998, 891–908), which holds its 95 % also in small samples and where all cases agree.
public struct PairedOutcomes: Sendable, Hashable {
    public var both: Int
    public var onlyFirst: Int
    public var onlySecond: Int
    public var neither: Int

    public init(both: Int = 0, onlyFirst: Int = 0, onlySecond: Int = 0, neither: Int = 0) {
        (self.both, self.onlyFirst, self.onlySecond, self.neither) = (both, onlyFirst, onlySecond, neither)
    }

    public mutating func add(first: Bool, second: Bool) {
        switch (first, second) {
        case (true, true): both += 1
        case (true, false): onlyFirst += 1
        case (false, true): onlySecond += 1
        case (false, false): neither += 1
        }
    }

    public var count: Int { both + onlyFirst + onlySecond + neither }

    /// What share of the cases the second has more than the first, -1 to 1; 0 of no cases.
    public var difference: Double { count == 0 ? 0 : Double(onlySecond - onlyFirst) / Double(count) }

    /// How likely cases that differ would be as uneven as these, or more, if neither choice were better: the exact test, of both sides.
    public var pValue: Double {
        let (fewer, all) = (min(onlyFirst, onlySecond), onlyFirst + onlySecond)
        guard 2 * fewer < all else { return 1 }
        // Terms of the binomial distribution, from the middle's logarithm, as 2⁻ⁿ alone is no number beyond a thousand cases.
        var (logarithm, sum) = (-Double(all) * 0.6931471805599453, 0.0)
        for k in 0...fewer {
            if k > 0 { logarithm += log(Double(all - k + 1) / Double(k)) }
            sum += exp(logarithm)
        }
        return min(1, 2 * sum)
    }

    /// The interval of ``difference``, 95 %.
    public var interval: (low: Double, high: Double) {
        guard count > 0 else { return (-1, 1) }
        return (bound(Self.z), bound(-Self.z))
    }

    /// The difference at which the score is `z`; it falls as the difference grows.
    private func bound(_ z: Double) -> Double {
        var (low, high) = (-1.0, 1.0)
        // Each halves it: to the last bit.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if score(of: middle) > z { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// How many standard errors lie between what was seen and a difference, with the errors that it would have if it were true.
    private func score(of difference: Double) -> Double {
        let (n, b, c) = (Double(count), Double(onlySecond), Double(onlyFirst))
        let (p, q) = (2 * n, -b - c + (2 * n - b + c) * difference)
        let root = max(0, q * q + 4 * p * c * difference * (1 - difference)).squareRoot()
        // The share of `onlyFirst` that is the likeliest under it.
        let share = max(0, (root - q) / (2 * p))
        let variance = n * max(0, 2 * share + difference * (1 - difference))
        let distance = b - c - n * difference
        guard variance > 0 else { return distance == 0 ? 0 : distance > 0 ? .infinity : -.infinity }
        return distance / variance.squareRoot()
    }

    // MARK: The verdict

    public enum Verdict: Sendable, Hashable {
        /// It is not worse by as much as matters.
        case nonInferior
        /// It is worse, and maybe by as much as matters.
        case worse
        /// Neither can be said. With so many cases it could, if it is no worse.
        case tooFew(needed: Int)
    }

    /// What may be said of the second.
    ///
    /// - Parameter margin: the share of cases that it may be worse by, above 0.
    public func verdict(margin: Double) -> Verdict {
        if count > 0, interval.low > -margin { return .nonInferior }
        if onlyFirst > onlySecond, pValue < 0.05 { return .worse }
        return .tooFew(needed: needed(margin: margin))
    }

    /// How many cases show that the second is not worse by a margin, four times in five, where it is no worse and the two differ as often as they did.
    ///
    /// n = (z₀.₉₇₅ + z₀.₈)²·ψ / margin², with ψ the share of cases that differ, to which half a case of each kind is added so that it is not 0. More than there are in any case.
    public func needed(margin: Double) -> Int {
        let share = (Double(onlyFirst + onlySecond) + 1) / (Double(count) + 2)
        let needed = (Self.z + Self.power) * (Self.z + Self.power) * share / (margin * margin)
        return max(count + 1, needed < 1e15 ? Int(needed.rounded(.up)) : .max)
    }

    /// Normal quantiles of 0.975 and 0.8.
    private static let (z, power) = (1.959963984540054, 0.8416212335729143)
}
