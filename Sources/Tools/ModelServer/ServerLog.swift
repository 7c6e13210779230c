import Values

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Carries what a model server prints to its log, line by line and without secrets.
final class ServerLog: Sendable {
    /// A longer line is written in pieces.
    private static let mostOfALine = 64 << 10

    /// Where the server writes.
    let descriptor: Int32
    private let isDone = Mutex(false)
    private let isOpen = Mutex(true)

    /// - Parameter log: where lines go. `nil` when there is no pipe to be had.
    init?(to log: Int32, without redactor: Redactor) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[1]
        let source = ends[0]
        var thread = pthread_t()
        let work = Unmanaged.passRetained(
            Work { [self] in
                Self.carry(from: source, to: log, redactor)
                close(source)
                isDone.withLock { $0 = true }
            })
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            for end in ends { close(end) }
            return nil
        }
        pthread_detach(thread)
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// After the server ended: what it said last is in the log now, unless a child of it still holds its output.
    func drain() {
        if isOpen.withLock({ was in
            defer { was = false }; return was
        }) {
            close(descriptor)
        }
        for _ in 0..<50 where !isDone.withLock({ $0 }) { usleep(10_000) }
    }

    private static func carry(from source: Int32, to log: Int32, _ redactor: Redactor) {
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(source, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += chunk[..<count]
            guard let end = rest.lastIndex(of: 0x0A).map({ $0 + 1 }) ?? (rest.count > mostOfALine ? rest.count : nil) else { continue }
            write(redactor.redact(Array(rest[..<end])), to: log)
            rest.removeFirst(end)
        }
        write(redactor.redact(rest), to: log)
    }

    private static func write(_ bytes: [UInt8], to log: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(log, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A full disk must not stop the server.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: What must not stand in it

    /// A descriptor to read secrets from: those of one process for its guard.
    static func handOver(_ secrets: [Secret]) -> Int32? {
        guard let file = tmpfile() else { return nil }
        defer { fclose(file) }
        let bytes = JSONEncoding.wire.bytes(.array(secrets.map { .string($0.value) }))
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0, lseek(fileno(file), 0, SEEK_SET) == 0 else { return nil }
        let descriptor = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Reads them on the other side, and leaves nothing there to be read by a child.
    static func takeOver(from descriptor: Int32) -> Redactor {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        let nothing = open("/dev/null", O_RDONLY)
        if nothing >= 0 {
            dup2(nothing, descriptor)
            close(nothing)
        }
        let values = (try? JSONParser.parse(bytes))?.arrayValue ?? []
        return Redactor(values.compactMap(\.stringValue).map { Secret(name: "", value: $0) })
    }
}
