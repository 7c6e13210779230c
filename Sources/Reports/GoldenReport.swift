import Values
import WorkflowModel

/// What replaying a folder of bundles found.
public struct GoldenReport: Sendable {
    public enum Verdict: String, Sendable, Hashable {
        case ok
        /// The same, as far as documents that are not there let it be said.
        case redacted
        case different
        /// No bundle, one that was changed, or one that cannot be replayed here.
        case unreadable
    }

    /// One bundle.
    public struct Entry: Sendable {
        /// The file, without its folder.
        public let name: String
        public let verdict: Verdict
        /// `nil`: it is not readable.
        public let run: String?
        public let workflow: String?
        /// As replaying told it.
        public let report: ReplayReport?
        /// Why it is not readable.
        public let problem: String?
        public let time: TimeSpan
        /// What became of it where it was to be recorded anew; `nil`: nothing was to be done.
        public var update: String?

        public init(name: String, run: String?, workflow: String?, report: ReplayReport, time: TimeSpan) {
            self.name = name
            self.run = run
            self.workflow = workflow
            self.report = report
            self.time = time
            // A test that compares nothing has not passed.
            problem = report.isCutShort ? "it cannot be compared behind fact \(report.facts), as documents that decide what follows are not there" : nil
            verdict =
                switch report.verdict {
                case .identical: .ok
                case .redacted: report.isCutShort ? .unreadable : .redacted
                case .different: .different
                }
        }

        public init(name: String, run: String? = nil, workflow: String? = nil, problem: String, time: TimeSpan) {
            self.name = name
            self.run = run
            self.workflow = workflow
            self.problem = problem
            self.time = time
            verdict = .unreadable
            report = nil
        }
    }

    /// As it was named.
    public let folder: String
    public var entries: [Entry] = []

    public init(folder: String) { self.folder = folder }

    public func count(_ verdict: Verdict) -> Int { entries.count { $0.verdict == verdict } }

    // MARK: Text

    /// A line for a bundle, with what is different below it.
    public static func text(_ entry: Entry, style: TextStyle) -> String {
        let tint: Tint = entry.verdict == .ok ? .green : entry.verdict == .redacted ? .yellow : .red
        var line = StyledText(entry.verdict.rawValue, tint) + StyledText("  \(entry.name)")
        if let report = entry.report {
            line = line + StyledText("  \(Figures.counted(report.steps, "step")), \(Figures.counted(report.calls, "call")), \(Figures.counted(report.facts, "fact"))", .dim)
            if report.redacted > 0 { line = line + StyledText(", \(Figures.counted(report.redacted, "document")) by hash alone", .dim) }
        }
        var lines = [line]
        if let problem = entry.problem { lines += problem.wrapped(to: style.width.map { $0 - 2 }).map { StyledText("  " + $0, .red) } }
        if let difference = entry.report?.difference { lines += DifferenceText.lines(of: difference, style) }
        for warning in entry.report?.warnings ?? [] { lines += warning.wrapped(to: style.width.map { $0 - 2 }).map { StyledText("  " + $0, .yellow) } }
        if let update = entry.update { lines.append(StyledText("  " + update)) }
        return lines.map { $0.rendered(style) + "\n" }.joined()
    }

    /// One line.
    public func summary(style: TextStyle) -> String {
        var parts = [Figures.counted(entries.count, "bundle")]
        for verdict in [Verdict.ok, .redacted, .different, .unreadable] where count(verdict) > 0 { parts.append("\(Figures.count(count(verdict))) \(verdict.rawValue)") }
        return parts.joined(separator: ", ") + "\n"
    }

    // MARK: JSON

    public var json: JSONValue {
        [
            "folder": .string(folder), "bundles": .number(entries.count), "ok": .number(count(.ok)), "redacted": .number(count(.redacted)),
            "different": .number(count(.different)), "unreadable": .number(count(.unreadable)), "results": .array(entries.map(Self.json)),
        ]
    }

    private static func json(_ entry: Entry) -> JSONValue {
        var object: JSONObject = [
            "bundle": .string(entry.name), "verdict": .string(entry.verdict.rawValue), "run": .text(entry.run), "workflow": .text(entry.workflow), "ms": .int(entry.time.milliseconds),
        ]
        if let problem = entry.problem { object["problem"] = .string(problem) }
        if let report = entry.report {
            object["facts"] = .number(report.facts)
            object["steps"] = .number(report.steps)
            object["calls"] = .number(report.calls)
            object["redacted_documents"] = .number(report.redacted)
            object["warnings"] = .array(report.warnings.map(JSONValue.string))
            if let difference = report.difference { object["difference"] = DifferenceText.json(difference) }
        }
        if let update = entry.update { object["update"] = .string(update) }
        return .object(object)
    }

    // MARK: JUnit

    /// As CI servers read it: a suite for the folder, a case for each bundle, a failure for a difference, an error for what is not readable.
    public var junit: String {
        let time = TimeSpan(milliseconds: entries.reduce(0) { $0 + $1.time.milliseconds })
        let counts = "tests=\"\(entries.count)\" failures=\"\(count(.different))\" errors=\"\(count(.unreadable))\" skipped=\"0\" time=\"\(Self.seconds(time))\""
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"agentctl replay\" \(counts)>\n  <testsuite name=\"\(Self.escaped(folder))\" \(counts)>\n"
        for entry in entries {
            text += "    <testcase classname=\"\(Self.escaped(entry.workflow ?? "bundle"))\" name=\"\(Self.escaped(entry.name))\" time=\"\(Self.seconds(entry.time))\""
            let body = Self.body(entry)
            text += body.isEmpty ? "/>\n" : ">\n\(body)    </testcase>\n"
        }
        return text + "  </testsuite>\n</testsuites>\n"
    }

    private static func body(_ entry: Entry) -> String {
        if let problem = entry.problem { return "      <error type=\"unreadable\" message=\"\(escaped(problem.firstLine))\">\(escaped(problem))</error>\n" }
        if let difference = entry.report?.difference {
            let text = DifferenceText.lines(of: difference, .plain).map { $0.rendered(.plain) }.joined(separator: "\n")
            return "      <failure type=\"\(difference.what.rawValue)\" message=\"\(escaped(difference.message.firstLine))\">\(escaped(text))</failure>\n"
        }
        guard entry.verdict == .redacted, let report = entry.report else { return "" }
        return "      <system-out>\(report.redacted) documents are redacted or left out, and were compared by their hashes</system-out>\n"
    }

    /// `0.042`
    private static func seconds(_ span: TimeSpan) -> String {
        let rest = String(span.milliseconds % 1000)
        return "\(span.milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)"
    }

    /// For text and for values of attributes. What XML 1.0 has no place for, section 2.2, becomes the mark of a character that is not known.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&apos;"
            case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
                escaped.unicodeScalars.append(isAllowed ? scalar : "\u{FFFD}")
            }
        }
        return escaped
    }
}

extension String {
    fileprivate var firstLine: String { String(prefix { $0 != "\n" && $0 != "\r\n" }) }
}
