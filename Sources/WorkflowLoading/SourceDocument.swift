import Values

/// A JSON or YAML document that stands in a file of its own, and where each of its parts is.
public struct SourceDocument: Sendable {
    public let value: JSONValue
    /// The path as the user gave it, or `stdin`.
    public let file: String
    /// For code frames.
    public let text: String
    private let isJSON: Bool

    /// Reads a file: `.yaml` and `.yml` as YAML, `.json` as JSON, any other name as what it turns out to be.
    ///
    /// - Throws: `Diagnostics` when it cannot be read, or is neither.
    public static func load(_ path: String) throws(Diagnostics) -> SourceDocument {
        let text = try SourceFiles(root: "/").read(path)
        return try SourceDocument(parsing: text, file: path)
    }

    /// - Parameter file: decides between YAML and JSON by its extension.
    /// - Throws: `Diagnostics` with frames.
    public init(parsing text: String, file: String) throws(Diagnostics) {
        self.file = file
        self.text = text
        if file.hasSuffix(".yaml") || file.hasSuffix(".yml") {
            value = try Self.yaml(text, file)
            isJSON = false
            return
        }
        do throws(JSONParseError) {
            value = try JSONParser.parse(text)
            isJSON = true
        } catch {
            // What begins like JSON was meant as JSON: the message of its parser is the better one.
            let begin = text.first { !$0.isWhitespace }
            if !file.hasSuffix(".json"), begin != "{", begin != "[", begin != "\"" {
                value = try Self.yaml(text, file)
                isJSON = false
                return
            }
            let place = SourceRange(SourceLocation(file: file, line: error.line, column: error.column))
            throw Diagnostics([Diagnostic(code: "AW113", "not JSON: \(error.message)", at: place)], sources: [file: text])
        }
    }

    private static func yaml(_ text: String, _ file: String) throws(Diagnostics) -> JSONValue {
        let (node, problems) = YAMLReader.read(text, file: file)
        guard let node, problems.isEmpty else { throw Diagnostics(problems, sources: [file: text]) }
        return node.json
    }

    /// Where the parts at these JSON pointers stand, the nearest part around those that are not there. `nil` where the places of the document are not
    /// known, as of one with more parts than YAML may have here.
    public func ranges(at pointers: [String]) -> [SourceRange?] {
        let root = isJSON ? JSONNodes.read(text, file: file) : YAMLReader.read(text, file: file).node
        return pointers.map { pointer in root?.nearest(to: pointer).node.range.firstLine }
    }
}
