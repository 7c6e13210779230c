import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

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
        let outputs = try await one.agentctl("outputs", run).out
        #expect(try await two.agentctl("outputs", run).out == outputs)
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

    /// Bundles as regression tests: what each came to, the exit code, JUnit, and recording anew.
    @Test func aFolderOfBundles() async throws {
        let sandbox = try Sandbox()
        try FileManager.default.createDirectory(atPath: sandbox.path("golden"), withIntermediateDirectories: true)
        let empty = try await sandbox.agentctl("replay", "--golden", "golden")
        #expect(empty.code == 2 && empty.err.contains("has no bundle"), "\(empty.err)")
        #expect(try await sandbox.agentctl("replay", "--golden", "nowhere").code == 2)
        #expect(try await sandbox.agentctl("replay", "last", "--junit", "x.xml").code == 2)

        try sandbox.writeChain()
        try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=the Nile")
        try await sandbox.agentctl("export", "last", "--bundle", "golden/a.bundle")
        try await sandbox.agentctl("export", "last", "--bundle", "golden/b.bundle", "--without-prompts")
        let asked = sandbox.server.requests.count
        // From the bundles alone: neither the ledger nor the workflow is looked at.
        for name in [".agentctl", "chain.yaml"] { try FileManager.default.moveItem(atPath: sandbox.path(name), toPath: sandbox.path(name + ".away")) }
        let fine = try await sandbox.agentctl("replay", "--golden", "golden", "--junit", "golden.xml")
        #expect(fine.code == 0 && fine.out.contains("ok  a.bundle") && fine.out.contains("redacted  b.bundle"), "\(fine)")
        #expect(fine.out.hasSuffix("2 bundles, 1 ok, 1 redacted\n"), "\(fine.out)")
        #expect(try String(contentsOfFile: sandbox.path("golden.xml"), encoding: .utf8).contains("tests=\"2\" failures=\"0\" errors=\"0\""))
        #expect(sandbox.server.requests.count == asked && !FileManager.default.fileExists(atPath: sandbox.path(".agentctl")), "nothing was asked, and no ledger made")
        for name in [".agentctl", "chain.yaml"] { try FileManager.default.moveItem(atPath: sandbox.path(name + ".away"), toPath: sandbox.path(name)) }

        // Another decision under a chain that is whole: only going through it again finds it.
        try sandbox.write("golden/c.bundle", try Self.forged(sandbox.path("golden/a.bundle")))
        let different = try await sandbox.agentctl("replay", "--golden", "golden")
        #expect(different.code == 1 && different.out.contains("different  c.bundle") && different.out.contains("of 's1', fact "), "\(different)")
        let priced = try await sandbox.agentctl("replay", "--golden", "golden", "--update")
        #expect(priced.code == 1 && priced.err.contains("c.bundle: plan chain:") && priced.err.contains("with --yes"), "\(priced)")
        #expect(sandbox.server.requests.count == asked)
        let renewed = try await sandbox.agentctl("replay", "--golden", "golden", "--update", "--yes")
        #expect(renewed.code == 0 && renewed.out.contains("recorded anew as "), "\(renewed)")
        #expect(sandbox.server.requests.count == asked + 2)
        #expect(try await sandbox.agentctl("replay", "--golden", "golden").out.hasSuffix("3 bundles, 2 ok, 1 redacted\n"))

        try sandbox.write("golden/d.bundle", "{}\n")
        let broken = try await sandbox.agentctl("replay", "--golden", "golden", "--junit", "-")
        #expect(broken.code == 44 && broken.out.contains("errors=\"1\"") && broken.out.contains("<error type=\"unreadable\""), "\(broken)")
        #expect(try await sandbox.agentctl("replay", "--golden", "golden", "--json").json?["unreadable"] == 1)
    }

    /// A bundle whose first call held another amount, with all hashes made again.
    private static func forged(_ path: String) throws -> String {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        var head = EventChain.origin(of: try #require(try JSONParser.parse(lines[0])["run"]?.stringValue))
        let first = head
        var chain = EventChain()
        var isForged = false
        var out: [String] = []
        for line in lines {
            guard line.hasPrefix("{\"fact\":"), let start = line.firstRange(of: "\"payload\":")?.upperBound else {
                out.append(line)
                continue
            }
            let fact = try JSONParser.parse(line)
            var payload = String(line[start...].dropLast())
            if !isForged, fact["kind"] == "call_started", let held = fact["payload"]?["held_usd"]?.stringValue {
                payload = payload.replacing("\"held_usd\":\"\(held)\"", with: "\"held_usd\":\"0.2\"")
                isForged = true
            }
            let bytes = Array(payload.utf8)
            head = bytes.withUnsafeBytes { chain.link(after: head, sequence: fact["fact"]!.intValue!, at: fact["at"]!.intValue!, kind: fact["kind"]!.stringValue!, payload: $0) }
            out.append(String(line[..<start]).replacing(fact["hash"]!.stringValue!, with: head.hex) + payload + "}")
        }
        #expect(isForged && head != first)
        out[0] = out[0].replacing(try #require(try JSONParser.parse(lines[0])["head"]?.stringValue), with: head.hex)
        let body = out.dropLast().map { $0 + "\n" }.joined()
        return body + "{\"end\":\"\(ContentHash(of: body).hex)\",\"lines\":\(out.count)}\n"
    }
}
