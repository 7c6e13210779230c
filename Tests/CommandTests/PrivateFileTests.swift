import Foundation
import TestSupport
import Testing
import Values

/// A13, A16: what is made is for its owner alone whatever the umask says, and what is no file is not waited for.
@Suite struct PrivateFileTests {
    private func mode(_ path: String) -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? Int).map { String($0, radix: 8) } ?? "none"
    }

    private func run(_ line: String, in sandbox: Sandbox) async throws -> Sandbox.Finished {
        try await Sandbox.run("/bin/sh", ["-c", line], in: sandbox.folder, environment: ["A": Sandbox.program])
    }

    @Test func underAnUmaskThatForbidsNothing() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try sandbox.write("lines.jsonl", "{\"topic\": 5}\n")
        // Those of an earlier version, open to all.
        try sandbox.write("failed.jsonl", "{\"old\": \"and longer than what comes\"}\n")
        let made = try await run("umask 000; mkdir .agentctl; chmod 777 .agentctl; chmod 666 failed.jsonl; $A run chain.yaml --batch lines.jsonl --failures failed.jsonl; $A run chain.yaml --ledger deep/er/l.db", in: sandbox)
        #expect(made.code == 0, "\(made.err)")
        #expect([".agentctl", ".agentctl/ledger.db", "failed.jsonl", "deep", "deep/er", "deep/er/l.db"].map { mode(sandbox.path($0)) } == ["700", "600", "600", "700", "700", "600"])
        #expect(try String(contentsOfFile: sandbox.path("failed.jsonl"), encoding: .utf8) == "{\"topic\": 5}\n")
    }

    @Test(.timeLimit(.minutes(5))) func pipesAreReadWhereTheyAreNamedOnly() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        #expect(mkfifo(sandbox.path("pipe"), 0o600) == 0)
        for arguments in [["validate", "pipe"], ["plan", "pipe"], ["run", "pipe"], ["graph", "pipe"], ["fmt", "pipe"], ["validate", "--config", "pipe"], ["runs", "--ledger", "pipe"], ["try", "schema", "pipe", "pipe"]] {
            let refused = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
            #expect(refused.code != 0 && (refused.err.contains("is a pipe, not a file") || refused.err.contains("is no regular file")), "\(arguments): \(refused.err)")
        }
        let zero = try await sandbox.agentctl("run", "chain.yaml", "--inputs", "/dev/zero")
        #expect(zero.code == 2 && zero.err.contains("is a device, not a file"), "\(zero.err)")
        let named = try await run("(printf '{\"topic\": \"lakes\"}') > pipe & $A run chain.yaml -q --inputs pipe", in: sandbox)
        #expect(named.code == 0 && named.out == "about lakes\n", "\(named.err)")
        let stdin = try await run("printf '{\"topic\": \"seas\"}' | $A run chain.yaml -q --inputs /dev/stdin; printf '{\"topic\": \"bays\"}' | $A run chain.yaml -q --inputs -", in: sandbox)
        #expect(stdin.out == "about seas\nabout bays\n", "\(stdin.err)")
    }
}
