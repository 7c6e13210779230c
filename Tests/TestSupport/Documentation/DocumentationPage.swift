import Foundation

/// A page of the documentation by its headings, its tables and its code, so that what it must say is held against a place in it and
/// not against a text that happens to be somewhere.
public struct DocumentationPage: Sendable {
    public struct Section: Sendable {
        /// 0 for what stands before the first heading.
        public let level: Int
        public let title: String
        /// Up to the next heading of its level or above, its own headings included.
        public fileprivate(set) var lines: [String] = []

        /// Its tables, each with its head and then its rows, by cells.
        public var tables: [[[String]]] {
            var tables: [[[String]]] = []
            var isInside = false
            for line in lines {
                if line.hasPrefix("|") {
                    if !isInside { tables.append([]) }
                    if !Self.isRule(line) { tables[tables.count - 1].append(Self.cells(line)) }
                }
                isInside = line.hasPrefix("|")
            }
            return tables
        }

        /// The rows of all of its tables, without the heads.
        public var rows: [[String]] { tables.flatMap { $0.dropFirst() } }

        /// What stands in its code, in spans and in fences.
        public var code: [String] {
            var (found, isFenced): ([String], Bool) = ([], false)
            var spans: [String] = []
            for line in lines {
                if line.hasPrefix("```") { isFenced.toggle() } else if isFenced { found.append(line) } else { spans.append(line) }
            }
            // A span may go over the end of a line.
            return found + DocumentationPage.spans(in: spans.joined(separator: " "))
        }

        /// Whole words of its code: letters, digits and `_`.
        public var codeWords: Set<String> { Set(code.flatMap { DocumentationPage.words(of: $0) }) }

        /// Whole flags in its text, without their hyphens.
        public var flags: Set<String> {
            Set(lines.flatMap { $0.matches(of: /(?:^|[^A-Za-z0-9-])--([a-z][a-z0-9-]*)/).map { String($0.1) } })
        }

        private static func isRule(_ line: String) -> Bool { line.hasPrefix("|") && line.allSatisfy { "|-: ".contains($0) } && line.contains("-") }

        private static func cells(_ line: String) -> [String] {
            line.dropFirst().dropLast(line.hasSuffix("|") ? 1 : 0).split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    public let path: String
    /// In their order, inner ones beside those around them.
    public let sections: [Section]

    /// - Parameter path: from the repository's folder.
    public init(_ path: String) throws {
        self.path = path
        let text = try String(contentsOf: DocumentationFence.repository.appendingPathComponent(path), encoding: .utf8)
        var (sections, open, isFenced): ([Section], [Int], Bool) = ([Section(level: 0, title: "")], [0], false)
        var shared = Section(level: 0, title: "")
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```") { isFenced.toggle() }
            let level = isFenced ? 0 : line.prefix { $0 == "#" }.count
            if level > 0, line.dropFirst(level).hasPrefix(" ") {
                open.removeAll { sections[$0].level >= level || sections[$0].level == 0 }
                open.append(sections.count)
                sections.append(Section(level: level, title: String(line.dropFirst(level + 1))))
            } else {
                for index in open { sections[index].lines.append(line) }
                if !sections.contains(where: { $0.level > 1 }) { shared.lines.append(line) }
            }
        }
        self.sections = sections
        self.shared = shared
    }

    /// What stands before the first section of the page, below its title: it holds for all of them.
    public let shared: Section

    /// The one section of a title; `nil` where there is none or are several.
    public func section(_ title: String) -> Section? {
        let found = sections.filter { $0.title == title }
        return found.count == 1 ? found[0] : nil
    }

    /// What stands between backquotes.
    public static func spans(in text: String) -> [String] {
        text.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }

    public static func words(of text: String) -> [String] {
        text.split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_") }.map(String.init)
    }
}
