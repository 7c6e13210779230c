import Economics
import GRDB
import Values
import WorkflowModel

/// Rows held against each other: what can be said of a run whose facts do not tell all that its rows hold, as they are of an earlier form,
/// or are removed.
extension RunVerifier {
    func formerFaults(_ number: Int64) throws -> [String] {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT r.held_pico, r.open_pico, r.cost_pico, r.calls, r.input_tokens, r.output_tokens, r.unpriced_calls,
                    c.*
                FROM run r, (SELECT \(Self.sums) FROM model_call WHERE run = ?1) c WHERE r.id = ?1
                """, arguments: [number])!
        return Self.faults(row) + (try windowFaults(number)) + (try capFaults(number))
    }

    /// Where more counts than a cap admits: that needs a call that cost more than was held for it, and ends the cap.
    private func capFaults(_ number: Int64) throws -> [String] {
        let caps = try Row.fetchAll(
            database,
            sql: """
                SELECT NULL, max_cost_pico, held_pico, exceeded_pico FROM run WHERE id = ?1
                UNION ALL SELECT scope, cap_pico, held_pico, exceeded_pico FROM budget_window WHERE run = ?1 AND unit = 'usd'
                """, arguments: [number])
        var faults: [String] = []
        for row in caps {
            let (scope, cap, held, exceeded): (String?, Money?, Money, Int64?) = (row[0], money(row, 1), Money(picoDollars: row[2]), row[3])
            guard let cap, held > cap else { continue }
            let name = scope.map { "the cap of '\($0)'" } ?? "the run's budget"
            if exceeded == nil { faults.append("\(name) of \(cap) is exceeded by \(held), and not marked so") }
            let overruns = try Row.fetchCursor(
                database, sql: "SELECT node_path FROM model_call WHERE run = ? AND state = 'overrun'", arguments: [number])
            var hasOverrun = false
            while let call = try overruns.next(), !hasOverrun { hasOverrun = scope.map { Self.scopes(around: call[0]).contains($0) } ?? true }
            if !hasOverrun { faults.append("\(held) counts against \(name) of \(cap), and no call cost more than was held for it") }
        }
        return faults
    }

    /// What a run's counters should be, by its calls. Money in two limbs.
    private static let sums = """
        \(sumColumns("held_pico")), \(sumColumns("CASE WHEN state = 'held' THEN held_pico END")), \(sumColumns("cost_pico")), count(*),
        coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
        count(*) FILTER (WHERE cost_pico IS NULL AND held_pico IS NULL AND state <> 'void')
        """

    /// - Parameter row: the seven counters of a run's row, then ``sums``.
    private static func faults(_ row: Row) -> [String] {
        var faults: [String] = []
        for (index, name) in ["held", "open", "cost"].enumerated() {
            let stored = MoneySum(Money(picoDollars: row[index]))
            // A counter that is full stands still.
            let sum = MoneySum(moneySum(row, 7 + index * 2).clamped)
            if stored != sum { faults.append("\(name)_pico says \(stored.displayText), its calls come to \(sum.displayText)") }
        }
        for (index, name) in ["calls", "input_tokens", "output_tokens", "unpriced_calls"].enumerated() {
            let (stored, sum): (Int64, Int64) = (row[3 + index], row[13 + index])
            if stored != sum { faults.append("\(name) says \(stored), its calls come to \(sum)") }
        }
        return faults
    }

    /// What a cap below the run's counts are the calls of its step and of what stands below it.
    private func windowFaults(_ number: Int64) throws -> [String] {
        let windows = try Row.fetchAll(
            database, sql: "SELECT scope, held_pico, open_pico FROM budget_window WHERE run = ? AND unit = 'usd' ORDER BY scope", arguments: [number])
        if windows.isEmpty { return [] }
        var sums: TextTable<(held: MoneySum, open: MoneySum)> = [:]
        for row in windows { sums[row[0]] = (.zero, .zero) }
        let calls = try Row.fetchCursor(
            database, sql: "SELECT node_path, held_pico, state = 'held' FROM model_call WHERE run = ? AND held_pico IS NOT NULL", arguments: [number])
        while let call = try calls.next() {
            let (path, held, isOpen): (String, Money, Bool) = (call[0], Money(picoDollars: call[1]), call[2])
            for scope in Self.scopes(around: path) where sums[scope] != nil {
                sums[scope]!.held.add(held)
                if isOpen { sums[scope]!.open.add(held) }
            }
        }
        return windows.compactMap { row in
            let (scope, held, open): (String, Money, Money) = (row[0], Money(picoDollars: row[1]), Money(picoDollars: row[2]))
            guard let sum = sums[scope], sum.held.clamped != held || sum.open.clamped != open else { return nil }
            return "the cap of '\(scope)' counts \(held), \(open) of it open; its calls come to \(sum.held.displayText), \(sum.open.displayText) of it open"
        }
    }

    /// `a[1]/b` stands in `a`, `a[1]` and `a[1]/b`.
    private static func scopes(around path: String) -> [String] {
        var scopes: [String] = []
        for index in path.utf8.indices where index != path.startIndex && [UInt8(ascii: "/"), UInt8(ascii: "[")].contains(path.utf8[index]) {
            scopes.append(String(path[..<index]))
        }
        return scopes + [path]
    }
}
