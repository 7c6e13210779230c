import Foundation
import TestSupport
import Testing

/// The pages for whoever changes the program name what is there.
@Suite struct ContributingTests {
    private static func page(_ name: String) throws -> [String] {
        try String(contentsOfFile: Sandbox.repository + "/" + name, encoding: .utf8).components(separatedBy: "\n")
    }

    /// What stands between backquotes in a line.
    private static func quoted(_ line: String) -> [String] {
        line.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }

    /// Whether a path has a part that stands for a new name: `NAMERule.swift`, `FORMAT`.
    private static func isNew(_ path: String) -> Bool {
        ["NAME", "FORMAT", "NUMBER"].contains { path.contains($0) }
    }

    @Test func theFilesThatAreNamedAreThere() throws {
        let roots = ["Sources/", "Tests/", "Docs/"]
        var sections: [String: [String]] = [:]
        var section = ""
        for line in try Self.page("CONTRIBUTING.md") {
            if line.hasPrefix("### ") { section = String(line.dropFirst(4)) }
            for path in Self.quoted(line) where roots.contains(where: path.hasPrefix) {
                sections[section, default: []].append(path)
                // Of a new file its folder is there, unless that is new, too.
                var known = path
                while Self.isNew(known) { known = String(known[..<known.lastIndex(of: "/")!]) }
                #expect(FileManager.default.fileExists(atPath: Sandbox.repository + "/" + known), "\(section): \(path)")
            }
        }
        for name in ["A provider with a known wire format", "A wire format", "A rule of validate", "A check of an answer", "A step kind", "A command"] {
            #expect((sections[name]?.count ?? 0) >= 4, "\(name) names its files")
        }
    }

    @Test func theTargetsThatAreNamedAreThere() throws {
        let targets = Set(
            try Self.page("Makefile").compactMap { line -> String? in
                guard let colon = line.firstIndex(of: ":"), line.contains(" ## ") else { return nil }
                return String(line[..<colon])
            })
        let fenced = DocumentationFence.all("sh", in: "CONTRIBUTING.md").flatMap { $0.text.components(separatedBy: "\n") }
        let called = fenced.compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.first == "make" && words.count > 1 ? String(words[1]) : nil
        }
        #expect(called.contains("test") && called.contains("build"))
        for target in called { #expect(targets.contains(target), "make \(target)") }
    }

    /// Keep a Changelog, 1.1.0: what is not released first, then versions with their days, each with headings of six kinds.
    @Test func theChangelogHasItsForm() throws {
        let lines = try Self.page("CHANGELOG.md")
        #expect(lines.first == "# Changelog")
        let versions = lines.filter { $0.hasPrefix("## ") }
        #expect(versions.first == "## [Unreleased]")
        for version in versions.dropFirst() {
            #expect(version.wholeMatch(of: /## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}/) != nil, "\(version)")
        }
        let kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
        let headings = lines.filter { $0.hasPrefix("### ") }
        #expect(!headings.isEmpty)
        for heading in headings { #expect(kinds.contains(String(heading.dropFirst(4))), "\(heading)") }
    }

    /// Two builds of one commit are of the same packages.
    @Test func packagesArePinnedToWhatIsResolved() throws {
        let manifest = try Self.page("Package.swift")
        let resolved = try String(contentsOfFile: Sandbox.repository + "/Package.resolved", encoding: .utf8)
        let pins = try #require(try JSONSerialization.jsonObject(with: Data(resolved.utf8)) as? [String: Any])["pins"] as? [[String: Any]]
        let versions = Dictionary(
            uniqueKeysWithValues: try #require(pins).compactMap { pin in
                ((pin["location"] as? String), (pin["state"] as? [String: Any])?["version"] as? String)
            }.compactMap { location, version in location.map { ($0, version) } })
        let declared = manifest.filter { $0.contains(".package(url:") }
        #expect(declared.count >= 4)
        for line in declared {
            let texts = line.components(separatedBy: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            #expect(line.contains(", exact: \""), "\(line)")
            #expect(texts.count == 2 && versions[texts[0]] == texts[1], "\(line)")
        }
    }
}
