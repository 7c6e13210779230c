import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

/// Holds the rows of a run against those that follow from its facts, column by column: of whatever columns its tables have.
struct RowComparison {
    let database: Database
    /// The run's number.
    let number: Int64
    let replay: RunReplay
    private let isImported: Bool
    private(set) var faults: [String] = []

    /// - Parameter isImported: whether it was taken in, and has no rows but its own.
    init(_ database: Database, _ number: Int64, _ replay: RunReplay, isImported: Bool = false) {
        self.database = database
        self.isImported = isImported
        self.number = number
        self.replay = replay
    }

    /// What of these tables follows from no fact.
    static let unprovable = [
        "run.id, run.owner, run.location, run.cancel_requested_at, run.cancel_by, run.pruned_at", "answers that a run has not taken yet",
        "price_row.first_used_at",
    ]
    static let ofRun: Set<String> = ["id", "owner", "location", "cancel_requested_at", "cancel_by", "pruned_at"]
    private static let ofAnswer = Set(RowChange.questionAnswered.columns.filter { $0.rule == .set && $0.name != "taken" }.map(\.name))

    /// - Parameters:
    ///   - events: how many the run has.
    ///   - head: the hash of the last.
    mutating func compare(events: Int, head: ContentHash) throws {
        try compareRun(events: events, head: head)
        for table in ["step_attempt", "model_call", "approval", "outcome", "memo_hit", "gate_check", "gate_tier", "gate_draw", "gate_shadow"] {
            try compare(table, expected: isImported ? [:] : replay.tables.rows(table))
        }
        try compare("budget_window", expected: isImported ? [:] : windows)
        try compareMemos()
        try comparePriceRows()
    }

    // MARK: Tables

    private mutating func compareRun(events: Int, head: ContentHash) throws {
        guard let made = replay.tables.rows("run").values.first else { return faults.append("no fact tells how the run began") }
        let whole = Self.run(made, replay.counters, events: events, head: head)
        let expected = isImported ? ImportedRows.changed(whole) : whole
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM run WHERE id = ?", arguments: [number]) else { return }
        compare("run", "the run", row, expected, without: Self.ofRun)
    }

    /// The row of a run with what its counters come to.
    static func run(_ row: RowTables.Row, _ counters: RunCounters, events: Int, head: ContentHash) -> RowTables.Row {
        var expected = row
        func amount(_ sum: MoneySum) -> RowValue { .int(sum.clamped.picoDollars) }
        expected["held_pico"] = amount(counters.run.held)
        expected["open_pico"] = amount(counters.run.open)
        expected["cost_pico"] = amount(counters.cost)
        expected["max_cost_pico"] = counters.run.cap.map { .int($0.picoDollars) } ?? .null
        expected["exceeded_pico"] = counters.run.exceeded.map { .int($0.picoDollars) } ?? .null
        for (column, count) in [
            ("calls", counters.calls), ("input_tokens", counters.inputTokens), ("output_tokens", counters.outputTokens), ("unpriced_calls", counters.unpriced),
            ("last_seq", events),
        ] { expected[column] = .int(Int64(count)) }
        expected["last_hash"] = .hash(head)
        return expected
    }

    /// Caps below the run's with their counters.
    private var windows: [[RowValue]: RowTables.Row] {
        var rows: [[RowValue]: RowTables.Row] = [:]
        for (scope, counter) in replay.counters.windows {
            rows[[.text(scope)]] = [
                "scope": .text(scope), "cap_pico": counter.cap.map { .int($0.picoDollars) } ?? .null, "held_pico": .int(counter.held.clamped.picoDollars),
                "unit": .text(TokenCap.unit(ofKey: scope)), "open_pico": .int(counter.open.clamped.picoDollars), "exceeded_pico": counter.exceeded.map { .int($0.picoDollars) } ?? .null,
            ]
        }
        return rows
    }

    private mutating func compare(_ table: String, expected: [[RowValue]: RowTables.Row]) throws {
        let keys = table == "budget_window" ? ["scope"] : RowChange.keys(of: table)
        var rest = expected
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(table) WHERE run = ?", arguments: [number])
        while let row = try rows.next() {
            let key = keys.map { Self.value(row, $0) }
            guard let made = rest.removeValue(forKey: key) else {
                faults.append("\(table): no fact tells of \(Self.name(key))")
                continue
            }
            var without: Set<String> = ["run"]
            if table == "approval", made["taken"] == .int(0) {
                without.formUnion(Self.ofAnswer)
                if !Self.isWhole(row) { faults.append("approval: \(Self.name(key)) has a part of an answer") }
            }
            compare(table, Self.name(key), row, made, without: without)
        }
        for key in rest.keys.map(Self.name).sorted() { faults.append("\(table): \(key) is missing") }
    }

    /// Whether an answer that the run has not taken is there, or nothing of one.
    private static func isWhole(_ row: Row) -> Bool {
        let isThere = { (column: String) in value(row, column) != .null }
        let answer = ["decided_at", "approved", "decided_by"]
        if answer.allSatisfy(isThere) { return true }
        // What the run had spent is told with the question.
        return !ofAnswer.subtracting(["spent_pico", "held_pico"]).contains { row.hasColumn($0) && isThere($0) && value(row, $0) != .int(0) }
    }

    private mutating func compare(_ table: String, _ name: String, _ row: Row, _ expected: RowTables.Row, without: Set<String>) {
        for column in row.columnNames where !without.contains(column) {
            // What is made of others in the row.
            if table == "model_call", column == "call_id" { continue }
            let (stored, told) = (Self.value(row, column), expected[column] ?? .null)
            if stored != told { faults.append("\(table).\(column) of \(name) says \(Self.text(stored)), its facts say \(Self.text(told))") }
        }
    }

    /// What is remembered is kept once for all runs: it may be a later run's.
    private mutating func compareMemos() throws {
        var rest = isImported ? [:] : replay.tables.rows("memo")
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM memo WHERE run = ?", arguments: [number])
        for row in rows {
            let key = [Self.value(row, "question")]
            guard let made = rest.removeValue(forKey: key) else {
                faults.append("memo: no fact tells of \(Self.name(key))")
                continue
            }
            compare("memo", Self.name(key), row, made, without: ["run"])
        }
        for (key, made) in rest {
            guard case .hash(let question)? = key.first, case .int(let at)? = made["at"] else { continue }
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT at, EXISTS (SELECT 1 FROM event WHERE event.run = memo.run AND kind = 'memo_kept' AND instr(payload, ?2) > 0) FROM memo
                    WHERE question = ?1
                    """, arguments: [question.data, question.hex])
            guard let row else { continue }
            if (row[0] as Int64) < at || !(row[1] as Bool) { faults.append("memo.run of \(Self.name(key)) is another's, which no fact tells") }
        }
    }

    /// The rows that calls were held and charged by: each is what its name says.
    private mutating func comparePriceRows() throws {
        var ids: TextSet = []
        for call in replay.tables.rows("model_call").values {
            guard case .text(let list)? = call["price_rows"], let names = (try? JSONParser.parse(list))?.arrayValue else { continue }
            ids.formUnion(names.compactMap(\.stringValue))
        }
        for id in ids.sorted() {
            let json = try String.fetchOne(database, sql: "SELECT json FROM price_row WHERE id = ?", arguments: [id])
            if json.map({ !PriceRow.isTold(id: id, by: $0) }) ?? PriceRow.isSealed(id) {
                faults.append("price_row.json of \(id) \(json == nil ? "is missing" : "is not what its name says")")
            }
        }
        for (key, made) in replay.tables.rows("price_row") {
            guard case .text(let id)? = key.first, case .text(let json)? = made["json"] else { continue }
            let stored = try String.fetchOne(database, sql: "SELECT json FROM price_row WHERE id = ?", arguments: [id])
            if stored?.hasSameBytes(as: json) != true { faults.append("price_row.json of \(id) says \(stored ?? "nothing"), its fact says \(json)") }
        }
    }

    // MARK: Values

    private static func value(_ row: Row, _ column: String) -> RowValue {
        let value: DatabaseValue = row[column]
        switch value.storage {
        case .null: return .null
        case .int64(let number): return .int(number)
        case .double(let number): return .text("\(number)")
        case .string(let text): return .text(text)
        case .blob(let data): return data.withUnsafeBytes { ContentHash(bytes: $0) }.map(RowValue.hash) ?? .text("\(data.count) bytes")
        }
    }

    private static func text(_ value: RowValue) -> String {
        switch value {
        case .null: return "nothing"
        case .int(let number): return "\(number)"
        case .text(let text): return "'\(text.count > 200 ? text.prefix(200) + "…" : text)'"
        case .hash(let hash): return hash.hex
        }
    }

    /// What tells a row apart, for people.
    private static func name(_ key: [RowValue]) -> String { key.filter { $0 != .text("") }.map(text).joined(separator: " ") }
}

extension ContentHash {
    var data: Data { withUnsafeBytes { Data($0) } }
}
