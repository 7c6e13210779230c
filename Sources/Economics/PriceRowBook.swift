import Values

/// Price rows that were kept with calls, by which a cost can be derived again.
public struct PriceRowBook: Sendable {
    private var rows: TextTable<PriceRow> = [:]
    /// Those of one model and unit.
    private var alike: TextTable<[PriceRow]> = [:]

    public init(_ rows: [PriceRow] = []) {
        for row in rows where self.rows[row.id] == nil {
            self.rows[row.id] = row
            alike[Self.key(row.provider, row.model, row.unit), default: []].append(row)
        }
    }

    public subscript(id: String) -> PriceRow? { rows[id] }

    private static func key(_ provider: String, _ model: String, _ unit: PriceUnit) -> String { "\(provider)\u{0}\(model)\u{0}\(unit.rawValue)" }

    /// The row of another unit that stands in the same price list as one that a call was charged by: of the same model, on the same terms, in force at the same moment, for a prompt of that size.
    func row(_ unit: PriceUnit, beside row: PriceRow, promptTokens: Int, at moment: Timestamp) -> PriceRow? {
        func bytes(_ a: String?, _ b: String?) -> Bool { a.map { one in b.map { one.hasSameBytes(as: $0) } ?? false } ?? (b == nil) }
        let fitting = (alike[Self.key(row.provider, row.model, unit)] ?? []).filter { other in
            other.isInForce(at: moment) && other.holds(promptTokens: promptTokens) && (other.window?.contains(moment) ?? true) && bytes(other.region, row.region)
                && bytes(other.agreement, row.agreement) && (other.service == row.service || other.service == nil)
        }
        // What holds at these hours and on these terms goes before what holds always, a row for long prompts before that for all, the latest list before earlier ones.
        return fitting.max { a, b in
            func rank(_ row: PriceRow) -> (Int, Int, Int, Int64, String) {
                (row.service == nil ? 0 : 1, row.window == nil ? 0 : 1, row.leastPrompt, row.effectiveFrom?.microseconds ?? .min, row.id)
            }
            return rank(a) < rank(b)
        }
    }
}
