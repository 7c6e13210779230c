import Foundation
import Testing
import Tools
import Values
import WorkflowModel

/// Keys, from where the project file says that they are.
@Suite struct SecretReadersTests {
    private func failure(_ result: Result<String, StepFailure>) -> StepFailure? {
        if case .failure(let failure) = result { return failure }
        return nil
    }

    @Test func aVariableThatIsNotThereIsNamed() throws {
        #expect(try SecretReaders.read(.value("k"), root: "/").get() == "k")
        let missing = try #require(failure(SecretReaders.read(.environment("AGENTCTL_TEST_NO_SUCH_KEY"), root: "/")))
        #expect(missing.kind == .configuration && missing.message == "the environment variable AGENTCTL_TEST_NO_SUCH_KEY is not set")
        #expect(try SecretReaders.read(.environment("PATH"), root: "/").get() == ProcessInfo.processInfo.environment["PATH"])
    }

    @Test func aProgramPrintsTheKeyOnItsFirstLine() throws {
        #expect(try SecretReaders.read(.command(["printf", "the key\nand more\n"]), root: "/").get() == "the key")
        // Words are words, whatever they hold, and the folder is the project's.
        #expect(try SecretReaders.read(.command(["printf", "%s", "a'b $HOME `x`"]), root: "/").get() == "a'b $HOME `x`")
        // A quote before a combining mark is a quote: what stood behind it was the shell's.
        #expect(try SecretReaders.read(.command(["printf", "%s", "a'\u{301}; echo b'\u{301}"]), root: "/").get() == "a'\u{301}; echo b'\u{301}")
        #expect(try SecretReaders.read(.command(["printf", "\\357\\273\\277\\r\\nthe key\\r\\n"]), root: "/").get() == "the key")
        #expect(failure(SecretReaders.read(.command(["printf", "caf\\351-0123456789"]), root: "/"))?.message.hasSuffix("is not UTF-8 text") == true)
        let folder = NSTemporaryDirectory() + "it's a folder \(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("from the file\n".utf8).write(to: URL(fileURLWithPath: folder + "/key"))
        #expect(try SecretReaders.read(.command(["cat", "key"]), root: folder).get() == "from the file")
    }

    @Test func whatAFailingProgramSaidIsTold() throws {
        let failed = try #require(failure(SecretReaders.read(.command(["sh", "-c", "echo locked >&2; echo half; exit 3"]), root: "/")))
        #expect(failed.message == "the key command 'sh' gave no key")
        #expect(failed.details.last == "stderr: locked")
        #expect(failure(SecretReaders.read(.command(["true"]), root: "/")) != nil, "it printed nothing")
        #expect(failure(SecretReaders.read(.command(["no-such-program-here"]), root: "/")) != nil)
    }

    @Test(arguments: ["", "plain", "it's", "''", "a\nb", "$(reboot)", "\\", "-n", "ü"])
    func aShellReadsAQuotedWordAsItIs(word: String) throws {
        #expect(try SecretReaders.read(.command(["printf", "%s.", word]), root: "/").get() == (word + ".").split(separator: "\n").first.map(String.init))
    }
}
