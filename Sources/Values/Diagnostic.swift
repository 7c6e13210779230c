/// One problem in what a user wrote: where it is, what was expected, how to mend it.
public struct Diagnostic: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable, Comparable {
        case error, warning

        public static func < (a: Severity, b: Severity) -> Bool { a == .error && b == .warning }
    }

    public let severity: Severity
    /// A stable code such as `AW201`; each is explained in `Docs/Diagnostics.md`.
    public let code: String
    /// One sentence without a full stop.
    public let message: String
    /// `nil` when the problem has no place in a file (the file does not exist).
    public let range: SourceRange?
    /// How to mend it, one sentence; printed under the code frame.
    public let hint: String?

    public init(_ severity: Severity = .error, code: String, _ message: String, at range: SourceRange?, hint: String? = nil) {
        self.severity = severity
        self.code = code
        self.message = message
        self.range = range
        self.hint = hint
    }
}

/// Problems collected in one pass, as an error to throw where work cannot go on.
public struct Diagnostics: Error, Sendable {
    public let all: [Diagnostic]
    /// The texts that the ranges point into, by path, for code frames.
    public let sources: TextTable<String>

    public init(_ all: [Diagnostic], sources: TextTable<String> = [:]) {
        self.all = all.sorted { a, b in
            guard let x = a.range?.start, let y = b.range?.start else { return a.range == nil && b.range != nil }
            return (x.file, x.line, x.column) < (y.file, y.line, y.column)
        }
        self.sources = sources
    }

    public var errors: [Diagnostic] { all.filter { $0.severity == .error } }
    /// The same problems where they do not stand in the way.
    public var asWarnings: Diagnostics {
        Diagnostics(all.map { Diagnostic(.warning, code: $0.code, $0.message, at: $0.range, hint: $0.hint) }, sources: sources)
    }

    public var hasErrors: Bool { all.contains { $0.severity == .error } }
}
