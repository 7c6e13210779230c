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
        guard let syncs = try await syncs(of: "chain.yaml", sandbox) else { return }
        // The file is made, the prices and the run are begun, and at the end the log is merged into the file.
        #expect(syncs >= 20 && syncs <= 2 * 20 + 12, "\(syncs)")
        #expect(sandbox.server.requestCount == 20)
    }

    /// What a gate decides waits for no disk of its own: seven of three tiers pay as 21 calls do.
    @Test(.enabled(if: strace != nil, "strace is not here"))
    func aGatePaysNoMoreThanItsCalls() async throws {
        let sandbox = try Sandbox()
        let steps = (0..<7).map { "  - { id: s\($0), \($0 > 0 ? "needs: [s\($0 - 1)], " : "")prompt: \"question \($0)\", escalate: { tiers: [small, mid, large], checks: { never: { expr: size(output) < 0 } } } }" }
        try sandbox.write(
            "gates.yaml",
            "version: 1\nname: gates\nmodels: { small: { use: stub/echo }, mid: { use: stub/echo }, large: { use: stub/echo } }\nsteps:\n\(steps.joined(separator: "\n"))\n  - { id: end, value: \"steps.s6.accepted\" }\n")
        guard let syncs = try await syncs(of: "gates.yaml", sandbox) else { return }
        #expect(sandbox.server.requestCount == 21 && syncs <= 2 * 21 + 12, "\(syncs)")
    }

    /// `nil`: tracing may be forbidden where tests run.
    private func syncs(of file: String, _ sandbox: Sandbox) async throws -> Int? {
        let run = try await Sandbox.run(
            Self.strace!, ["-f", "-o", sandbox.path("trace"), "-e", "trace=fsync,fdatasync", Sandbox.program, "run", file, "--quiet"], in: sandbox.folder)
        guard run.code == 0 else {
            #expect(run.err.contains("ptrace") || run.err.contains("Operation not permitted"), "\(run.err)")
            return nil
        }
        let trace = try String(contentsOfFile: sandbox.path("trace"), encoding: .utf8)
        return trace.split(separator: "\n").count { $0.contains("sync(") }
    }
}
