/// How a report is written: what the place it goes to can show.
public struct TextStyle: Sendable, Hashable {
    /// Off: not one escape code is written.
    public var usesColor: Bool
    /// Cells in a line; `nil` when there is no terminal and nothing is cut or wrapped.
    public var width: Int?
    /// Off: our own symbols are ASCII. What users and servers wrote is left as it is.
    public var isUnicode: Bool

    public init(usesColor: Bool, width: Int?, isUnicode: Bool) {
        self.usesColor = usesColor
        self.width = width
        self.isUnicode = isUnicode
    }

    /// For files and pipes: no color, no limit.
    public static let plain = TextStyle(usesColor: false, width: nil, isUnicode: true)
}
