import Values

/// How long a piece of a prompt stays the same, the longest-lived first.
///
/// A prompt is laid out well when classes never decrease from its start to its end: what is shared by more requests
/// stands before what is shared by fewer.
public enum StabilityClass: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// The same for every run of the workflow: rules, schemas, tool lists.
    case workflow = 0
    /// The same for a tenant or a day.
    case tenant = 1
    /// The same for every step of one run: the input document.
    case execution = 2
    /// Belongs to one step: upstream outputs and its own instruction.
    case step = 3
    /// Belongs to one attempt: repair feedback, sample index.
    case attempt = 4

    public static func < (a: StabilityClass, b: StabilityClass) -> Bool { a.rawValue < b.rawValue }

    /// `workflow`, `tenant`, …
    public var name: String {
        switch self {
        case .workflow: return "workflow"
        case .tenant: return "tenant"
        case .execution: return "execution"
        case .step: return "step"
        case .attempt: return "attempt"
        }
    }
}

/// Who speaks in a message.
public enum MessageRole: String, Sendable, Hashable {
    case system, user, assistant
}

/// A piece of a prompt whose bytes live and change together.
public struct PromptSegment: Sendable, Hashable {
    public let role: MessageRole
    public let stability: StabilityClass
    /// What the author wrote, rendered; never altered on its way to the wire.
    public let text: String
    /// Names the bytes; equal text in two processes has an equal hash.
    public let hash: ContentHash
    /// Whether this segment opens a message of its own. Otherwise it continues the message before it.
    public private(set) var startsMessage: Bool
    /// Where it came from, for people: `system`, `prefix policy`, `prompt`, `messages[1]`, `repair`.
    public let origin: String
    /// Whether it is a file that goes with the prompt, as a text or as what it is.
    public let isAttached: Bool
    /// In place of a text.
    public let attachment: PromptAttachment?

    public init(
        role: MessageRole, stability: StabilityClass, text: String, hash: ContentHash? = nil, startsMessage: Bool, origin: String, isAttached: Bool = false
    ) {
        self.isAttached = isAttached
        attachment = nil
        self.role = role
        self.stability = stability
        self.text = text
        self.hash = hash ?? ContentHash(of: text)
        self.startsMessage = startsMessage
        self.origin = origin
    }

    /// A part of a user's message that is no text.
    public init(_ attachment: PromptAttachment, stability: StabilityClass, startsMessage: Bool, origin: String) {
        isAttached = true
        role = .user
        self.stability = stability
        text = ""
        hash = attachment.hash
        self.startsMessage = startsMessage
        self.origin = origin
        self.attachment = attachment
    }

    /// The same piece in another place.
    public func startingMessage(_ starts: Bool) -> PromptSegment {
        var segment = self
        segment.startsMessage = starts
        return segment
    }

    /// What stands between two segments of one message. It is the same everywhere, so that a shared prefix stays
    /// byte-equal whatever follows it.
    public static let joiner = "\n\n"
}

/// The messages that a list of segments makes.
public struct PromptMessage: Sendable, Hashable {
    /// A message with attachments is a list of these.
    public enum Part: Sendable, Hashable {
        case text(String)
        case attachment(PromptAttachment)
    }

    public let role: MessageRole
    /// All of its text.
    public let text: String
    /// In their order; empty for a message that is text alone.
    public private(set) var parts: [Part] = []

    init(role: MessageRole, text: String) {
        self.role = role
        self.text = text
    }

    private init(role: MessageRole, parts: [Part]) {
        self.role = role
        self.parts = parts
        text = parts.compactMap { part in if case .text(let text) = part { text } else { nil } }.joined(separator: PromptSegment.joiner)
    }

    /// Joins segments to messages in their order.
    public static func messages(of segments: [PromptSegment]) -> [PromptMessage] {
        if segments.contains(where: { $0.attachment != nil }) { return messages(ofParts: segments) }
        var messages: [PromptMessage] = []
        var role = MessageRole.user
        var text = ""
        var isOpen = false
        for segment in segments {
            if isOpen, !segment.startsMessage, segment.role == role {
                text += PromptSegment.joiner
                text += segment.text
            } else {
                if isOpen { messages.append(PromptMessage(role: role, text: text)) }
                role = segment.role
                text = segment.text
                isOpen = true
            }
        }
        if isOpen { messages.append(PromptMessage(role: role, text: text)) }
        return messages
    }

    private static func messages(ofParts segments: [PromptSegment]) -> [PromptMessage] {
        var groups: [(role: MessageRole, parts: [Part])] = []
        for segment in segments {
            if groups.last?.role != segment.role || segment.startsMessage { groups.append((segment.role, [])) }
            let last = groups.count - 1
            if let attachment = segment.attachment {
                groups[last].parts.append(.attachment(attachment))
            } else if case .text(let text)? = groups[last].parts.last {
                groups[last].parts[groups[last].parts.count - 1] = .text(text + PromptSegment.joiner + segment.text)
            } else {
                groups[last].parts.append(.text(segment.text))
            }
        }
        return groups.map { group in
            if group.parts.count == 1, case .text(let text) = group.parts[0] { return PromptMessage(role: group.role, text: text) }
            return PromptMessage(role: group.role, parts: group.parts)
        }
    }
}
