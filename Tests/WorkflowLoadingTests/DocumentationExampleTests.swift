import Foundation
import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// Every YAML example of the documentation is what the loader takes: whole files as they are, pieces with the least around them
/// that makes a file.
@Suite struct DocumentationExampleTests {
    private static let fences = DocumentationFence.pages.filter { $0 != "Docs/Diagnostics.md" }.flatMap { DocumentationFence.all("yaml", in: $0) }.filter { !$0.isOther }

    @Test func thereAreExamples() {
        #expect(Self.fences.count >= 30)
        #expect(Self.fences.contains { $0.isWrong })
        #expect(Set(Self.fences.map(\.page)).isSuperset(of: ["README.md", "Docs/Workflow.md", "Docs/GettingStarted.md", "Docs/Costs.md", "Docs/Providers.md"]))
    }

    @Test(arguments: fences) func isTaken(fence: DocumentationFence) throws {
        let (root, problems) = YAMLReader.read(fence.text, file: "example")
        guard let root, problems.isEmpty else {
            #expect(fence.isWrong, "\(fence): \(problems.map(\.message))")
            return
        }
        var errors: [String] = []
        do {
            let text = Self.file(of: root, fence.text)
            let project = try TemporaryProject(Self.files.merging([root.isProject ? "agentctl.yaml" : "w.yaml": text]) { $1 })
            if root.isProject {
                _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root)
            } else {
                _ = try project.load()
            }
        } catch let error as Diagnostics {
            errors = error.errors.map { "\($0.range.map { "line \($0.start.line): " } ?? "")\($0.code) \($0.message)" }
        }
        if fence.isWrong {
            #expect(errors != [], "\(fence) is shown as wrong")
        } else {
            #expect(errors == [], "\(fence)")
        }
    }

    // MARK: What is around a piece

    private static func file(of root: YAMLNode, _ text: String) -> String {
        if root.isProject { return (root["version"] == nil ? "version: 1\n" : "") + text }
        if root["version"] != nil { return text }
        var steps = "  - { id: sections, value: [one, two] }\n  - { id: retrieve, value: { docs: [{ text: one }] } }\n"
        if case .sequence = root.content {
            steps += text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
        }
        let pieces = [
            ("version", "version: 1\nname: example\n"),
            ("inputs", "inputs: { text: {}, name: { type: string }, n: { type: integer }, ticket: {}, lines: { type: array }, clauses: { type: array }, words: { type: array }, photo: { type: string }, history: {} }\n"),
            ("models", "models: { small: { use: local/small }, mid: { use: local/mid }, large: { use: local/large }, eye: { use: local/eye } }\n"),
            ("prefixes", "prefixes: { policy: { text: Be kind. }, ticket: { text: \"${{ inputs.ticket.body }}\" } }\n"),
            ("steps", "steps:\n" + steps),
        ]
        let around = pieces.filter { root[$0.0] == nil }.map(\.1).joined()
        if case .mapping = root.content { return around + text }
        return around
    }

    /// The files that examples name.
    private static let files: [String: String] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/support-triage")
        var files = ["prompts/policy.md": "Be kind.\n", "contracts/lease.pdf": "%PDF-1.7\n", "notes/rules.txt": "Be kind.\n"]
        for name in ["schemas/class.json", "schemas/draft.json", "schemas/score.json", "schemas/verdict.json"] {
            files[name] = try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        }
        return files
    }()
}

extension YAMLNode {
    /// Whether these are keys that only a project file has.
    fileprivate var isProject: Bool {
        guard case .mapping(let pairs) = content else { return false }
        let keys = pairs.compactMap(\.key.scalar?.text)
        let own = LanguageMapping.projectTop.keys.map(\.name).filter { LanguageMapping.top.key($0) == nil }
        return keys == ["version"] || keys.contains(where: own.contains)
    }
}
