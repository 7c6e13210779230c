import Economics
import PromptCaching
import Values
import WorkflowModel

/// Which prompts of a workflow begin alike, how often each is expected to be asked, and when: what a graph knows of the reads of a cached prefix before a token is spent.
///
/// Prompts are taken apart into the blocks that the renderer makes of them. Blocks of one identity have the same bytes wherever the things that they vary with are the same: an item of `for_each`, a pass of a loop, an answer that is judged.
/// It is pure and knows no inputs unless they are given, so that one serves all runs of a graph.
struct PrefixOutlook: Sendable {
    /// A leading piece of a prompt.
    struct Block: Sendable, Hashable {
        /// Equal numbers, equal bytes, as long as ``axes`` are at the same place.
        let identity: Int
        let role: MessageRole
        let stability: StabilityClass
        /// As ``PromptSegment/origin``; of what is attached `attachment`.
        let origin: String
        /// What it varies with, by position in ``PrefixOutlook/axes``, ascending.
        let axes: [Int]
        /// Of its text as far as it is known before the run, with what joins it to the one before, and whether that is all.
        let knownBytes: Int
        let isComplete: Bool

        /// As plans count them; `nil`: not known before the run.
        var tokens: Int? { isComplete ? TokenBound.estimate(bytes: knownBytes) : nil }
    }

    /// Something that is gone through several times.
    struct Axis: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case items, passes
            /// The tiers whose answers a check looks at, or the answers that are compared.
            case answers
        }

        let kind: Kind
        /// How often, as far as it is expected.
        let count: Double
        /// How many stand side by side.
        let width: Double
        /// Seconds from one to the next.
        let period: Double

        /// The same with another number.
        func counting(_ count: Double) -> Axis { Axis(kind: kind, count: count, width: max(1, min(width, count)), period: period) }

        /// Seconds from the beginning of the first to that of the last.
        var spread: Double { max(0, (count / width).rounded(.up) - 1) * period }
        /// The share of them that begins at once.
        var firstWave: Double { count > width ? width / count : 1 }
    }

    /// A question that the workflow may ask a model: of a step, of each tier of a gate, of its checks.
    struct Asked: Sendable {
        /// Of the step, without items and passes: `review/draft`.
        let path: String
        /// Empty for the step's own question, else the name of a check.
        let part: String
        /// The tier that is asked.
        let tier: String
        /// The tier's first model; `nil`: the workflow has no such tier.
        let model: ModelReference?
        let step: Step
        let question: ModelStep
        /// Questions of one number can share a prefix: the same model, reasoning and schema.
        let space: Int
        let blocks: [Block]
        /// What it is asked once for each of, the outermost first.
        let axes: [Int]
        /// How often in one run.
        let expected: Double
        /// Seconds from the beginning of the run to the first time, on the longest way through the graph.
        let start: Double
    }

    /// How far a question has been asked in a run.
    struct Progress: Sendable, Hashable {
        /// How often, all items and passes together.
        var begun: Int
        /// Whether it will not be asked any more: its step ended, or was skipped.
        var isOver: Bool

        init(begun: Int = 0, isOver: Bool = false) {
            self.begun = begun
            self.isOver = isOver
        }
    }

    /// Questions that begin like one, with the number of blocks that they have in common.
    struct Sharing: Sendable, Hashable {
        let asked: Int
        let blocks: Int
    }

    let axes: [Axis]
    /// In the order in which they are expected to begin.
    let asked: [Asked]
    /// By question: those that share its first block at least, in the order of ``asked``, itself among them.
    let sharing: [[Sharing]]
    private let places: TextTable<Int>

    /// More readers of a prefix decide nothing, and a step of a thousand need not look at all others.
    static let mostReaders = 64

    init(axes: [Axis], asked: [Asked]) {
        self.axes = axes
        let asked = asked.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }.map(\.element)
        self.asked = asked
        places = TextTable(asked.enumerated().map { (Self.key($1.path, $1.tier, $1.part), $0) }) { first, _ in first }
        sharing = Self.sharing(asked)
    }

    private static func key(_ path: String, _ tier: String, _ part: String) -> String { "\(path)\n\(tier)\n\(part)" }

    /// The question of a call.
    ///
    /// - Parameters:
    ///   - path: of the node, with its items and passes or without.
    ///   - tier: the one that is decided or, of a check, the one that is asked.
    ///   - part: as in ``CallSite/part``, the number of a sample included.
    /// - Returns: `nil`: the graph does not know it, as of a tier that stands in for another.
    func question(path: String, tier: String, part: String = "") -> Int? {
        let path = NodePath.step(path)
        let part = part.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(part[..<$0]) } ?? part
        // Of a check it may be the tier that it looks at.
        return places[Self.key(path, tier, part)] ?? (part.isEmpty ? nil : asked.firstIndex { $0.path.hasSameBytes(as: path) && $0.part.hasSameBytes(as: part) })
    }

    /// The blocks that the segments of a rendered prompt are, in their order; `nil`: one is none of the graph's, as what a repair adds.
    func blocks(of segments: [PromptSegment], _ question: Int) -> [Int?] {
        let blocks = asked[question].blocks
        let attached = segments.indices.filter { segments[$0].isAttached }
        let places = blocks.indices.filter { blocks[$0].origin.hasSameBytes(as: Self.attachment) }
        return segments.indices.map { position in
            let segment = segments[position]
            if segment.isAttached {
                // A list that is attached is one block of several segments, of which the last ends where it does.
                if attached.count == places.count { return places[attached.firstIndex(of: position)!] }
                return position == attached.last ? places.last : nil
            }
            if position < blocks.count, blocks[position].origin.hasSameBytes(as: segment.origin) { return position }
            return blocks.firstIndex { $0.origin.hasSameBytes(as: segment.origin) }
        }
    }

    /// As ``Block/origin`` has it.
    static let attachment = "attachment"

    private static func sharing(_ asked: [Asked]) -> [[Sharing]] {
        var heads: [[Int]: [Int]] = [:]
        // Where each stands among those of its head.
        var places = [Int](repeating: 0, count: asked.count)
        for (index, question) in asked.enumerated() where !question.blocks.isEmpty {
            let head = [question.space, question.blocks[0].identity]
            places[index] = heads[head]?.count ?? 0
            heads[head, default: []].append(index)
        }
        return asked.enumerated().map { index, question in
            guard let first = question.blocks.first, let others = heads[[question.space, first.identity]] else { return [] }
            let place = places[index]
            let behind = others[place...].prefix(mostReaders)
            let before = others[..<place].suffix(mostReaders - behind.count)
            return (before + behind).map { other in
                Sharing(asked: other, blocks: zip(question.blocks, asked[other].blocks).prefix { $0.identity == $1.identity }.count)
            }
        }
    }
}
