import Values
import WorkflowModel

/// What `replay` prints of a run.
public enum ReplayResult {
    /// Of what was expected and of what was found, around the first byte that is another.
    private static let shown = 160

    /// A line, then what is different, then what is to be said besides.
    public static func text(_ report: ReplayReport, style: TextStyle) -> String {
        let counts = "\(Figures.counted(report.facts, "fact")), \(Figures.counted(report.steps, "step")), \(Figures.counted(report.calls, "call"))"
        var head = StyledText(report.run, .bold) + "  "
        switch report.verdict {
        case .identical: head = head + StyledText("identical", .green) + StyledText("  \(counts)")
        case .redacted: head = head + StyledText("redacted", .yellow) + StyledText("  \(counts); \(Figures.counted(report.redacted, "document")) could be compared by hash alone")
        case .different: head = head + StyledText("different", .red) + StyledText("  behind \(counts)")
        }
        var lines = [head.rendered(style)]
        let width = style.width.map { $0 - 2 }
        if let difference = report.difference {
            for line in difference.message.wrapped(to: width) { lines.append(StyledText("  " + line, .red).rendered(style)) }
            for (label, text) in [("expected", difference.expected), ("found", difference.found)] {
                guard let text else { continue }
                lines.append(StyledText("  \(label): \(excerpt(text, around: difference.firstByte))", .dim).rendered(style))
            }
        }
        for warning in report.warnings { for line in warning.wrapped(to: width) { lines.append(StyledText("  " + line, .yellow).rendered(style)) } }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func excerpt(_ text: String, around byte: Int?) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count > shown else { return text.oneLine }
        let start = max(0, min((byte ?? 0) - shown / 3, bytes.count - shown))
        let part = String(decoding: bytes[start..<min(bytes.count, start + shown)], as: UTF8.self)
        return (start > 0 ? "…" : "") + part.oneLine + (start + shown < bytes.count ? "…" : "")
    }

    public static func json(_ report: ReplayReport) -> JSONValue {
        var object: JSONObject = [
            "run": .string(report.run), "verdict": .string(report.verdict.rawValue), "facts": .int(Int64(report.facts)), "steps": .int(Int64(report.steps)),
            "calls": .int(Int64(report.calls)), "redacted": .int(Int64(report.redacted)), "warnings": .array(report.warnings.map(JSONValue.string)),
        ]
        object["difference"] = report.difference.map(json) ?? .null
        return .object(object)
    }

    private static func json(_ difference: ReplayDifference) -> JSONValue {
        var object: JSONObject = ["what": .string(difference.what.rawValue), "step": .string(difference.path)]
        object["sequence"] = difference.sequence.map { .int(Int64($0)) } ?? .null
        object["expected"] = difference.expected.map(JSONValue.string) ?? .null
        object["found"] = difference.found.map(JSONValue.string) ?? .null
        object["first_byte"] = difference.firstByte.map { .int(Int64($0)) } ?? .null
        object["message"] = .string(difference.message)
        return .object(object)
    }
}

extension String {
    /// With its line ends as signs.
    fileprivate var oneLine: String { String(decoding: utf8.flatMap { $0 == 0x0A ? Array("\\n".utf8) : [$0] }, as: UTF8.self) }
}
