import Glibc
import Reports
import Values

/// The program's two streams. Stdout carries results, stderr the rest.
enum Output {
    /// Set by `--no-color`, before anything is printed.
    static let noColor = Mutex(false)
    /// Off while a run is under way: a reader that goes away must not end the process over calls in flight.
    static let endsOnClosedPipe = Mutex(true)
    private static let buffer = Mutex<[UInt8]>([])

    static var isTerminal: Bool { isatty(1) == 1 }
    static var isErrorTerminal: Bool { isatty(2) == 1 }
    static var style: TextStyle { style(of: 1) }
    static var errorStyle: TextStyle { style(of: 2) }

    private static func style(of descriptor: Int32) -> TextStyle {
        let isTerminal = isatty(descriptor) == 1
        let isDumb = variable("TERM") == "dumb"
        let forbidsColor = noColor.withLock { $0 } || variable("NO_COLOR")?.isEmpty == false
        return TextStyle(
            usesColor: isTerminal && !isDumb && !forbidsColor, width: isTerminal ? size(of: descriptor).columns : nil, isUnicode: isUnicode)
    }

    static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 { return (Int(size.ws_col), Int(size.ws_row)) }
        return (variable("COLUMNS").flatMap { Int($0) } ?? 80, variable("LINES").flatMap { Int($0) } ?? 24)
    }

    private static var isUnicode: Bool {
        let locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? ""
        return locale.isEmpty || locale.uppercased().contains("UTF")
    }

    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// To stdout, buffered until `flush` or 64 KiB.
    static func write(_ text: String) {
        let isFull = buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            return buffer.count >= 65_536
        }
        if isFull { flush() }
    }

    static func line(_ text: String) { write(text + "\n") }

    /// To stderr, at once.
    static func note(_ text: String) {
        _ = writeAll(Array(text.utf8), to: 2)
    }

    /// Frames of problems, to stderr.
    static func note(_ problems: Diagnostics) {
        let style = errorStyle
        note(DiagnosticFormatter(usesColor: style.usesColor, width: style.width ?? 100).format(problems))
    }

    /// Everything buffered. A reader that went away has what it wanted; a full disk is an error.
    static func flush() {
        let bytes = buffer.withLock { buffer in
            defer { buffer = [] }
            return buffer
        }
        guard !bytes.isEmpty, let code = writeAll(bytes, to: 1) else { return }
        if code == EPIPE {
            if endsOnClosedPipe.withLock({ $0 }) { exit(0) }
            return
        }
        note("error: cannot write to stdout: \(String(cString: strerror(code)))\n")
        exit(ExitCodes.usage)
    }

    /// - Returns: the error's number, or `nil`.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            if count > 0 { offset += count } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}
