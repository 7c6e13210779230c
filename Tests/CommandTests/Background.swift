import Foundation
import TestSupport
import Values

/// The program in the background; it is killed with its owner at the latest.
final class Background {
    private let process = Process()

    /// - Parameters:
    ///   - output: a file that takes its standard output.
    ///   - errors: a file that takes its standard error.
    init(_ sandbox: Sandbox, _ arguments: [String], program: String = Sandbox.program, output: String? = nil, errors: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: sandbox.folder)
        process.standardOutput = try Self.file(output)
        process.standardError = try Self.file(errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var id: pid_t { process.processIdentifier }

    /// - Returns: the exit code; of one that a signal ended, its negative.
    @discardableResult
    func end(by signal: Int32? = nil) -> Int32 {
        if let signal { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    private static func file(_ path: String?) throws -> FileHandle {
        guard let path else { return .nullDevice }
        FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
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
