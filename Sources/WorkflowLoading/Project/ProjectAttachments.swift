import Dispatch
import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files of a project that steps attach to prompts. Read on threads of their own: a disk may take its time.
public final class ProjectAttachments: AttachmentSource {
    /// What a file was when it was read. While it is that, and somebody uses it, it is read once.
    private struct Identity: Hashable {
        @ByBytes var path: String
        let inode: UInt64
        let size: Int
        let changedAt: Int64
    }

    private struct Weak {
        weak var file: AttachedFile?
    }

    private let root: String
    private let held = Mutex<[Identity: Weak]>([:])

    /// - Parameter root: of the project.
    public init(root: String) { self.root = root }

    public func read(_ path: String, besides file: String) async throws(StepFailure) -> AttachedFile {
        let result = await withCheckedContinuation { (waiting: CheckedContinuation<Result<AttachedFile, StepFailure>, Never>) in
            DispatchQueue.global().async { waiting.resume(returning: Result { () throws(StepFailure) in try self.find(path, besides: file) }) }
        }
        return try result.get()
    }

    private func find(_ name: String, besides file: String) throws(StepFailure) -> AttachedFile {
        let path: String
        do throws(Diagnostics) {
            path = try SourceFiles(root: root).resolve(name, besides: file, at: SourceRange(SourceLocation(file: file, line: 1, column: 1)))
        } catch {
            throw StepFailure(.attachment, "\(error.all[0].message), and cannot be attached", details: [error.all[0].hint].compactMap { $0 })
        }
        var info = stat()
        guard stat(path, &info) == 0 else { throw StepFailure(.attachment, "cannot read \(name): \(String(cString: strerror(errno)))") }
        guard info.st_mode & S_IFMT == S_IFREG else { throw StepFailure(.attachment, "\(name) is not a file") }
        let identity = Identity(
            path: path, inode: UInt64(info.st_ino), size: Int(info.st_size), changedAt: Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec))
        if let known = held.withLock({ $0[identity]?.file }) { return known }
        let bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = try RegularFile.bytes(of: path, atMost: AttachedFile.maximumBytes)
        } catch {
            throw StepFailure(.attachment, error.message)
        }
        let read = AttachedFile(bytes)
        held.withLock { held in
            held = held.filter { $0.value.file != nil }
            held[identity] = Weak(file: read)
        }
        return read
    }
}
