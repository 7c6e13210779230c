import Values

/// The value of a column.
public enum RowValue: Sendable, Hashable {
    case null
    case int(Int64)
    case text(String)
    case hash(ContentHash)

    /// Texts by their bytes: a row that was changed to another spelling was changed.
    public static func == (a: RowValue, b: RowValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.int(let a), .int(let b)): a == b
        case (.text(let a), .text(let b)): a.hasSameBytes(as: b)
        case (.hash(let a), .hash(let b)): a == b
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .int(let value): hasher.combine(value)
        case .text(let text): text.hashBytes(into: &hasher)
        case .hash(let hash): hasher.combine(hash)
        }
    }
}

/// Rows in memory, as facts make and change them: what a ledger's tables hold of one run.
public final class RowTables: RowSink {
    /// Values by their columns.
    public typealias Row = [String: RowValue]

    /// By table, then by the values of the columns that tell which row.
    public private(set) var tables: [String: [[RowValue]: Row]] = [:]

    private var change = RowChange.runStarted
    private var values: [RowValue] = []

    private let keeping: String?

    /// Without a row.
    ///
    /// - Parameter keeping: the one table whose rows are kept; `nil`: all.
    public init(keeping: String? = nil) { self.keeping = keeping }

    /// Of one table, by their keys.
    public func rows(_ table: String) -> [[RowValue]: Row] { tables[table] ?? [:] }

    public func begin(_ change: RowChange) {
        self.change = change
        values.removeAll(keepingCapacity: true)
    }

    public func put(_ value: Int64?) { values.append(value.map(RowValue.int) ?? .null) }
    public func put(_ text: String?) { values.append(text.map(RowValue.text) ?? .null) }
    public func put(_ hash: ContentHash?) { values.append(hash.map(RowValue.hash) ?? .null) }

    public func end() throws {
        let columns = change.columns
        guard values.count == columns.count else { throw IllegalFact("\(change) has \(values.count) values for \(columns.count) columns") }
        if let keeping, !keeping.hasSameBytes(as: change.table) { return }
        var key: [RowValue] = []
        for (index, column) in columns.enumerated() where column.rule == .key { key.append(values[index]) }
        let table = change.table
        // They are numbered in their order.
        if change == .outcomeRecorded { key = [.int(Int64(rows(table).count + 1))] }
        let known = tables[table]?[key]
        switch change.action {
        case .insert: if known != nil { throw IllegalFact("\(table) has the row \(key) already") }
        case .update: if known == nil { throw IllegalFact("\(change) finds no row of \(table)") }
        case .insertOnce: if known != nil { return }
        case .upsert: break
        }
        var row = known ?? [:]
        for (index, column) in columns.enumerated() {
            let value = values[index]
            switch column.rule {
            case .key, .once: if known == nil { row[column.name] = value }
            case .set: row[column.name] = value
            case .first: if row[column.name] ?? .null == .null { row[column.name] = value }
            case .last: if value != .null || row[column.name] == nil { row[column.name] = value }
            }
        }
        if change == .outcomeRecorded { row["number"] = key[0] }
        tables[table, default: [:]][key] = row
    }
}
