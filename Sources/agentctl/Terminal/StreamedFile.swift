import Glibc
import Values

/// A file that is written piece by piece and stands at its place when all of it is written: until then, and where that fails, what was
/// there stays.
final class StreamedFile {
    private let path: String
    /// Where the pieces go, and where the whole goes; `nil`: right to its place, which is a pipe or a device.
    private let move: (from: String, to: String)?
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isFinished = false

    private static let full = 1 << 18

    /// A new file is for its owner alone; one that is there keeps its mode.
    ///
    /// - Throws: `UsageError` when it cannot be written.
    init(_ path: String) throws {
        self.path = path
        func failure(_ what: String) -> UsageError { UsageError("cannot write \(path): \(what): \(String(cString: strerror(errno)))") }
        var (target, mode) = (path, mode_t(0o600))
        var info = stat()
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            target = String(cString: resolved)
            guard stat(target, &info) == 0 else { throw failure("stat") }
            if info.st_mode & S_IFMT == S_IFDIR { throw UsageError("\(path) is a folder, not a file", hint: "name a file in it") }
            mode = info.st_mode & 0o7777
            if info.st_mode & S_IFMT != S_IFREG {
                move = nil
                descriptor = open(target, O_WRONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw failure("open") }
                return
            }
        } else if errno != ENOENT {
            throw failure("realpath")
        }
        let temporary = "\(target).agentctl-\(getpid())"
        move = (temporary, target)
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        fchmod(descriptor, mode)
    }

    func write(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.full { try empty() }
    }

    private func empty() throws {
        var offset = 0
        while offset < buffer.count {
            let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, buffer.count - offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
            offset += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// All of it is written.
    func finish() throws {
        try empty()
        guard let move else { return }
        guard fsync(descriptor) == 0, rename(move.from, move.to) == 0 else { throw UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        isFinished = true
    }

    deinit {
        close(descriptor)
        if let move, !isFinished { unlink(move.from) }
    }
}
