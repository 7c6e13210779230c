#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads files that others may have put there: a pipe would be waited for, a device never ends, and neither is what was meant.
public enum RegularFile {
    /// Why a file was not read.
    public struct Problem: Error, Sendable {
        public let message: String
        public let hint: String?

        public init(_ message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
        }
    }

    /// What may be read besides files.
    public enum Source: Sendable {
        case filesOnly
        /// Also pipes and the terminal: somebody named it on the command line, `/dev/stdin` or `<(program)` perhaps.
        case named
    }

    /// - Parameter limit: in bytes; a larger file is not read.
    public static func bytes(of path: String, atMost limit: Int, _ source: Source = .filesOnly) throws(Problem) -> [UInt8] {
        func failure() -> Problem { Problem("cannot read \(path): \(String(cString: strerror(errno)))") }
        // A pipe without a writer would be waited for here already.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw errno == ENXIO ? Problem("\(path) is a socket, not a file") : failure() }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure() }
        switch info.st_mode & S_IFMT {
        case S_IFREG:
            guard info.st_size <= limit else { throw tooLarge(path, limit) }
        case S_IFDIR: throw Problem("\(path) is a folder, not a file", hint: "name the file in it")
        case S_IFIFO where source == .named, S_IFCHR where source == .named && isatty(descriptor) == 1:
            // Waiting is what is wanted now.
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
            // Without a writer yet, there is nothing to read and no end either.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&waiting, 1, -1) < 0, errno == EINTR {}
        case S_IFIFO: throw Problem("\(path) is a pipe, not a file")
        case S_IFCHR, S_IFBLK: throw Problem("\(path) is a device, not a file")
        default: throw Problem("\(path) is not a file")
        }
        return try read(descriptor, path, atMost: limit, expecting: Int(info.st_size))
    }

    /// Whatever it is connected to, to its end.
    public static func standardInput(atMost limit: Int) throws(Problem) -> [UInt8] { try read(0, "stdin", atMost: limit, expecting: 0) }

    private static func read(_ descriptor: Int32, _ name: String, atMost limit: Int, expecting size: Int) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Problem("cannot read \(name): \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        // A pipe does not tell its size before.
        guard bytes.count <= limit else { throw tooLarge(name, limit) }
        return bytes
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> Problem {
        Problem("\(path) is larger than \(limit >= 1 << 30 ? "\(limit >> 30) GiB" : "\(limit >> 20) MiB")")
    }
}
