/// A terminal as far as this program writes to one: a window with a cursor, and the lines that left it at its top.
///
/// What is erased is gone, unless it was a line that scrolled out: as in every terminal, that stays. Cells hold a character each; none here is wide.
/// What it does not know is kept in ``unknown``.
public struct TerminalScreen: Sendable {
    public private(set) var history: [String] = []
    public private(set) var unknown: [String] = []
    /// How often the whole window was erased, or what is below the cursor.
    public private(set) var erasures = 0
    public private(set) var columns: Int
    public private(set) var rows: Int
    private var cells: [[Character]]
    private var (row, column) = (0, 0)
    private var wraps = true
    /// A line that was full: the next character goes to the next one.
    private var isAtEdge = false

    public init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        cells = Array(repeating: [], count: rows)
    }

    public var window: [String] { cells.map { String($0) } }

    /// Everything that a user can scroll to, without the empty lines at the end.
    public var text: [String] {
        var lines = history + window
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// A terminal that does not break lines anew: what is too wide is cut, and lines leave at the top where the cursor would be below the window.
    public mutating func resize(columns: Int, rows: Int) {
        while row >= rows {
            history.append(String(cells.removeFirst()))
            row -= 1
        }
        cells = Array(cells.prefix(rows)) + Array(repeating: [], count: max(0, rows - cells.count))
        for index in cells.indices { cells[index] = Array(cells[index].prefix(columns)) }
        (self.columns, self.rows) = (columns, rows)
        column = min(column, columns - 1)
        isAtEdge = false
    }

    public mutating func receive(_ text: String) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": (column, isAtEdge) = (0, false)
            // As a terminal's driver has it: the line's beginning too.
            case "\n":
                (column, isAtEdge) = (0, false)
                lineFeed()
            case "\u{1B}":
                var sequence = ""
                while let next = rest.popFirst() {
                    sequence.unicodeScalars.append(next)
                    if sequence != "[", ("@"..."~").contains(next) { break }
                }
                obey(sequence)
            default: put(Character(scalar))
            }
        }
    }

    private mutating func put(_ character: Character) {
        if isAtEdge {
            guard wraps else { return cells[row][columns - 1] = character }
            (column, isAtEdge) = (0, false)
            lineFeed()
        }
        while cells[row].count <= column { cells[row].append(" ") }
        cells[row][column] = character
        if column == columns - 1 { isAtEdge = true } else { column += 1 }
    }

    private mutating func lineFeed() {
        guard row == rows - 1 else { return row += 1 }
        history.append(String(cells.removeFirst()))
        cells.append([])
    }

    private mutating func obey(_ sequence: String) {
        let count = Int(sequence.dropFirst().dropLast()) ?? 1
        switch sequence.last {
        case "m": break
        case "A": (row, isAtEdge) = (max(0, row - count), false)
        case "B": (row, isAtEdge) = (min(rows - 1, row + count), false)
        case "K" where sequence == "[2K": cells[row] = []
        case "J": erasures += 1
        case "l" where sequence == "[?7l": wraps = false
        case "h" where sequence == "[?7h": wraps = true
        default: unknown.append(sequence)
        }
    }
}
