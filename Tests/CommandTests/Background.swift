import Foundation
import TestSupport
import Values

/// The program in the background; it is killed with its owner at the latest.
///
/// Spawned by the system's own function: Foundation's `Process` reads beyond the end of a list of open files, and now and then that
/// is beyond what is mapped.
final class Background: Sendable {
    let id: pid_t
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - output: a file that takes its standard output.
    ///   - errors: a file that takes its standard error.
    convenience init(_ sandbox: Sandbox, _ arguments: [String], program: String = Sandbox.program, output: String? = nil, errors: String? = nil) throws {
        try self.init(in: sandbox.folder, program, arguments, output: output, errors: errors)
    }

    init(in folder: String, _ program: String, _ arguments: [String], output: String? = nil, errors: String? = nil) throws {
        // They are there when this returns, as somebody may look at once.
        for path in [output, errors].compactMap({ $0 }) { FileManager.default.createFile(atPath: path, contents: nil) }
        let script = "cd '\(folder)' && exec </dev/null >'\(output ?? "/dev/null")' 2>'\(errors ?? "/dev/null")' && exec \"$0\" \"$@\""
        let argv = (["/bin/sh", "-c", script, program] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        let environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in environment { free(text) } }
        var spawned: pid_t = 0
        let code = posix_spawn(&spawned, "/bin/sh", nil, nil, argv, environment)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        id = spawned
    }

    deinit { end(by: SIGKILL) }

    /// - Returns: the exit code; of one that a signal ended, its negative.
    @discardableResult
    func end(by signal: Int32? = nil) -> Int32 {
        status.withLock { status in
            if status == nil {
                if let signal { kill(id, signal) }
                var found: Int32 = 0
                while waitpid(id, &found, 0) != id, errno == EINTR {}
                status = found
            }
            return status! & 0x7F == 0 ? status! >> 8 & 0xFF : -(status! & 0x7F)
        }
    }
}

/// Requests that it does not let pass are not answered until it is opened.
final class Gate: Sendable {
    private let isOpen = Mutex(false)
    private let passes: @Sendable (StubRequest) -> Bool

    /// - Parameter first: the number of the first request that is held up.
    convenience init(before first: Int) { self.init { $0.number < first } }

    init(passing passes: @escaping @Sendable (StubRequest) -> Bool) { self.passes = passes }

    func open() { isOpen.withLock { $0 = true } }
    func response(_ request: StubRequest) -> StubResponse? {
        isOpen.withLock { $0 } || passes(request) ? nil : StubResponse(ending: .silence)
    }
}

/// Looks again and again until something holds.
func until(_ holds: () throws -> Bool) async throws {
    let never = DispatchSemaphore(value: 0)
    while try !holds() {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                _ = never.wait(timeout: .now() + .milliseconds(5))
                continuation.resume()
            }
        }
    }
}
