import PromptCaching
import Values

/// Where the engine gets the files that go with prompts.
public protocol AttachmentSource: Sendable {
    /// Reads a file inside the project.
    ///
    /// - Parameters:
    ///   - path: relative to the folder of `file`.
    ///   - file: the workflow that names it.
    /// - Throws: `StepFailure` of kind `attachment`: it is not there, leaves the project, or is too large.
    func read(_ path: String, besides file: String) async throws(StepFailure) -> AttachedFile
}

/// A file's content. A class: steps that use one file share it.
public final class AttachedFile: Sendable {
    /// What one file may have.
    public static let maximumBytes = 20 << 20
    /// What all attachments of one request may have.
    public static let maximumBytesOfAll = 48 << 20
    /// How many attachments one request may have.
    public static let maximumCount = 100

    public let bytes: [UInt8]
    public let hash: ContentHash

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        hash = ContentHash(of: bytes)
    }

    /// A file that is kept with its hash.
    public init(_ content: Blob) { (bytes, hash) = (content.bytes, content.hash) }

    /// What it is, by its content.
    ///
    /// - Parameter kind: what it has to stand as, if the step says so.
    /// - Throws: `StepFailure` of kind `attachment`.
    public func type(as kind: PromptAttachment.Kind?, named path: String) throws(StepFailure) -> AttachmentType {
        guard let type = AttachmentType(of: bytes) else {
            throw StepFailure(
                .attachment, bytes.isEmpty ? "\(path) is empty" : "\(path) cannot be attached: it is not \(AttachmentType.list)")
        }
        switch kind {
        case .image where !type.isImage: throw StepFailure(.attachment, "\(path) is no image but \(type.rawValue)", details: ["attach it with file:"])
        case .file where type.isImage: throw StepFailure(.attachment, "\(path) is an image (\(type.rawValue))", details: ["attach it with image:"])
        default: return type
        }
    }
}
