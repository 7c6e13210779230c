/// A place in a text file.
public struct SourceLocation: Sendable, Hashable {
    /// The path as the user knows it.
    @ByBytes public private(set) var file: String
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourceLocation: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column)" }
}

/// A stretch of a text file, from the first character to the one after the last.
public struct SourceRange: Sendable, Hashable {
    public let start: SourceLocation
    public let end: SourceLocation

    public init(_ start: SourceLocation, _ end: SourceLocation) {
        self.start = start
        self.end = end
    }

    public init(_ start: SourceLocation, length: Int = 1) {
        self.init(start, SourceLocation(file: start.file, line: start.line, column: start.column + length))
    }

    public var file: String { start.file }

    /// The first line of a long stretch, so that a frame points at its start.
    public var firstLine: SourceRange { end.line == start.line ? self : SourceRange(start) }
}
