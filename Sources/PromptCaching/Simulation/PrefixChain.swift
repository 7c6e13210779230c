import Values

/// Names each piece of a prompt by all that comes before it, too, so that equal names stand for equal prefixes.
public struct PrefixChain: Sendable {
    public private(set) var pieces: [PrefixTree.Piece] = []
    private var hash: ContentHash?

    public init() {}

    /// By the first eight bytes of the chained hash: names of consecutive pieces are no neighbours, which would be one run.
    public mutating func add(_ text: String, tokens: Int) {
        let next = ContentHash(chaining: hash, Array(text.utf8))
        hash = next
        pieces.append(.init(name: next.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }, blocks: 1, tokens: tokens))
    }

    public var tokens: Int { pieces.reduce(0) { $0.addingClamped($1.tokens) } }
}
