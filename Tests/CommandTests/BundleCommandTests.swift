import Foundation
import TestSupport
import Testing
import Values

/// A run leaves in one file, is taken in elsewhere, and documents of it go.
@Suite struct BundleCommandTests {
    private func id(_ finished: Sandbox.Finished) throws -> String { String(try #require(finished.err.firstMatch(of: /\d{8}-\d{6}-\w{8}/)).0) }

    @Test func aRunGoesFromOneLedgerToAnother() async throws {
        let (one, two) = (try Sandbox(), try Sandbox())
        try one.writeChain()
        let run = try id(try await one.agentctl("run", "chain.yaml", "--input", "topic=the Nile"))
        let exported = try await one.agentctl("export", "last", "--bundle", "a.bundle")
        #expect(exported.code == 0 && exported.out.isEmpty && exported.err.contains("a.bundle: \(run), "), "\(exported.err)")
        #expect(try await one.agentctl("export", run, "--bundle", "b.bundle").code == 0)
        let bytes = try #require(FileManager.default.contents(atPath: one.path("a.bundle")))
        #expect(FileManager.default.contents(atPath: one.path("b.bundle")) == bytes, "the same run gives the same bytes")
        #expect(((try FileManager.default.attributesOfItem(atPath: one.path("a.bundle")))[.posixPermissions] as? Int) == 0o600)
        #expect(try await one.agentctl("export", run, "--bundle", "-").out == String(decoding: bytes, as: UTF8.self))

        // No ledger and no project's history there yet.
        let file = one.path("a.bundle")
        let checked = try await two.agentctl("import", file, "--check")
        #expect(checked.code == 0 && checked.out.hasPrefix("proved \(run)"), "\(checked)")
        #expect(try await two.agentctl("runs").code == 47, "proving makes no ledger")
        let imported = try await two.agentctl("import", file)
        #expect(imported.code == 0 && imported.out.hasPrefix("imported \(run)"), "\(imported)")
        let again = try await two.agentctl("import", file, "--json")
        #expect(again.code == 0 && again.json?["verdict"] == "known", "\(again)")
        let runs = try await two.agentctl("runs")
        #expect(runs.out.contains("succeeded, imported") && runs.out.contains("2"), "\(runs.out)")
        let shown = try await two.agentctl("show", run)
        #expect(shown.out.contains("imported from \(file) on ") && shown.out.contains("s2"), "\(shown.out)")
        #expect(try await two.agentctl("show", run, "--json").json?["run"]?["imported"]?["file"] == .string(file))
        #expect(try await two.agentctl("outputs", run).out == (try await one.agentctl("outputs", run).out))
        #expect(try await two.agentctl("verify", "--all").code == 0)
        #expect(try await two.agentctl("db", "check").code == 0)
        #expect(try await two.agentctl("export", run, "--bundle", "back.bundle").code == 0)
        #expect(FileManager.default.contents(atPath: two.path("back.bundle")) == bytes)
        for arguments in [["resume", run], ["approve", run, "--yes"], ["cancel", run], ["outcome", run, "good"]] {
            let refused = try await Sandbox.run(Sandbox.program, arguments, in: two.folder)
            #expect(refused.code == 49 && refused.err.contains("was imported"), "\(arguments): \(refused.err)")
        }
        #expect(try await two.agentctl("show", "last").code == 2, "nothing was run here")
        #expect(try await two.agentctl("audit").out.contains("all runs here were imported"))
    }

    @Test func whatWasChangedIsNamed() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        try await sandbox.agentctl("run", "chain.yaml")
        try await sandbox.agentctl("export", "last", "--bundle", "a.bundle")
        let text = try String(contentsOfFile: sandbox.path("a.bundle"), encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        let line = try #require(lines.firstIndex { $0.contains("\"kind\":\"call_ended\"") })
        try sandbox.write("changed.bundle", text.replacing("\"cost_usd\":\"0.0000", with: "\"cost_usd\":\"0.0001", maxReplacements: 1))
        let other = try Sandbox()
        let refused = try await other.agentctl("import", sandbox.path("changed.bundle"))
        #expect(refused.code == 44 && refused.err.contains("line \(line + 1), fact ") && refused.err.contains("(call_ended), is not what its link in the chain says"), "\(refused.err)")
        #expect(try await other.agentctl("runs").code == 47)
        try sandbox.write("cut.bundle", lines.dropLast(3).joined(separator: "\n"))
        #expect(try await other.agentctl("import", sandbox.path("cut.bundle")).code == 44)
        let none = try await other.agentctl("import", "nothing.bundle")
        #expect(none.code == 2 && none.err.contains("cannot read nothing.bundle"), "\(none.err)")
        let head = try await other.agentctl("import", sandbox.path("a.bundle"), "--head", String(repeating: "0", count: 64))
        #expect(head.code == 44 && head.err.contains("the one that was kept elsewhere"), "\(head.err)")
    }

    @Test func documentsGoAndTheirHashesStay() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        let run = try id(try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=the secret 4711"))
        let bundle = try await sandbox.agentctl("export", run, "--bundle", "-", "--without-prompts", "--without", "inputs", "--without", "answers", "--without", "outputs")
        #expect(bundle.code == 0 && !bundle.out.contains("4711") && bundle.out.contains("\"left_out\""), "\(bundle.out)")
        let dry = try await sandbox.agentctl("redact", run, "--field", "inputs.topic")
        #expect(dry.code == 0 && dry.out.contains("would go: 1 document") && dry.err.contains("the whole of inputs goes") && dry.err.contains("with --yes"), "\(dry)")
        #expect(try await sandbox.agentctl("verify", run, "--json").json?["redacted"] == 0)
        let done = try await sandbox.agentctl("redact", run, "--field", "everything", "--reason", "erasure", "--by", "ann", "--yes")
        #expect(done.code == 0 && done.out.contains("gone: "), "\(done)")
        for name in try FileManager.default.subpathsOfDirectory(atPath: sandbox.path(".agentctl")) {
            #expect(FileManager.default.contents(atPath: sandbox.path(".agentctl/" + name))?.range(of: Data("4711".utf8)) == nil, "\(name)")
        }
        let verified = try await sandbox.agentctl("verify", run)
        #expect(verified.code == 0 && verified.out.contains("documents were taken or left out"), "\(verified.out)")
        #expect(try await sandbox.agentctl("db", "check").code == 0)
        let shown = try await sandbox.agentctl("show", run, "s1", "--prompts")
        #expect(shown.out.contains("(redacted"), "\(shown.out)")
        let outputs = try await sandbox.agentctl("outputs", run)
        #expect(outputs.code == 2 && outputs.err.contains("are redacted"), "\(outputs.err)")
        let twice = try await sandbox.agentctl("redact", run, "--field", "outputs", "--yes")
        #expect(twice.code == 2 && twice.err.contains("redacted already"), "\(twice.err)")
        // It still leaves, and is proved elsewhere.
        #expect(try await sandbox.agentctl("export", run, "--bundle", "red.bundle").code == 0)
        let other = try Sandbox()
        let imported = try await other.agentctl("import", sandbox.path("red.bundle"))
        #expect(imported.code == 0 && imported.out.contains(" redacted"), "\(imported)")
        #expect(try await other.agentctl("verify", run).code == 0)
        for (field, what) in [("steps.none.output", "has no document"), ("colour", "names no document"), ("steps.s1", "names no document")] {
            let refused = try await sandbox.agentctl("redact", run, "--field", field)
            #expect(refused.code == 2 && refused.err.contains(what), "\(field): \(refused.err)")
        }
    }
}
