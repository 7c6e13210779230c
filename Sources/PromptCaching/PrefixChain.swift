import Values

/// The hash chain over a prompt's segments: link j names everything up to and including segment j, so two prompts
/// share a prefix exactly as far as their links are equal.
public struct PrefixChain: Sendable, Hashable {
    public let links: [ContentHash]

    public init(_ segments: [PromptSegment]) {
        var links: [ContentHash] = []
        links.reserveCapacity(segments.count)
        for segment in segments {
            links.append(ContentHash(chaining: links.last, segment.hash.bytes + [segment.startsMessage ? 1 : 0] + Array(segment.role.rawValue.utf8)))
        }
        self.links = links
    }

    /// How many leading segments two prompts share.
    public func sharedSegments(with other: PrefixChain) -> Int {
        zip(links, other.links).prefix { $0 == $1 }.count
    }
}
