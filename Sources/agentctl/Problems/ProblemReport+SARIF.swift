import Values
import WorkflowLoading

/// SARIF 2.1.0 (OASIS standard of 27 March 2020): what code hosts and editors show as annotations.
extension ProblemReport {
    func writeSARIF() {
        let codes = Set(diagnostics.all.map(\.code)).sorted()
        let indexes = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, $0) })
        let driver: JSONValue = [
            "name": "agentctl", "version": .string(Version.number), "semanticVersion": .string(Version.number), "rules": .array(codes.map(Self.rule)),
        ]
        let run: JSONValue = [
            "tool": ["driver": driver],
            // As `SourceLocation` counts.
            "columnKind": "unicodeCodePoints",
            "results": [],
        ]
        let document: JSONValue = [
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "version": "2.1.0", "runs": [run],
        ]
        Output.write(document, filling: "results", with: diagnostics.all.lazy.map { Self.result($0, rule: indexes[$0.code]!) })
    }

    private static func rule(_ code: String) -> JSONValue {
        var rule: JSONObject = ["id": .string(code)]
        if let explanation = DiagnosticExplanation.of(code) {
            rule["shortDescription"] = ["text": .string(explanation.title)]
            rule["fullDescription"] = ["text": .string(explanation.meaning)]
            rule["help"] = ["text": .string("Mend it: \(explanation.mend)"), "markdown": .string(explanation.markdown)]
            rule["defaultConfiguration"] = ["level": explanation.isWarning ? "warning" : "error"]
        }
        rule["properties"] = ["documentation": .string(Diagnostic.documentation(of: code))]
        return .object(rule)
    }

    private static func result(_ diagnostic: Diagnostic, rule: Int) -> JSONValue {
        let text = diagnostic.message + (diagnostic.hint.map { " (\($0))" } ?? "")
        var result: JSONObject = [
            "ruleId": .string(diagnostic.code), "ruleIndex": .int(Int64(rule)), "level": .string(diagnostic.severity.rawValue), "message": ["text": .string(text)],
        ]
        if let range = diagnostic.range {
            let region: JSONValue = [
                "startLine": .int(Int64(range.start.line)), "startColumn": .int(Int64(range.start.column)), "endLine": .int(Int64(range.end.line)),
                "endColumn": .int(Int64(range.end.column)),
            ]
            result["locations"] = [["physicalLocation": ["artifactLocation": ["uri": .string(uri(range.file))], "region": region]]]
        }
        result["properties"] = ["documentation": .string(diagnostic.documentation)]
        return .object(result)
    }

    /// A path as a URI reference (RFC 3986): relative ones stay relative, to the folder where the command ran.
    private static func uri(_ path: String) -> String {
        let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
        let hex = Array("0123456789ABCDEF")
        var text = path.hasPrefix("/") ? "file://" : ""
        for byte in path.utf8 {
            if kept.contains(byte) { text.unicodeScalars.append(Unicode.Scalar(byte)) } else { text += "%\(hex[Int(byte >> 4)])\(hex[Int(byte & 15)])" }
        }
        return text
    }
}
