import Foundation
import JSONSchema
import TestSupport
import Testing
import Values

@testable import WorkflowLoading

/// A workflow with most keys of the language, and its project, are taken without an error.
@Suite struct LanguageExampleTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/support-triage").path

    private func keys(_ diagnostics: [Diagnostic]) -> [String] {
        diagnostics.map { String($0.message.split(separator: "'")[0]) }
    }

    @Test func everyPartIsTakenAndWhatIsNotRunIsNamed() throws {
        let project = try ProjectLoader.load(named: nil, searchingFrom: Self.folder)
        #expect(project.secrets == ["kb"])
        #expect(keys(project.notExecuted.all) == ["budgets", "telemetry"])
        let loaded = try WorkflowLoader.load("\(Self.folder)/support-triage.yaml", root: project.root, secrets: project.secrets, warns: true)
        #expect(Set(loaded.warnings.all.map(\.code)) == ["AW123", "AW426"])
        let expected = [
            "secrets", "failure_cost_usd", "tool", "effect", "idempotency_key", "fees_usd",
        ]
        #expect(keys(loaded.warnings.all.filter { $0.code == "AW123" }) == expected)
        #expect(keys(Diagnostics(loaded.graph.notExecuted).all) == expected)
    }

    @Test func itsEdgesAreThoseOfWhatItReads() throws {
        let graph = try WorkflowLoader.load("\(Self.folder)/support-triage.yaml", root: Self.folder).graph
        let edges = graph.steps.indices.map { step in
            "\(graph.steps[step].id): " + graph.dependencies[step].map { "\(graph.steps[$0.step].id) \($0.kind)" }.joined(separator: ", ")
        }
        #expect(
            edges == [
                "classify: ", "retrieve: classify required", "draft: retrieve guarded, classify required", "compliance: draft required", "review: compliance required",
                "filed: draft required",
            ])
        let draft = try #require(graph.steps[2].modelStep)
        #expect(draft.tier == "small" && draft.furtherTiers == ["mid", "frontier"])
    }

    /// Every example fits the editors' schemas too.
    @Test func editorsTakeIt() throws {
        for (kind, name) in [(EditorSchema.workflow, "support-triage.yaml"), (.project, "agentctl.yaml")] {
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
            let schema = try Schema(compiling: kind.document)
            let found = schema.validate(try #require(YAMLReader.read(text, file: name).node).json).map(\.message)
            #expect(found == [], "\(name)")
        }
    }
}
