import Economics

/// What a model takes beside text. Texts go to every model: they are part of the prompt.
public struct AttachmentSupport: Sendable, Hashable {
    public var images: Bool
    /// PDF.
    public var files: Bool
    /// `nil`: what an image is billed as is not known.
    public var imageTokens: ImageTokens?

    public init(images: Bool, files: Bool, imageTokens: ImageTokens? = nil) {
        self.images = images
        self.files = files
        self.imageTokens = imageTokens
    }

    public static let none = AttachmentSupport(images: false, files: false)
}
