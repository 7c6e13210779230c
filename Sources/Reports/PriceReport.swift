import Values

/// What `prices list` and `prices show` print.
public enum PriceReport {
    /// A price row in words.
    public struct Row: Sendable, Hashable {
        public var id: String
        /// With its provider: `openai/gpt-4o`.
        public var model: String
        /// `input`, `cache_read`, `output`.
        public var unit: String
        /// With what it is for: `$2.50 / 1M tokens`.
        public var price: String
        /// `prompts over 200,000 tokens`; empty when it always holds.
        public var condition: String
        /// Empty: since ever.
        public var from: String
        /// Empty: still in force.
        public var to: String
        public var source: String
        public var checkedAt: String
        /// Other ids that the vendor serves as the same model.
        public var alsoFor: [String]

        public init(
            id: String, model: String, unit: String, price: String, condition: String = "", from: String = "", to: String = "",
            source: String, checkedAt: String, alsoFor: [String] = []
        ) {
            self.id = id
            self.model = model
            self.unit = unit
            self.price = price
            self.condition = condition
            self.from = from
            self.to = to
            self.source = source
            self.checkedAt = checkedAt
            self.alsoFor = alsoFor
        }
    }

    /// One line a row; a model that repeats is named once.
    public static func list(_ rows: [Row], style: TextStyle) -> String {
        var table = Table(
            [
                .init("model", floor: 12), .init("unit"), .init("price", .trailing),
                .init("when", floor: 10, expendable: 4, hidesWhenEmpty: true),
                .init("from", expendable: 3, hidesWhenEmpty: true), .init("to", expendable: 5, hidesWhenEmpty: true),
                .init("checked", expendable: 1), .init("source", floor: 12, expendable: 2),
            ], emptyText: "no price is known; add one under prices: in agentctl.yaml")
        var previous: String?
        for row in rows {
            table.add([
                row.model == previous ? "" : StyledText(row.model), StyledText(row.unit), StyledText(row.price),
                StyledText(row.condition), StyledText(row.from), StyledText(row.to), StyledText(row.checkedAt, .dim),
                StyledText(row.source, .dim),
            ])
            previous = row.model
        }
        return table.text(style)
    }

    /// Everything about the rows of one model.
    public static func detail(_ rows: [Row], model: String, style: TextStyle) -> String {
        guard !rows.isEmpty else {
            return "no price is known for \(model); add one under prices: in agentctl.yaml".wrapped(to: style.width)
                .map { $0 + "\n" }.joined()
        }
        var lines = [StyledText(model, .bold)]
        for row in rows {
            lines.append("")
            lines += Figures.flow([StyledText(row.unit, .cyan), StyledText(row.price)], style)
            let period = row.from.isEmpty && row.to.isEmpty ? "" : "\(row.from.isEmpty ? "ever" : row.from) to \(row.to.isEmpty ? "now" : row.to)"
            for (name, value) in [
                ("model", row.model == model ? "" : row.model), ("also for", row.alsoFor.joined(separator: ", ")), ("when", row.condition), ("valid", period), ("source", row.source), ("checked", row.checkedAt), ("row", row.id),
            ] where !value.isEmpty {
                let label = "  " + name + String(repeating: " ", count: 9 - name.count)
                for (index, part) in value.wrapped(to: style.width.map { max(8, $0 - 11) }).enumerated() {
                    lines.append(StyledText(index == 0 ? label : String(repeating: " ", count: 11), .dim) + StyledText(part))
                }
            }
        }
        return lines.map { $0.line(style) + "\n" }.joined()
    }

    /// The rows as data; empty fields are `null`.
    public static func json(_ rows: [Row]) -> JSONValue {
        func text(_ value: String) -> JSONValue { value.isEmpty ? .null : .string(value) }
        return [
            "prices": .array(
                rows.map { row in
                    [
                        "id": .string(row.id), "model": .string(row.model), "unit": .string(row.unit), "price": .string(row.price),
                        "condition": text(row.condition), "from": text(row.from), "to": text(row.to), "source": text(row.source),
                        "checked_at": text(row.checkedAt), "also_for": .array(row.alsoFor.map(JSONValue.string)),
                    ]
                })
        ]
    }
}
