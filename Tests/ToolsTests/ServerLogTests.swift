import Foundation
import Testing
import Values

@testable import Tools

/// What a model server prints, on its way to its log.
@Suite struct ServerLogTests {
    /// The log of what is written, piece by piece.
    private func log(_ pieces: [String], without secrets: [String] = []) throws -> String {
        let path = NSTemporaryDirectory() + "server-log-" + UUID().uuidString
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        let redactor = SecretBook(secrets.map { Secret(name: "the key", value: $0) }).redactor
        let log = try #require(ServerLog(to: file, without: redactor))
        for piece in pieces {
            let bytes = Array(piece.utf8)
            #expect(write(log.descriptor, bytes, bytes.count) == bytes.count)
        }
        log.drain()
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func linesAreCarriedAsTheyAre() throws {
        #expect(try log(["loading\n", "re", "ady\nlast words"]) == "loading\nready\nlast words")
        #expect(try log([]) == "")
    }

    /// Also one whose halves came apart.
    @Test func aSecretInALineIsTakenOut() throws {
        let secret = "sk-7f3b9a2c4d5e6f70"
        let text = try log(["key \(secret.prefix(9))", "\(secret.dropFirst(9)) is wrong\nnext\n"], without: [secret])
        #expect(!text.contains(secret) && text.hasPrefix("key ") && text.hasSuffix(" is wrong\nnext\n"))
    }
}
