import Values
import WorkflowModel

/// Files to attach that exist in memory alone, by path.
public final class ScriptedFiles: AttachmentSource {
    private let files: [String: AttachedFile]
    private let asked = Mutex<[String]>([])

    public init(_ files: [String: [UInt8]]) { self.files = files.mapValues(AttachedFile.init) }

    /// What was read, in order.
    public var reads: [String] { asked.withLock { $0 } }

    public func read(_ path: String, besides file: String) async throws(StepFailure) -> AttachedFile {
        asked.withLock { $0.append(path) }
        guard let found = files[path] else { throw StepFailure(.attachment, "cannot read \(path): no such file") }
        return found
    }
}
