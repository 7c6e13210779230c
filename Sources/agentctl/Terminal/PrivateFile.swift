import Glibc
import Values

/// A file of results that holds what models were asked: for its owner alone, also where it was there before, and without secrets.
final class PrivateFile {
    private let file: UnsafeMutablePointer<FILE>

    /// Empties or creates it.
    ///
    /// - Throws: `UsageError` when it cannot be written.
    init(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { throw UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        self.file = file
        var info = stat()
        // A pipe or /dev/stdout is somebody else's.
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return }
        if info.st_uid == geteuid() { fchmod(descriptor, 0o600) }
        // Not before it is ours alone.
        ftruncate(descriptor, 0)
    }

    func write(_ text: String) { fputs(Output.secrets.redactor.redact(text), file) }

    deinit { fclose(file) }
}
