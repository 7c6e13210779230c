import Foundation
import TestSupport
import Testing
import Values
import WorkflowLoading

/// Every code that the sources can report is explained, each example shows it, and what mends it does.
@Suite struct ExplanationTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func everyCodeOfTheSourcesIsExplainedAndNoOther() throws {
        let sources = Self.repository.appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" && !file.lastPathComponent.hasPrefix("DiagnosticExplanation") {
            for match in try String(contentsOf: file, encoding: .utf8).matches(of: /"((?:A[WX]|CP)[0-9]{3})"/) { found.insert(String(match.1)) }
        }
        let explained = DiagnosticExplanation.all.map(\.code)
        #expect(Set(explained).count == explained.count)
        #expect(found.subtracting(explained).sorted() == [], "not explained")
        #expect(Set(explained).subtracting(found).sorted() == [], "explained, but nothing reports it")
    }

    @Test func thePageIsMadeOfTheExplanations() throws {
        let page = try String(contentsOf: Self.repository.appendingPathComponent("Docs/Diagnostics.md"), encoding: .utf8)
        let isCurrent = page == DiagnosticExplanation.page
        #expect(isCurrent, "agentctl explain --all > Docs/Diagnostics.md")
        for explanation in DiagnosticExplanation.all {
            #expect(page.contains("\n## \(explanation.code)\n"))
            #expect(Diagnostic.documentation(of: explanation.code) == "Docs/Diagnostics.md#\(explanation.code.lowercased())")
        }
    }

    @Test func codesAreFoundInAnyCase() {
        #expect(DiagnosticExplanation.of("aw101")?.code == "AW101")
        #expect(DiagnosticExplanation.of("AW999") == nil)
    }

    @Test(arguments: DiagnosticExplanation.all.filter { $0.example.map { ![.other, .caches].contains($0.place) } ?? false }.map(\.code))
    func anExampleShowsItsCode(code: String) throws {
        let example = try #require(DiagnosticExplanation.of(code)?.example)
        #expect(try codes(example.wrong, example.place).contains(code))
        if let right = example.right { #expect(try !codes(right, example.place).contains(code)) }
    }

    private func codes(_ text: String, _ place: DiagnosticExplanation.Place) throws -> Set<String> {
        let head = "version: 1\nname: t\n"
        let yaml: String
        switch place {
        case .project: yaml = "version: 1\n\(text)\n"
        case .workflow where text.contains("steps:"): yaml = head + text + "\n"
        case .workflow: yaml = head + "steps:\n  - { id: a, value: \"1\" }\n" + text + "\n"
        default: yaml = head + "models: { m: { use: local/small } }\nsteps:\n" + text.split(separator: "\n").map { "  \($0)\n" }.joined()
        }
        let project = try TemporaryProject(["w.yaml": yaml])
        do {
            if place == .project {
                _ = try ProjectLoader.load(named: project.path("w.yaml"), searchingFrom: project.root)
                return []
            }
            return Set(try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.map(\.code))
        } catch {
            return Set(error.all.map(\.code))
        }
    }
}
