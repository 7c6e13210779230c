import Economics
import PromptCaching
import Values
import WorkflowModel

/// How prefixes are named: by a chain of hashes over what stands before them.
enum PrefixNames {
    /// What requests must have in common for a prefix of one to be found by another.
    struct Space {
        let hash: ContentHash
        var number: UInt64 { hash.leadingBytes }
    }

    /// The entry and the model as it is named on the wire, and the settings that stand before a prompt: how it reasons, and a schema.
    static func space(of question: Question) -> Space {
        var bytes = Array("\(question.model.reference.provider)\n\(question.model.servedID)\n\(question.sampling.reasoning ?? "")\n".utf8)
        if let schema = question.schema { bytes += ContentHash(of: schema.source.jsonText).hex.utf8 }
        return Space(hash: ContentHash(chaining: nil, bytes))
    }

    /// The ends of all segments, with their tokens by the estimate.
    ///
    /// - Parameter reads: by segment and lifetime of the rules, what is known of later requests.
    static func ends(
        of segments: [PromptSegment], in space: Space, _ support: AttachmentSupport, reads: [[Int]]
    ) -> [CachePlan.End] {
        var hash = space.hash
        var bytes = 0
        var ends: [CachePlan.End] = []
        ends.reserveCapacity(segments.count)
        for (position, segment) in segments.enumerated() {
            hash = hash.chained(to: segment.hash, tag: tag(segment))
            if let attachment = segment.attachment { hash = hash.chained(to: ContentHash(of: words(of: attachment)), tag: 0) }
            // What stands between two segments is the second one's.
            if !segment.startsMessage { bytes += PromptSegment.joiner.utf8.count }
            bytes += segment.text.utf8.count + (segment.attachment.flatMap { RequestBound.tokens($0, support) } ?? 0) * 4
            ends.append(
                CachePlan.End(
                    segment: position, name: hash.leadingBytes, tokens: min(TokenBound.estimate(bytes: bytes), CachePlan.mostTokens), stability: segment.stability,
                    reads: reads.indices.contains(position) ? reads[position] : []))
        }
        return ends
    }

    /// What requests say of it beside its bytes, and caches compare: an image's detail, a file's name.
    private static func words(of attachment: PromptAttachment) -> String {
        "\(attachment.type.rawValue)\n\(attachment.detail?.rawValue ?? "")\n\(attachment.kind == .file ? attachment.name : "")"
    }

    private static func tag(_ segment: PromptSegment) -> UInt8 {
        let role: UInt8 =
            switch segment.role {
            case .system: 0
            case .user: 2
            case .assistant: 4
            }
        return role + (segment.startsMessage ? 1 : 0)
    }
}
