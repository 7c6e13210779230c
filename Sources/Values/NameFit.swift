/// How closely a name of a table fits the id of a model: an exact one before a pattern, a longer pattern before a shorter one. A name that ends in `*` stands for all ids
/// that begin like it; `#` is any digit.
public struct NameFit: Comparable, Hashable, Sendable {
    let exactness: Int
    let length: Int

    /// `nil`: it does not fit.
    public init?(name: String, model: String) {
        guard let exactness = Self.exactness(name.utf8, model.utf8) else { return nil }
        self.exactness = exactness
        length = name.utf8.count
    }

    /// 2 for the same name, 1 for one with digits for its `#`, 0 for the beginning before a `*`; `nil` for another.
    @inlinable
    public static func exactness(_ name: some Sequence<UInt8>, _ model: String.UTF8View) -> Int? {
        var own = name.makeIterator()
        var other = model.makeIterator()
        var digits = false
        while true {
            switch (own.next(), other.next()) {
            case (nil, nil): return digits ? 1 : 2
            // A star at the end of a name.
            case (UInt8(ascii: "*")?, _): return own.next() == nil ? 0 : nil
            case (UInt8(ascii: "#")?, let digit?) where digit &- 0x30 < 10: digits = true
            case (let a?, let b?) where a == b: break
            default: return nil
            }
        }
    }

    public static func < (a: NameFit, b: NameFit) -> Bool { (a.exactness, a.length) < (b.exactness, b.length) }
}
