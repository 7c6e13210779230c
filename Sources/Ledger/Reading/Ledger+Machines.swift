import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// What machines that are paid by the hour came to in the filter's period, dearest first. Whatever its workflow and tag: a machine is of none.
    public func machines(filter: AuditFilter = AuditFilter()) throws(JournalError) -> [MachineRow] {
        try read { database in
            try Machine.all(database, filter).map { machine in
                let (account, calls) = (machine.account, machine.calls)
                let within = account.stretches.flatMap(\.calls)
                return MachineRow(
                    provider: machine.provider, model: machine.model, on: account.on, busy: account.busy, cost: account.cost, idleCost: account.idleCost,
                    unshared: account.stretches.reduce(.zero) { $1.calls.isEmpty ? $0 + $1.idleCost : $0 },
                    charged: within.reduce(.zero) { $0 + MoneySum(calls[$1].cost ?? .zero) }, calls: within.count,
                    tokens: within.reduce(0) { $0.addingClamped(calls[$1].tokens) })
            }.sorted { ($1.cost, $0.provider, $0.model) < ($0.cost, $1.provider, $1.model) }
        }
    }

    /// The idle time of machines, borne by the calls that ran while they were on: by how long each kept its machine busy.
    ///
    /// - Returns: a share for each combination of the dimensions' values that bears some, in the order of its first call. Calls that the filter leaves out bear theirs, too.
    public func idleShares(by dimensions: [AuditDimension], filter: AuditFilter = AuditFilter()) throws(JournalError) -> [IdleShare] {
        let selection = CallSelection(by: dimensions, filter)
        return try read { database in
            var shares: [CallKey: MoneySum] = [:]
            for machine in try Machine.all(database, filter) {
                for (call, share) in machine.account.shares where share != .zero { shares[machine.calls[call].key] = share }
            }
            guard !shares.isEmpty else { return [] }
            var (found, places) = ([IdleShare](), TextTable<Int>())
            let rows = try Row.fetchCursor(
                database, sql: selection.sql(["c.run", "c.number"] + selection.keys, from: "SELECT * FROM model_call"), arguments: selection.arguments)
            while let row = try rows.next() {
                guard let share = shares[CallKey(run: row[0], number: row[1])] else { continue }
                let keys: [String] = dimensions.indices.map { row[$0 + 2] }
                let name = JSONEncoding.canonical.string(.array(keys.map(JSONValue.string)))
                if let place = places[name] {
                    found[place].amount = found[place].amount + share
                } else {
                    places[name] = found.count
                    found.append(IdleShare(keys: keys, amount: share))
                }
            }
            return found
        }
    }
}

/// Of `u`, a row of `machine_use`.
enum MachineColumns {
    /// When the process of a use without an end was last heard of, by its beat or by a call of its own since; null where the process is not known any more.
    static let lastHeard = """
        (SELECT max(p.beat, u.began_at, coalesce((
            SELECT max(coalesce(c.ended_at, c.started_at)) FROM model_call c JOIN run ON run.id = c.run
            -- One that lives beats before its lease is over.
            WHERE c.started_at >= u.began_at AND c.started_at < max(p.beat, u.began_at) + p.lease_ms * 1000 AND c.provider = u.provider AND c.model_asked = u.model
                AND run.owner = p.id), 0))
        FROM process p WHERE p.id = u.process)
        """
}

private struct CallKey: Hashable {
    let run: Int64
    let number: Int64
}

/// A machine that was on for us, with the calls that it may have been busy with.
private struct Machine {
    struct Call {
        let key: CallKey
        let cost: Money?
        let tokens: Int
    }

    let provider: String
    let model: String
    let account: MachineAccount
    let calls: [Call]

    private struct Uses {
        let provider: String
        let model: String
        var all: [MachineAccount.Use] = []
    }

    /// In the order in which they were first on.
    static func all(_ database: Database, _ filter: AuditFilter) throws -> [Machine] {
        var (machines, places) = ([Uses](), TextTable<Int>())
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT provider, model, began_at, coalesce(ended_at, \(MachineColumns.lastHeard), began_at), hour_pico FROM machine_use u ORDER BY began_at, id
                """)
        while let row = try rows.next() {
            let use = MachineAccount.Use(
                began: Timestamp(microseconds: row[2]), ended: Timestamp(microseconds: row[3]), hourly: Money(picoDollars: row[4]))
            if let until = filter.until, use.began >= until { continue }
            if let since = filter.since, use.ended <= since { continue }
            let name = JSONEncoding.canonical.string([.string(row[0]), .string(row[1])])
            let place = places[name] ?? machines.count
            if place == machines.count {
                places[name] = place
                machines.append(Uses(provider: row[0], model: row[1]))
            }
            machines[place].all.append(use)
        }
        return try machines.map { try machine($0, database, filter) }
    }

    private static func machine(_ uses: Uses, _ database: Database, _ filter: AuditFilter) throws -> Machine {
        var (spans, calls) = ([MachineAccount.Call](), [Call]())
        let (first, last) = (uses.all.map(\.began).min()!, uses.all.map(\.ended).max()!)
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT started_at, total_ms, cost_pico, input_tokens, output_tokens, run, number FROM model_call
                WHERE started_at >= ? AND started_at < ? AND provider = ? AND model_asked = ? ORDER BY started_at, run, number
                """, arguments: [first.microseconds, last.microseconds, uses.provider, uses.model])
        while let row = try rows.next() {
            spans.append(.init(began: Timestamp(microseconds: row[0]), busy: .milliseconds(Int64(quantity(row, 1) ?? 0))))
            calls.append(Call(key: CallKey(run: row[5], number: row[6]), cost: money(row, 2), tokens: (quantity(row, 3) ?? 0) + (quantity(row, 4) ?? 0)))
        }
        return Machine(
            provider: uses.provider, model: uses.model, account: MachineAccount(uses: uses.all, calls: spans, since: filter.since, until: filter.until), calls: calls)
    }
}
