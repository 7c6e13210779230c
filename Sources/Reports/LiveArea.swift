import Values

/// The lines at the end of a terminal's output that are drawn over again and again: what has to be sent so that they change.
///
/// Lines are erased one by one and the screen never is: a terminal that keeps what is erased, as tmux does, would keep each picture, and one
/// that does not would lose what stood above. Lines do not wrap while they are drawn, whatever the terminal believes of a character's width.
/// Nothing is read from the terminal.
///
/// For example:
///
///     var area = LiveArea()
///     send(area.draw(["▸ step"], columns: 80, rows: 24))
///     send(area.draw(["✓ step"], messages: ["a line that stays"], columns: 80, rows: 24))
public struct LiveArea: Sendable {
    private var drawn: [String] = []
    private var columns = 0
    private var rows = 0
    /// Whether the terminal breaks lines anew that became too wide for it. Where that is not known they are taken to be cut: then a line of an
    /// old picture may stay, and nothing that is not ours is drawn over.
    private let breaksAnew: Bool

    public init(breaksAnew: Bool = false) { self.breaksAnew = breaksAnew }

    /// Whether anything is on the screen that would be drawn over.
    public var isEmpty: Bool { drawn.isEmpty }

    /// What was drawn stays where it is, and the next picture begins below it: somebody else has written meanwhile.
    public mutating func leave() { drawn = [] }

    /// What to send, from the place where the last picture ended.
    ///
    /// - Parameters:
    ///   - lines: fewer than `rows`, none wider than `columns`; tints may be in them.
    ///   - messages: plain texts that stay above the lines; they are broken where they are wider.
    ///   - columns: of the terminal as it is now.
    ///   - rows: of the terminal as it is now.
    public mutating func draw(_ lines: [String], messages: [String] = [], columns: Int, rows: Int) -> String {
        let isResized = columns != self.columns || rows != self.rows
        // Whatever the terminal made of the last picture, the cursor cannot be above the window.
        let height = min(drawn.reduce(0) { $0 + cellRows(of: $1, columns) }, max(0, rows - 1))
        var text = height > 0 ? "\r\u{1B}[\(height)A" : "\r"
        var kept = isResized ? [] : drawn
        var left = height
        if !messages.isEmpty {
            // They may be more than what was drawn: all rows are free before the first is written.
            if height > 0 { text += String(repeating: "\u{1B}[2K\u{1B}[1B", count: height) + "\u{1B}[2K\u{1B}[\(height)A" }
            for line in messages.flatMap({ $0.wrapped(to: columns) }) { text += line + "\n" }
            kept = []
            left = 0
        }
        text += "\u{1B}[?7l"
        for (index, line) in lines.enumerated() {
            // In the lines that are there already, a line end moves the cursor and nothing else.
            text += index < kept.count && kept[index] == line ? "\n" : "\u{1B}[2K\(line)\n"
        }
        // The row of the cursor too: what was typed stands there.
        let below = max(0, left - lines.count)
        text += "\u{1B}[2K"
        if below > 0 { text += String(repeating: "\u{1B}[1B\u{1B}[2K", count: below) + "\u{1B}[\(below)A" }
        text += "\u{1B}[?7h"
        (drawn, self.columns, self.rows) = (lines, columns, rows)
        return text
    }

    /// The rows that a line takes that was drawn when the terminal was as wide as it was then.
    private func cellRows(of line: String, _ columns: Int) -> Int {
        guard breaksAnew, columns < self.columns, columns > 0 else { return 1 }
        return max(1, (Self.width(of: line) + columns - 1) / columns)
    }

    private static func width(of line: String) -> Int {
        var text = ""
        var rest = line[...]
        while let escape = rest.firstIndex(of: "\u{1B}") {
            text += rest[..<escape]
            rest = rest[escape...].drop { $0 != "m" }.dropFirst()
        }
        return (text + rest).terminalWidth
    }
}
