#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process group of a model server: the server and what it has started. The server leads it.
struct ServerProcess: Sendable, Equatable {
    let pid: pid_t
    /// When the kernel says that it started, in clock ticks since the boot: tells it from a later process of the same number.
    let start: String
    /// Of the boot and the namespace in which the two hold.
    let place: String

    /// A process that lives; `nil` when it does not.
    init?(_ pid: pid_t) {
        guard let start = Self.start(of: pid) else { return nil }
        self.pid = pid
        self.start = start
        place = Self.here
    }

    /// As `text` gives it.
    init?(text: String) {
        let parts = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard parts.count == 3, let pid = pid_t(parts[0]), pid > 1 else { return nil }
        (self.pid, start, place) = (pid, parts[1], parts[2])
    }

    var text: String { "\(pid) \(start) \(place)\n" }

    /// Whether it is still this one. Of another boot or container it is not known, and it is none of ours.
    var lives: Bool { place == Self.here && Self.start(of: pid) == start }

    /// Ends it and what it has started: politely, and after five seconds by force.
    ///
    /// - Parameter reap: whether it is a child of this process, to be waited for.
    func end(reap: Bool) { Self.end(pid, reap: reap) }

    static func end(_ pid: pid_t, reap: Bool) {
        kill(-pid, SIGTERM)
        for _ in 0..<50 {
            if reap { waitpid(pid, nil, WNOHANG) }
            // Also the server's own children.
            if kill(-pid, 0) != 0 { return }
            usleep(100_000)
        }
        kill(-pid, SIGKILL)
        if reap { waitpid(pid, nil, 0) }
    }

    private static var here: String { read("/proc/sys/kernel/random/boot_id") + link("/proc/self/ns/pid") }

    private static func start(of pid: pid_t) -> String? {
        // The 22nd field, and the third for the state; counted after the program's name, which may hold spaces and parentheses.
        let text = read("/proc/\(pid)/stat", keepsSpaces: true)
        guard let behind = text.cut(atLast: UInt8(ascii: ")"))?.behind else { return nil }
        let fields = [")"] + behind.parts(at: 0x20)
        return fields.count > 20 && fields[1] != "Z" ? String(fields[20]) : nil
    }

    private static func read(_ path: String, keepsSpaces: Bool = false) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let text = String(decoding: buffer[..<fread(&buffer, 1, buffer.count, file)], as: UTF8.self)
        return keepsSpaces ? text : text.filter { !$0.isWhitespace }
    }

    private static func link(_ path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 255) }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
}
