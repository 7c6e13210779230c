import Values

/// An entry of a price list: all rows of one model from one date, which stand for themselves.
struct PriceList: Sendable {
    /// The model's own name first, then others that the vendor serves as the same. One that ends in `*` covers every id that
    /// begins so; `#` is any digit.
    let names: [String]
    var rows: [PriceRow]
    var regions: [PriceRegion] = []
    /// The most tokens of a prompt, where known.
    var contextWindow: Int?
    /// What images are billed as, where the vendor documents it.
    var imageTokens: ImageTokens?

    /// How closely it fits a model; `nil`: not at all.
    func fit(_ model: String) -> Fit? { names.lazy.compactMap { Fit(name: $0, model: model) }.max() }

    /// How closely a name fits: an exact one before a pattern, a longer pattern before a shorter one.
    struct Fit: Comparable, Hashable {
        let exactness: Int
        let length: Int

        init?(name: String, model: String) {
            guard let exactness = Self.exactness(name.utf8, model.utf8) else { return nil }
            self.exactness = exactness
            length = name.utf8.count
        }

        /// 2 for the same name, 1 for one with digits for its `#`, 0 for the beginning before a `*`; `nil` for another.
        static func exactness(_ name: some Sequence<UInt8>, _ model: String.UTF8View) -> Int? {
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

        static func < (a: Fit, b: Fit) -> Bool { (a.exactness, a.length) < (b.exactness, b.length) }
    }
}
