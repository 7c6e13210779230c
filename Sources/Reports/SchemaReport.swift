import Values

/// What `try schema` prints: the verdict, and every error with its place.
public enum SchemaReport {
    /// One way in which a document breaks its schema.
    public struct Finding: Sendable, Hashable {
        /// JSON pointer into the document; empty for the whole of it.
        public let instancePath: String
        /// JSON pointer into the schema.
        public let schemaPath: String
        public let keyword: String
        public let message: String
        /// In the document's file, where it is known.
        public let place: SourceLocation?

        public init(instancePath: String, schemaPath: String, keyword: String, message: String, place: SourceLocation?) {
            self.instancePath = instancePath
            self.schemaPath = schemaPath
            self.keyword = keyword
            self.message = message
            self.place = place
        }
    }

    /// `answer.json: valid`, or a line for each error: `answer.json:3:15: /kind: … (enum)`.
    public static func text(_ findings: [Finding], document: String, style: TextStyle) -> String {
        if findings.isEmpty { return StyledText("\(document): valid").line(style) + "\n" }
        var lines: [String] = []
        for finding in findings {
            let place = finding.place.map(\.description) ?? document
            let subject = finding.instancePath.isEmpty ? "the document" : finding.instancePath
            lines.append(
                (StyledText(place, .bold) + ": " + StyledText(subject, .cyan) + ": " + StyledText(finding.message)
                    + StyledText(" (\(finding.keyword))", .dim)).rendered(style))
        }
        lines.append(StyledText("\(document): not valid, \(Figures.counted(findings.count, "error"))").rendered(style))
        return lines.map { $0 + "\n" }.joined()
    }

    public static func json(_ findings: [Finding]) -> JSONValue {
        [
            "valid": .bool(findings.isEmpty),
            "errors": .array(
                findings.map { finding in
                    [
                        "instance_path": .string(finding.instancePath), "keyword": .string(finding.keyword),
                        "schema_path": .string(finding.schemaPath), "message": .string(finding.message),
                        "line": .number(finding.place?.line), "column": .number(finding.place?.column),
                    ]
                }),
        ]
    }
}
