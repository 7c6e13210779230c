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
    private static let broken = Mutex<Int32?>(nil)
    private static let readerIsGone = Mutex(false)

    /// Why stdout takes no more, as of a disk that is full: what is written to it since is dropped, and the command ends with it. `nil`
    /// while all is well, and where a reader went away.
    static var failure: UsageError? { broken.withLock { $0 }.map { UsageError("cannot write to stdout: \(String(cString: strerror($0)))") } }

    /// Whether what is written to stdout reaches nobody any more: nothing need be begun for it.
    static var isInVain: Bool { readerIsGone.withLock { $0 } || broken.withLock { $0 } != nil }

    static var isTerminal: Bool { isatty(1) == 1 }
    static var isErrorTerminal: Bool { isatty(2) == 1 }
    /// Whether lines of stderr can be drawn over.
    static var canDraw: Bool { isErrorTerminal && variable("TERM") != "dumb" }
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

    // MARK: Writing

    /// What must not be shown by anything of this process: everything below goes through it, and on its way to a terminal through
    /// ``TerminalText``. Nothing else in the program writes to a stream.
    static let secrets = SecretBook()

    /// Text of any origin to stdout, buffered until `flush` or 64 KiB. Where it goes to a file or a program it arrives as it is.
    static func write(_ text: String) {
        let text = secrets.redactor.redact(text)
        put(isTerminal ? TerminalText.harmless(text) : text)
    }

    static func line(_ text: String) { write(text + "\n") }

    /// Text to stdout that this program formatted, tints included: what others wrote into it is harmless already, as
    /// `StyledText` and `DiagnosticFormatter` make it.
    static func write(styled text: String) {
        let text = secrets.redactor.redact(text)
        put(isTerminal ? TerminalText.harmless(text, keepsTints: true) : text)
    }

    /// What was read from stdin and goes to stdout as it was, but for its layout: a filter must not change what a file says.
    static func write(filtered text: String) { put(isTerminal ? TerminalText.harmless(text) : text) }

    private static func put(_ text: String) {
        let isFull = buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            return buffer.count >= 65_536
        }
        if isFull { flush() }
    }

    /// Text of any origin to stderr, at once. It is for people, who look at logs on terminals too: harmless wherever it goes.
    static func note(_ text: String) { say(TerminalText.harmless(secrets.redactor.redact(text))) }

    /// Text to stderr that this program formatted, as ``write(styled:)``.
    static func note(styled text: String) { say(TerminalText.harmless(secrets.redactor.redact(text), keepsTints: true)) }

    /// Frames of problems, to stderr.
    static func note(_ problems: Diagnostics) { note(styled: Failures.text(problems)) }

    private static func say(_ text: String) { _ = writeAll(Array(text.utf8), to: 2) }

    // MARK: Drawing

    /// Draws the lines at the end of what stderr shows anew, in one write so that nothing flickers.
    ///
    /// - Parameters:
    ///   - messages: of any origin; they stay above the lines.
    ///   - lines: formatted by this program.
    static func draw(_ lines: [String], messages: [String], in area: inout LiveArea, columns: Int, rows: Int) {
        let redactor = secrets.redactor
        let messages = messages.map { TerminalText.harmless(redactor.redact($0)) }
        let lines = lines.map { TerminalText.harmless(redactor.redact($0), keepsTints: true) }
        say(area.draw(lines, messages: messages, columns: columns, rows: rows))
    }

    /// Everything buffered. A reader that went away has what it wanted; a full disk is an error, which ends the process at once unless
    /// a run is under way: its calls are paid for.
    static func flush() {
        let bytes = buffer.withLock { buffer in
            defer { buffer = [] }
            return buffer
        }
        guard !bytes.isEmpty, broken.withLock({ $0 }) == nil, let code = writeAll(bytes, to: 1) else { return }
        let endsNow = endsOnClosedPipe.withLock { $0 }
        if code == EPIPE {
            if endsNow { exit(0) }
            readerIsGone.withLock { $0 = true }
            return
        }
        broken.withLock { $0 = code }
        guard endsNow else { return }
        note("error: cannot write to stdout: \(String(cString: strerror(code)))\n")
        exit(ExitCodes.usage)
    }

    /// - Returns: the error's number, or `nil`.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}
