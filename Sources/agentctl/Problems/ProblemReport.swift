import Values

/// The problems of several files, as they are printed or handed to other programs.
struct ProblemReport {
    enum Format: String, CaseIterable {
        case text, json, sarif
    }

    /// In the order of printing: by file, then by place; each problem once, however many files lead to it.
    let diagnostics: Diagnostics

    init(_ problems: [Diagnostics]) {
        var seen: Set<Diagnostic> = []
        diagnostics = Diagnostics(
            problems.flatMap(\.all).filter { seen.insert($0).inserted }, sources: problems.reduce(into: [:]) { $0.merge($1.sources) { $1 } })
    }

    var errors: Int { diagnostics.errors.count }
    var warnings: Int { diagnostics.all.count - errors }

    /// `2 errors, 1 warning`; what is not there is not counted.
    var summary: String {
        func count(_ number: Int, _ word: String) -> String? { number == 0 ? nil : "\(number) \(word)\(number == 1 ? "" : "s")" }
        let counts = [count(errors, "error"), count(warnings, "warning")].compactMap(\.self)
        return counts.isEmpty ? "no problems" : counts.joined(separator: ", ")
    }

    /// All of them to stdout, however many there are.
    ///
    /// - Parameter isValid: the verdict of the command, which may be stricter than the problems.
    func writeJSON(isValid: Bool) {
        Output.write(["valid": .bool(isValid), "diagnostics": []], filling: "diagnostics", with: diagnostics.all.lazy.map(Self.json))
    }

    private static func json(_ diagnostic: Diagnostic) -> JSONValue {
        var object = JSONObject()
        if let range = diagnostic.range {
            object["file"] = .string(range.file)
            object["line"] = .int(Int64(range.start.line))
            object["column"] = .int(Int64(range.start.column))
            object["end_line"] = .int(Int64(range.end.line))
            object["end_column"] = .int(Int64(range.end.column))
        }
        object["severity"] = .string(diagnostic.severity.rawValue)
        object["code"] = .string(diagnostic.code)
        object["message"] = .string(diagnostic.message)
        object["hint"] = diagnostic.hint.map(JSONValue.string)
        object["documentation"] = .string(diagnostic.documentation)
        return .object(object)
    }
}
