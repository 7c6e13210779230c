import Values

/// An image or a document that goes with a prompt. A class: segments are copied, and its bytes are many.
public final class PromptAttachment: Sendable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case image, file
    }

    /// How closely a model looks at an image; `nil` leaves it to the API.
    public enum Detail: String, Sendable, Hashable, CaseIterable {
        case low, high, auto
    }

    public let kind: Kind
    /// The last part of its path: what the model is told.
    public let name: String
    public let type: AttachmentType
    public let bytes: [UInt8]
    public let hash: ContentHash
    /// Of an image whose head can be read.
    public let size: ImageSize?
    public let detail: Detail?
    /// The most tokens that it is billed as, where the author says so.
    public let maxTokens: Int?

    public init(
        kind: Kind, name: String, type: AttachmentType, bytes: [UInt8], hash: ContentHash, size: ImageSize?, detail: Detail? = nil,
        maxTokens: Int? = nil
    ) {
        self.kind = kind
        self.name = name
        self.type = type
        self.bytes = bytes
        self.hash = hash
        self.size = size
        self.detail = detail
        self.maxTokens = maxTokens
    }
}

extension PromptAttachment: Hashable {
    public static func == (a: PromptAttachment, b: PromptAttachment) -> Bool {
        a.hash == b.hash && a.kind == b.kind && a.name.hasSameBytes(as: b.name) && a.detail == b.detail && a.maxTokens == b.maxTokens
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
