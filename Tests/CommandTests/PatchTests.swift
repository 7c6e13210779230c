import Foundation
import Testing

/// Changes that are kept as patches, each an addition that is said to be small. `make patches` compiles and runs them.
@Suite struct PatchTests {
    private static let folder = Sandbox.repository + "/Tests/Patches"

    private static func patches() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".patch") }.sorted()
    }

    @Test func theyApply() async throws {
        let patches = try Self.patches()
        #expect(!patches.isEmpty)
        for name in patches {
            let check = try await Sandbox.run("/usr/bin/env", ["git", "apply", "--check", "\(Self.folder)/\(name)"], in: Sandbox.repository)
            #expect(check.code == 0, "\(name): \(check.err)")
        }
    }

    /// A kind of step without rows of its own: the graph, the keys, the decoder, a runner, and its line in the list of them.
    @Test func aStepKindIsFiveFiles() throws {
        let text = try String(contentsOfFile: "\(Self.folder)/step-kind.patch", encoding: .utf8)
        let files = text.split(separator: "\n").filter { $0.hasPrefix("+++ b/") }.map { $0.dropFirst(6) }
        #expect(files.filter { $0.hasPrefix("Sources/") }.count <= 5, "\(files)")
        #expect(text.contains("struct FailRunner: StepRunner"))
    }
}
