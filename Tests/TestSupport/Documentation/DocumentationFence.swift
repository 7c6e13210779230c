import Foundation

/// A block of code in a page of the documentation.
public struct DocumentationFence: Sendable, CustomStringConvertible {
    public let page: String
    /// Of the first line of its text, from 1.
    public let line: Int
    /// `yaml`, `console`, …
    public let language: String
    /// Whether the page shows it as a mistake: ```` ```yaml wrong ````.
    public let isWrong: Bool
    /// Whether it is a file of another program: ```` ```yaml other ````.
    public let isOther: Bool
    public let text: String

    public var description: String { "\(page):\(line)" }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The README and the pages of `Docs`, by path from the repository's folder.
    public static var pages: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: repository.appendingPathComponent("Docs").path)) ?? []
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "Docs/" + $0 }
    }

    /// Those of one language in a page.
    public static func all(_ language: String, in page: String) -> [DocumentationFence] {
        guard let text = try? String(contentsOf: repository.appendingPathComponent(page), encoding: .utf8) else { return [] }
        var fences: [DocumentationFence] = []
        var open: (words: [Substring], line: Int, lines: [Substring])?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("```") else {
                open?.lines.append(line)
                continue
            }
            if let (words, start, lines) = open {
                if words.first.map(String.init) == language {
                    fences.append(
                        DocumentationFence(
                            page: page, line: start, language: language, isWrong: words.contains("wrong"), isOther: words.contains("other"),
                            text: lines.map { $0 + "\n" }.joined()))
                }
                open = nil
            } else {
                open = (line.dropFirst(3).split(separator: " "), number + 2, [])
            }
        }
        return fences
    }
}
