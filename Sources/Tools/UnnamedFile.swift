import Foundation
import SystemPackage

/// What a program reads as its stdin: a file rather than a pipe. A program may end without reading its input, and that is its right; a write to a pipe
/// that nobody reads any more ends the writer, or swift-subprocess.
public enum UnnamedFile {
    /// - Returns: open at its beginning, for whoever takes it to close; `nil` with `errno` where it cannot be written.
    public static func holding(_ bytes: [UInt8]) -> FileDescriptor? {
        guard let file = tmpfile() else { return nil }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else { return nil }
        let descriptor = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return nil }
        return FileDescriptor(rawValue: descriptor)
    }
}
