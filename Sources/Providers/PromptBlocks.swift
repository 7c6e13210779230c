import PromptCaching
import Values

/// The messages of a prompt as blocks, each of which ends where a segment ends: there a mark of a cache can stand.
///
/// A prefix has the same blocks in every request that has it, marked or not, as a cache compares blocks. What they come to is the text of ``PromptMessage``: what stands between two segments is at the beginning
/// of the second. A segment of blanks alone is no block, which APIs refuse: it is at the beginning of the next one, or at the end of the last of its message.
struct PromptBlocks {
    struct Block {
        var text: String
        var attachment: PromptAttachment?
        /// The segment at whose end it ends.
        let segment: Int

        /// What is blank takes no mark.
        var isMarkable: Bool { attachment != nil || !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) }
    }

    struct Message {
        let role: MessageRole
        var blocks: [Block] = []
        /// Blanks that wait for a block.
        fileprivate var waiting = ""
        /// Whether what came last is text, which the next one is joined to.
        fileprivate var endsInText = false

        /// All of its text, for a content that has no parts.
        var text: String { blocks.count == 1 ? blocks[0].text : blocks.reduce(into: "") { $0 += $1.text } }

        fileprivate init(_ role: MessageRole) { self.role = role }

        fileprivate mutating func add(_ segment: PromptSegment, at index: Int, isJoined: Bool) {
            if let attachment = segment.attachment {
                if let last = blocks.indices.last, blocks[last].attachment == nil {
                    blocks[last].text += waiting
                    waiting = ""
                }
                blocks.append(Block(text: "", attachment: attachment, segment: index))
                endsInText = false
                return
            }
            if isJoined, endsInText { waiting += PromptSegment.joiner }
            endsInText = true
            guard !segment.text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
                waiting += segment.text
                return
            }
            blocks.append(Block(text: waiting.isEmpty ? segment.text : waiting + segment.text, segment: index))
            waiting = ""
        }

        /// Blanks at the end go with the text before them. Where there is none they stand alone; beside attachments alone they say nothing, and would be refused.
        fileprivate mutating func finish(at index: Int) {
            guard !waiting.isEmpty else { return }
            if let last = blocks.lastIndex(where: { $0.attachment == nil }) {
                blocks[last].text += waiting
            } else if blocks.isEmpty {
                blocks.append(Block(text: waiting, segment: index))
            }
            waiting = ""
        }
    }

    /// Where marks can stand in some blocks, with the bytes of the prompt up to there.
    ///
    /// - Parameter bytes: of what stands before them; of what stands up to their end, afterwards.
    static func places(in blocks: [Block], after bytes: inout Int) -> [(segment: Int, bytes: Int)] {
        var places: [(segment: Int, bytes: Int)] = []
        places.reserveCapacity(blocks.count)
        for block in blocks {
            bytes += block.text.utf8.count + (block.attachment?.bytes.count ?? 0)
            if block.isMarkable { places.append((block.segment, bytes)) }
        }
        return places
    }

    /// One message for all that the system says, wherever it stands.
    static func system(of segments: [PromptSegment]) -> [Block] {
        var message = Message(.system)
        for (index, segment) in segments.enumerated() where segment.role == .system && !segment.text.isEmpty { message.add(segment, at: index, isJoined: true) }
        message.finish(at: segments.count - 1)
        return message.blocks
    }

    /// Messages as ``PromptMessage/messages(of:)`` makes them.
    static func messages(of segments: [PromptSegment]) -> [Message] {
        var messages: [Message] = []
        for (index, segment) in segments.enumerated() {
            let isNew = messages.last?.role != segment.role || segment.startsMessage
            if isNew {
                if !messages.isEmpty { messages[messages.count - 1].finish(at: index - 1) }
                messages.append(Message(segment.role))
            }
            messages[messages.count - 1].add(segment, at: index, isJoined: !isNew)
        }
        if !messages.isEmpty { messages[messages.count - 1].finish(at: segments.count - 1) }
        return messages
    }

    /// What the user and the model say in turn, without the system: neighbours of one role are one message.
    static func turns(of segments: [PromptSegment]) -> [Message] {
        var turns: [Message] = []
        for (index, segment) in segments.enumerated() where segment.role != .system {
            let isTurn = turns.last?.role != segment.role
            if isTurn {
                if !turns.isEmpty { turns[turns.count - 1].finish(at: index - 1) }
                turns.append(Message(segment.role))
            }
            // A message of its own, though not on the wire, is joined to nothing.
            if segment.startsMessage { turns[turns.count - 1].endsInText = false }
            turns[turns.count - 1].add(segment, at: index, isJoined: true)
        }
        if !turns.isEmpty { turns[turns.count - 1].finish(at: segments.count - 1) }
        return turns
    }
}
