import Glibc
import Values

/// A file of results that holds what models were asked: for its owner alone, also where it was there before, and without secrets.
final class PrivateFile {
    private let path: String
    private let file: UnsafeMutablePointer<FILE>
    /// Why it does not hold all that was written to it.
    private(set) var failure: UsageError?

    /// Empties or creates it.
    ///
    /// - Throws: `UsageError` when it cannot be written.
    init(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { throw UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        self.file = file
        self.path = path
        var info = stat()
        // A pipe or /dev/stdout is somebody else's.
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return }
        if info.st_uid == geteuid() { fchmod(descriptor, 0o600) }
        // Not before it is ours alone.
        ftruncate(descriptor, 0)
    }

    /// In the file when this returns, unless there is a ``failure``.
    func write(_ text: String) {
        guard fputs(Output.secrets.redactor.redact(text), file) < 0 || fflush(file) != 0, failure == nil else { return }
        failure = UsageError("cannot write all of \(path): \(String(cString: strerror(errno)))")
    }

    deinit { fclose(file) }
}
