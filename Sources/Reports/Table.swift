/// Rows under columns, aligned in terminal cells, cut to the width of the style and never wrapped.
///
/// When it does not fit, flexible columns shrink to their floor; then columns leave, the most expendable first; what is
/// too wide even then is cut at the edge. Columns that left are named below it.
///
/// For example:
///
///     var table = Table([.init("model", floor: 8), .init("cost", .trailing)])
///     table.add(["local/small", "$0.000013"])
///     print(table.text(.plain))
public struct Table: Sendable {
    public enum Alignment: Sendable, Hashable {
        case leading, trailing
    }

    public struct Column: Sendable, Hashable {
        public var title: String
        public var alignment: Alignment
        /// Of a flexible column: how narrow it may become. `nil`: its content is never cut to make room.
        public var floor: Int?
        /// Kept free even when nothing needs it, so that a live picture does not jump.
        public var minimum: Int
        /// Columns with higher numbers leave first; 0 stays.
        public var expendable: Int
        /// Absent when no row has content in it.
        public var hidesWhenEmpty: Bool

        public init(
            _ title: String, _ alignment: Alignment = .leading, floor: Int? = nil, minimum: Int = 0, expendable: Int = 0,
            hidesWhenEmpty: Bool = false
        ) {
            self.title = title
            self.alignment = alignment
            self.floor = floor
            self.minimum = minimum
            self.expendable = expendable
            self.hidesWhenEmpty = hidesWhenEmpty
        }
    }

    enum Row: Sendable {
        case cells([StyledText])
        /// A line of its own across all columns.
        case text(StyledText)
    }

    public var columns: [Column]
    public var footer: [StyledText]?
    /// Stands in the place of a table without rows.
    public var emptyText: String
    public var hasHeader: Bool
    /// What of the command shows the columns that have no room.
    public var whole = "--json"
    private(set) var rows: [Row] = []

    public init(_ columns: [Column], emptyText: String = "nothing to show", hasHeader: Bool = true) {
        self.columns = columns
        self.emptyText = emptyText
        self.hasHeader = hasHeader
    }

    /// Adds a row; missing cells are empty.
    public mutating func add(_ cells: [StyledText]) { rows.append(.cells(cells)) }

    /// Adds a line across all columns.
    public mutating func add(line: StyledText) { rows.append(.text(line)) }

    /// The table, each line ended.
    public func text(_ style: TextStyle) -> String { lines(style).map { $0 + "\n" }.joined() }

    public func lines(_ style: TextStyle) -> [String] {
        guard !rows.isEmpty else { return emptyText.wrapped(to: style.width) }
        let widths = fittedWidths(style)
        var lines: [String] = []
        if hasHeader { lines.append(line(columns.map { StyledText($0.title, .dim) }, widths, style)) }
        for row in rows {
            switch row {
            case .cells(let cells): lines.append(line(cells, widths, style))
            case .text(let text): lines.append(text.line(style))
            }
        }
        if let footer {
            let total = widths.reduce(0) { $0 + $1.cells } + Self.gap * (widths.count - 1)
            lines.append(StyledText(String(repeating: style.rule, count: max(0, min(total, style.width ?? total))), .dim).rendered(style))
            lines.append(line(footer, widths, style))
        }
        let hidden = hidden(besides: widths.map(\.column))
        if hasHeader, !hidden.isEmpty {
            let text = "\(hidden.count == 1 ? "column" : "columns") hidden: \(hidden.joined(separator: ", ")) (a wider terminal or \(whole) shows \(hidden.count == 1 ? "it" : "them"))"
            lines += StyledText(text, .dim).wrapped(style).map { $0.line(style) }
        }
        return lines
    }

    private static let gap = 2

    private func line(_ cells: [StyledText], _ widths: [(column: Int, cells: Int)], _ style: TextStyle) -> String {
        var text = StyledText("")
        var pending = 0
        for (position, (column, width)) in widths.enumerated() {
            if position > 0 { pending += Self.gap }
            let cell = column < cells.count ? cells[column].clipped(to: width, style) : ""
            let free = max(0, width - cell.width)
            if columns[column].alignment == .trailing { pending += free }
            guard !cell.isEmpty else {
                if columns[column].alignment == .leading { pending += free }
                continue
            }
            // Spaces are written only before content: no line ends in them.
            text = text + StyledText(String(repeating: " ", count: pending)) + cell
            pending = columns[column].alignment == .leading ? free : 0
        }
        return text.line(style)
    }

    /// The titles of columns with content that have no room.
    private func hidden(besides shown: [Int]) -> [String] {
        columns.indices.filter { column in
            guard !shown.contains(column), !columns[column].title.isEmpty else { return false }
            return !columns[column].hidesWhenEmpty || hasContent(column)
        }.map { columns[$0].title }
    }

    private func hasContent(_ column: Int) -> Bool {
        rows.contains { row in
            guard case .cells(let cells) = row, column < cells.count else { return false }
            return !cells[column].isEmpty
        } || footer.map { column < $0.count && !$0[column].isEmpty } ?? false
    }

    private func fittedWidths(_ style: TextStyle) -> [(column: Int, cells: Int)] {
        var natural = columns.map { hasHeader ? max($0.minimum, StyledText($0.title).width) : $0.minimum }
        var hasContent = columns.map { !$0.hidesWhenEmpty }
        func measure(_ cells: [StyledText]) {
            for (column, cell) in cells.prefix(columns.count).enumerated() where !cell.isEmpty {
                natural[column] = max(natural[column], cell.width)
                hasContent[column] = true
            }
        }
        for case .cells(let cells) in rows { measure(cells) }
        if let footer { measure(footer) }
        var visible = columns.indices.filter { hasContent[$0] }
        guard let limit = style.width else { return visible.map { ($0, natural[$0]) } }
        while true {
            var widths = natural
            var excess = visible.reduce(0) { $0 + natural[$1] } + Self.gap * (visible.count - 1) - limit
            func shrink(to floor: (Int) -> Int) {
                // The widest gives first, cell by cell: columns end alike rather than one starved.
                while excess > 0 {
                    let candidates = visible.filter { columns[$0].floor != nil && widths[$0] > floor($0) }
                    guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
                    widths[widest] -= 1
                    excess -= 1
                }
            }
            shrink { columns[$0].floor ?? 0 }
            let victim = visible.last { column in columns[column].expendable == visible.map { columns[$0].expendable }.max() }
            if excess > 0, let victim, columns[victim].expendable > 0 {
                visible.removeAll { $0 == victim }
                continue
            }
            shrink { _ in 4 }
            return visible.map { ($0, widths[$0]) }
        }
    }
}
