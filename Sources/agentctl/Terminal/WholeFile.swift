import Glibc
import Values

/// A file that is replaced in one step, so that it is whole at any moment.
enum WholeFile {
    /// Its mode stays; where there was none, it is an ordinary file.
    ///
    /// - Throws: `UsageError` when it cannot be written.
    static func replace(_ path: String, with text: String) throws {
        func failure(_ what: String) -> UsageError { UsageError("cannot write \(path): \(what): \(String(cString: strerror(errno)))") }
        var target = path
        var info = stat()
        var mode: mode_t?
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            target = String(cString: resolved)
            guard stat(target, &info) == 0 else { throw failure("stat") }
            mode = info.st_mode & 0o7777
        } else if errno != ENOENT {
            throw failure("realpath")
        }
        let temporary = "\(target).agentctl-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o666)
        guard descriptor >= 0 else { throw failure("open") }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { unlink(temporary) }
                close(descriptor)
                throw failure("write")
            }
            bytes = bytes.dropFirst(count)
        }
        if let mode { fchmod(descriptor, mode) }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, target) == 0 else {
            defer { unlink(temporary) }
            throw failure("rename")
        }
    }
}
