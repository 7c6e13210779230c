/// A request of a trace: what its prompt consists of.
public struct CacheRequest: Sendable, Hashable {
    /// In seconds.
    public var time: Double
    /// What a cache is for: prompts of other accounts or models share nothing with it.
    public var space: Int32
    public var pieces: [PrefixTree.Piece]
    /// All of the prompt; what is not in ``pieces`` is never cached.
    public var tokens: Int
    /// Whether each of ``pieces`` is a block of the request as it is sent: marks look back over so many of them.
    public var isInBlocks: Bool

    public init(time: Double, space: Int32, pieces: [PrefixTree.Piece], tokens: Int, isInBlocks: Bool = false) {
        self.time = time
        self.space = space
        self.pieces = pieces
        self.tokens = tokens
        self.isInBlocks = isInBlocks
    }
}
