import Glibc
import Values

/// The file of a bundle, of which lines are read: it may be larger than memory.
final class BundleFile: Sendable {
    let path: String
    private let descriptor: Int32
    let size: Int

    /// Why it cannot be read.
    struct Problem: Error {
        let message: String
    }

    init(_ path: String) throws(Problem) {
        self.path = path
        // A pipe without a writer would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw Problem(message: "cannot read \(path): \(String(cString: strerror(errno)))") }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            // It is read twice: proved first, and then taken.
            throw Problem(message: "\(path) is no file: a bundle is read more than once, and from a file")
        }
        self.descriptor = descriptor
        size = Int(info.st_size)
    }

    deinit { close(descriptor) }

    func bytes(at offset: Int, count: Int) throws(Problem) -> [UInt8] {
        var failure: Problem?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                if read <= 0 {
                    failure = Problem(message: "cannot read \(path): \(read < 0 ? String(cString: strerror(errno)) : "it was cut meanwhile")")
                    return
                }
                filled += read
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Where a line stands, without its feed.
    struct Place: Sendable {
        let offset: Int
        let count: Int
    }

    /// Hands over line by line from the beginning.
    ///
    /// - Parameter body: gets the line without its feed, where it stands, and whether it has one. It says whether to go on.
    func forEachLine(_ body: (_ line: [UInt8], _ place: Place, _ isWhole: Bool) throws -> Bool) throws {
        let piece = 1 << 18
        var (offset, start) = (0, 0)
        var rest: [UInt8] = []
        while offset < size {
            let chunk = try bytes(at: offset, count: min(piece, size - offset))
            offset += chunk.count
            var from = 0
            while let feed = Self.feed(in: chunk, from: from) {
                let line = rest.isEmpty ? Array(chunk[from..<feed]) : rest + chunk[from..<feed]
                rest.removeAll(keepingCapacity: true)
                guard try body(line, Place(offset: start, count: line.count), true) else { return }
                start += line.count + 1
                from = feed + 1
            }
            rest += chunk[from...]
        }
        if !rest.isEmpty { _ = try body(rest, Place(offset: start, count: rest.count), false) }
    }

    private static func feed(in chunk: [UInt8], from start: Int) -> Int? {
        guard start < chunk.count else { return nil }
        return chunk.withUnsafeBytes { bytes in
            memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - bytes.baseAddress! }
        }
    }
}
