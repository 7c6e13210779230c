import Foundation
import TestSupport
import Testing

/// How often a run waits for the disk: what a sequential run pays for its durability.
@Suite struct SyncTests {
    private static let strace = ["/usr/bin/strace", "/bin/strace"].first(where: FileManager.default.isExecutableFile)

    /// The intent of each call, together with the outcome of the one before: one sync a step, and a second where the disk is faster
    /// than the next step begins.
    @Test(.enabled(if: strace != nil, "strace is not here"))
    func aLoneRunPaysAtMostTwoSyncsAStep() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 20)
        let run = try await Sandbox.run(
            Self.strace!, ["-f", "-o", sandbox.path("trace"), "-e", "trace=fsync,fdatasync", Sandbox.program, "run", "chain.yaml", "--quiet"], in: sandbox.folder)
        // Tracing may be forbidden where tests run.
        guard run.code == 0 else {
            #expect(run.err.contains("ptrace") || run.err.contains("Operation not permitted"), "\(run.err)")
            return
        }
        let trace = try String(contentsOfFile: sandbox.path("trace"), encoding: .utf8)
        let syncs = trace.split(separator: "\n").count { $0.contains("sync(") }
        // The file is made, the prices and the run are begun, and at the end the log is merged into the file.
        #expect(syncs >= 20 && syncs <= 2 * 20 + 12, "\(syncs)")
        #expect(sandbox.server.requestCount == 20)
    }
}
