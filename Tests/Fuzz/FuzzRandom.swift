/// SplitMix64: a few lines, and the same numbers on every machine.
struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    /// Each input has numbers of its own, so that one can be made again without those before it.
    init(seed: UInt64, input: Int) {
        state = seed
        state = next() ^ UInt64(truncatingIfNeeded: input)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// From 0 up to, and without, the bound.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    mutating func chance(oneIn count: Int) -> Bool { below(count) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
