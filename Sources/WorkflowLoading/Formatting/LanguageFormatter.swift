import Values

/// Formats workflow and project files.
public enum LanguageFormatter {
    /// A file before and after.
    public struct Result: Sendable {
        public let before: String
        public let after: String

        public var isFormatted: Bool { before.hasSameBytes(as: after) }
    }

    /// Reads and formats a file; nothing is written.
    ///
    /// - Throws: `Diagnostics`, also when the file cannot be read.
    public static func format(file path: String) throws(Diagnostics) -> Result {
        let before = try SourceFiles(root: "/").read(path)
        return Result(before: before, after: try format(before, file: path))
    }

    /// - Parameter file: names the text in messages.
    /// - Returns: text that says the same: the same tree, the same comments.
    /// - Throws: `Diagnostics` when the text is not YAML as workflows have it, or cannot be formatted without changing what it says.
    public static func format(_ text: String, file: String) throws(Diagnostics) -> String {
        let lines = lineFeeds(text)
        let (before, problems) = YAMLReader.read(lines, file: file)
        guard let before, problems.isEmpty, let first = YAMLFormatter.format(lines) else { throw Diagnostics(problems, sources: [file: lines]) }
        // Formatting what was formatted changes nothing and finds the same comments: what is lost would show here.
        // It is read first: the formatter takes the tokens of what is YAML only.
        guard let after = YAMLReader.read(first.text, file: file).node, after.says(before),
            let again = YAMLFormatter.format(first.text), again.text.hasSameBytes(as: first.text), again.comments.hasSameBytes(as: first.comments)
        else {
            let place = SourceRange(SourceLocation(file: file, line: 1, column: 1))
            throw Diagnostics(
                [Diagnostic(code: "AW020", "this file cannot be formatted without changing what it says", at: place, hint: "it stays as it is")],
                sources: [file: lines])
        }
        return first.text
    }

    private static func lineFeeds(_ text: String) -> String {
        guard text.utf8.contains(0x0D) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == 0x0A, bytes.last == 0x0D { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes.map { $0 == 0x0D ? 0x0A : $0 }, as: UTF8.self)
    }
}

extension YAMLNode {
    /// Whether both are the same, places and quotes aside.
    fileprivate func says(_ other: YAMLNode) -> Bool {
        switch (content, other.content) {
        case (.scalar(let a), .scalar(let b)): return a.text.hasSameBytes(as: b.text) && a.value == b.value
        case (.sequence(let a), .sequence(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.says($1) }
        case (.mapping(let a), .mapping(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.key.says($1.key) && $0.value.says($1.value) }
        default: return false
        }
    }
}
