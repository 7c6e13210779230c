import Foundation
import Subprocess
import SystemPackage

/// A terminal without a window: a program that writes to it believes that somebody is looking.
enum PseudoTerminal {
    /// Runs a program with both streams on a terminal of 120 columns.
    ///
    /// - Returns: every byte that the terminal was sent.
    static func run(_ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]) async throws -> [UInt8] {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN of <asm-generic/ioctls.h>: unlock it, and tell its number.
        var (isLocked, number) = (Int32(0), UInt32(0))
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else { throw POSIXError(.ENOTTY) }
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard slave >= 0 else { throw POSIXError(.ENOTTY) }
        var size = winsize(ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
        // Without translation of line ends: what arrives is what was written.
        var settings = termios()
        tcgetattr(slave, &settings)
        settings.c_oflag &= ~tcflag_t(OPOST)
        tcsetattr(slave, TCSANOW, &settings)
        let reader = Reader(master)
        var overrides: [Environment.Key: String?] = ["AGENTCTL_CONFIG": nil, "AGENTCTL_LEDGER": nil, "NO_COLOR": nil, "TERM": "xterm-256color"]
        for (key, value) in environment { overrides[Environment.Key(stringLiteral: key)] = value }
        _ = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inherit.updating(overrides), workingDirectory: FilePath(folder),
            input: .none, output: .fileDescriptor(FileDescriptor(rawValue: slave), closeAfterSpawningProcess: false),
            error: .fileDescriptor(FileDescriptor(rawValue: slave), closeAfterSpawningProcess: false))
        close(slave)
        return reader.finish()
    }

    /// Reads on a thread of its own: a terminal that nobody reads stops its program.
    private final class Reader: @unchecked Sendable {
        private var bytes: [UInt8] = []
        private let done = DispatchSemaphore(value: 0)

        init(_ master: Int32) {
            Thread.detachNewThread { [self] in
                var chunk = [UInt8](repeating: 0, count: 65_536)
                // The end of a terminal whose last user left is an error.
                while case let count = read(master, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
                close(master)
                done.signal()
            }
        }

        func finish() -> [UInt8] {
            done.wait()
            return bytes
        }
    }
}
