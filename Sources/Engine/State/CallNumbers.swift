/// The numbers of a run's calls: which are taken, and which comes next.
///
/// A number is given when a call is prepared and recorded when it is begun; those of calls that were refused are in no record.
struct CallNumbers {
    private var last = 0
    /// The recorded ones, by 64: bit n % 64 of word n / 64.
    private var words: [Int: UInt64] = [:]

    /// No count of a record comes near it.
    static let most = 1 << 53
    /// Calls that may be prepared and not begun between two that are.
    private static let mostBetween = 1 << 32

    mutating func next() -> Int {
        last += 1
        return last
    }

    /// - Returns: whether no other call has it.
    mutating func record(_ number: Int) -> Bool {
        guard number > 0, number - last <= Self.mostBetween else { return false }
        let (word, bit) = number.quotientAndRemainder(dividingBy: 64)
        let mask = UInt64(1) << UInt64(bit)
        let before = words[word, default: 0]
        guard before & mask == 0 else { return false }
        words[word] = before | mask
        last = max(last, number)
        return true
    }
}
