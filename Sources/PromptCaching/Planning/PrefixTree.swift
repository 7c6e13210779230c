/// The prefixes of many prompts, shared parts once: a compressed tree whose edges are runs of blocks.
///
/// It grows with the prompts until whoever has it forgets some: ``keep(where:)``.
///
/// Blocks are named so that equal names stand for equal prefixes: the name of a block tells everything before it, too. Then the first name of a run finds it, and no node needs a list of its children.
public struct PrefixTree: Sendable {
    /// A part of a prompt: blocks with consecutive names and equal length, or one block.
    public struct Piece: Sendable, Hashable {
        public var name: UInt64
        public var blocks: Int
        /// Of each.
        public var tokens: Int

        public init(name: UInt64, blocks: Int, tokens: Int) {
            self.name = name
            self.blocks = blocks
            self.tokens = tokens
        }
    }

    /// A run of blocks that all prompts pass as a whole, or end behind.
    public struct Node: Sendable {
        public fileprivate(set) var name: UInt64
        public fileprivate(set) var blocks: Int32
        public fileprivate(set) var blockTokens: Int32
        /// From the beginning of the prompt to the end of this run.
        public fileprivate(set) var depth: Int
        fileprivate var space: Int32
        /// Whether a prompt went on behind its end: another way than the one before, or on from where one had ended.
        public fileprivate(set) var isFork = false
        /// How many ways go on behind its end.
        public fileprivate(set) var children: Int32 = 0

        public var tokens: Int { Int(blocks) * Int(blockTokens) }
    }

    /// What a prompt met.
    public struct Path: Sendable {
        /// Its nodes from the beginning to its end.
        public fileprivate(set) var nodes: [Int] = []
        /// How many of them an earlier prompt had, too.
        public fileprivate(set) var known = 0
        /// Nodes that were cut in two on the way, each with the new one that has its end: whoever keeps something of nodes copies it.
        public fileprivate(set) var splits: [(first: Int, second: Int)] = []
    }

    private struct Key: Hashable {
        let space: Int32
        let name: UInt64
    }

    public private(set) var nodes: [Node] = []
    private var places: [Key: Int32] = [:]

    public init() {}

    public subscript(_ node: Int) -> Node { nodes[node] }

    /// Takes a prompt in.
    ///
    /// - Parameter space: prompts of other spaces share nothing with it.
    public mutating func insert(_ pieces: [Piece], space: Int32) -> Path {
        var path = Path()
        var parent: Int32 = -1
        var depth = 0
        var isKnown = true
        for piece in pieces {
            var (name, left) = (piece.name, piece.blocks)
            while left > 0 {
                let key = Key(space: space, name: name)
                if let place = places[key] {
                    let node = Int(place)
                    if Int(nodes[node].blocks) > left { path.splits.append((node, split(node, at: left))) }
                    path.nodes.append(node)
                    if isKnown { path.known += 1 }
                    (left, name, parent) = (left - Int(nodes[node].blocks), name &+ UInt64(nodes[node].blocks), place)
                    depth = nodes[node].depth
                } else {
                    depth += left * piece.tokens
                    let node = Int32(nodes.count)
                    if isKnown, parent >= 0 { nodes[Int(parent)].isFork = true }
                    if parent >= 0 { nodes[Int(parent)].children += 1 }
                    isKnown = false
                    nodes.append(Node(name: name, blocks: Int32(left), blockTokens: Int32(piece.tokens), depth: depth, space: space))
                    places[key] = node
                    path.nodes.append(Int(node))
                    (left, parent) = (0, node)
                }
            }
        }
        return path
    }

    /// Forgets runs of blocks. Whoever forgets one forgets what goes on behind it, which no prompt passed later than itself.
    ///
    /// - Parameter isKept: asked with the position of each node, in order.
    /// - Returns: by the position of a node the one that it has now; -1 of those that are gone.
    public mutating func keep(where isKept: (Int) -> Bool) -> [Int32] {
        var moves = [Int32](repeating: -1, count: nodes.count)
        var count = 0
        for node in nodes.indices {
            let key = Key(space: nodes[node].space, name: nodes[node].name)
            guard isKept(node) else {
                places[key] = nil
                continue
            }
            if node != count {
                nodes[count] = nodes[node]
                places[key] = Int32(count)
            }
            moves[node] = Int32(count)
            count += 1
        }
        nodes.removeLast(nodes.count - count)
        return moves
    }

    /// Cuts a run behind so many blocks.
    ///
    /// - Returns: the new node, which has the rest and the old end.
    private mutating func split(_ node: Int, at blocks: Int) -> Int {
        let old = nodes[node]
        let rest = Int(old.blocks) - blocks
        let new = Node(
            name: old.name &+ UInt64(blocks), blocks: Int32(rest), blockTokens: old.blockTokens, depth: old.depth, space: old.space, isFork: old.isFork, children: old.children)
        nodes[node].blocks = Int32(blocks)
        nodes[node].depth = old.depth - rest * Int(old.blockTokens)
        nodes[node].isFork = false
        nodes[node].children = 1
        places[Key(space: new.space, name: new.name)] = Int32(nodes.count)
        nodes.append(new)
        return nodes.count - 1
    }
}
