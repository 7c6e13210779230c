import GRDBSQLite
import Values
import WorkflowModel

/// Binds the rows that follow from facts to statements, which are made of what ``RowChange`` says of them.
///
/// Confined to the writer's thread.
final class RowWriter: RowSink {
    /// The number of the run whose facts come; that of a new run is what its first row gets.
    var run: Int64 = 0
    /// What the row of a new run has beside what its facts tell.
    var beginning: (owner: Int64?, origin: ContentHash, location: String)?

    private let connection: OpaquePointer
    private let texts: BindingArena
    /// By the change's number; made when the first of its kind comes.
    private var statements = [PreparedStatement?](repeating: nil, count: RowChange.allCases.count)
    /// The same for changes of rows that are mostly there: an update is tried first, which looks for the row once.
    private var updates = [PreparedStatement?](repeating: nil, count: RowChange.allCases.count)
    private var update: PreparedStatement?
    /// What the update was given, in case that it finds no row.
    private var values: [Value] = []
    private var statement: PreparedStatement?
    private var change = RowChange.runStarted
    private var bound: Int32 = 0
    private var recentPriceRows: Set<String> = []
    private var priceRow: String?

    private enum Value {
        case number(Int64?)
        case text(String?)
        case hash(ContentHash?)
    }

    init(connection: OpaquePointer, texts: BindingArena) {
        self.connection = connection
        self.texts = texts
    }

    /// After a rollback: what was remembered as written may not be.
    func forgetRecent() { recentPriceRows.removeAll() }

    func begin(_ change: RowChange) throws {
        self.change = change
        bound = 0
        priceRow = nil
        if !values.isEmpty { values.removeAll(keepingCapacity: true) }
        if let known = statements[change.rawValue] {
            statement = known
        } else {
            let made = try PreparedStatement(Self.sql(change, change.action), on: connection, texts: texts)
            statements[change.rawValue] = made
            statement = made
            if change == .nodeEnded { updates[change.rawValue] = try PreparedStatement(Self.sql(change, .update), on: connection, texts: texts) }
        }
        update = updates[change.rawValue]
    }

    func put(_ value: Int64?) {
        bound += 1
        guard let update else { return statement!.bind(bound, value) }
        update.bind(bound, value)
        values.append(.number(value))
    }

    func put(_ text: String?) {
        bound += 1
        if change == .priceRow, bound == 1 { priceRow = text }
        guard let update else { return statement!.bind(bound, text) }
        update.bind(bound, text)
        values.append(.text(text))
    }

    func put(_ hash: ContentHash?) {
        bound += 1
        guard let update else { return statement!.bind(bound, hash) }
        update.bind(bound, hash)
        values.append(.hash(hash))
    }

    func end() throws {
        let statement = statement!
        switch change {
        case .runStarted:
            guard let beginning else { throw IllegalFact("a run begins once") }
            statement.bind(bound + 1, beginning.owner)
            statement.bind(bound + 2, beginning.origin)
            statement.bind(bound + 3, beginning.location)
            self.beginning = nil
            try statement.run()
            run = sqlite3_last_insert_rowid(connection)
        case .priceRow:
            // Many calls are charged by the same few rows.
            if let priceRow, !recentPriceRows.insert(priceRow).inserted { return texts.reset() }
            try statement.run()
        default:
            if let update {
                update.bind(bound + 1, run)
                if try update.runCountingChanges() == 1 { return }
                for (index, value) in values.enumerated() {
                    switch value {
                    case .number(let number): statement.bind(Int32(index + 1), number)
                    case .text(let text): statement.bind(Int32(index + 1), text)
                    case .hash(let hash): statement.bind(Int32(index + 1), hash)
                    }
                }
            }
            statement.bind(bound + 1, run)
            if change.action == .update {
                guard try statement.runCountingChanges() == 1 else { throw IllegalFact("\(change) finds no row of \(change.table)") }
            } else {
                try statement.run()
            }
        }
    }

    // MARK: Statements

    private static func sql(_ change: RowChange, _ action: RowChange.Action) -> String {
        let columns = change.columns
        let table = change.table
        /// What an update makes of a column; `new` is the value that comes.
        func assignment(_ column: RowChange.Column, _ new: String) -> String? {
            switch column.rule {
            case .key, .once: return nil
            case .set: return "\(column.name) = \(new)"
            case .first: return "\(column.name) = coalesce(\(column.name), \(new))"
            case .last: return "\(column.name) = coalesce(\(new), \(column.name))"
            }
        }
        let run = "?\(columns.count + 1)"
        let keys = columns.enumerated().filter { $1.rule == .key }
        switch action {
        case .update:
            let sets = columns.enumerated().compactMap { assignment($1, "?\($0 + 1)") }
            let conditions = [table == "run" ? "id = \(run)" : "run = \(run)"] + keys.map { "\($1.name) = ?\($0 + 1)" }
            return "UPDATE \(table) SET \(sets.joined(separator: ", ")) WHERE \(conditions.joined(separator: " AND "))"
        case .insert, .insertOnce, .upsert:
            var names = columns.map(\.name)
            var values = columns.indices.map { "?\($0 + 1)" }
            // Whose run it is, where it is of one.
            switch change {
            case .runStarted:
                names += ["owner", "last_hash", "location"]
                values += (1...3).map { "?\(columns.count + $0)" }
            case .priceRow: break
            case .outcomeRecorded:
                names += ["run", "number"]
                values += [run, "(SELECT coalesce(max(number), 0) + 1 FROM outcome WHERE run = \(run))"]
            default:
                names.append("run")
                values.append(run)
            }
            let insert = "INSERT INTO \(table)(\(names.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))"
            if action == .insert { return insert }
            if action == .insertOnce { return insert + " ON CONFLICT DO NOTHING" }
            var sets = columns.compactMap { assignment($0, "excluded.\($0.name)") }
            // What is remembered is kept for all runs, and the last one holds.
            if change == .memoKept { sets.append("run = excluded.run") }
            let key = (change == .memoKept ? [] : ["run"]) + keys.map(\.element.name)
            let rest = change == .memoKept ? " WHERE excluded.at >= at" : ""
            return insert + " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(sets.joined(separator: ", "))" + rest
        }
    }
}
