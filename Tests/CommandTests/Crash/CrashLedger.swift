import Foundation
import GRDB
import Ledger
import Values
import WorkflowModel

/// A ledger as a bystander sees it, who knows what must hold at every moment.
struct CrashLedger {
    let path: String

    /// What a call counts against a cap, and whether it draws on it: the run's own cap on tokens has a counter among the others.
    private static let held = "CASE w.unit WHEN 'tokens' THEN c.held_tokens ELSE c.held_pico END"
    private static let isInside = """
        (w.scope = '(run)#tokens' OR c.node_path = replace(w.scope, '#tokens', '')
            OR substr(c.node_path, 1, length(replace(w.scope, '#tokens', '')) + 1) IN (replace(w.scope, '#tokens', '') || '/', replace(w.scope, '#tokens', '') || '['))
        """

    /// What every commit must leave true.
    private static let laws = [
        "a call counts less than it cost": "SELECT call_id || ' ' || held_pico FROM model_call WHERE cost_pico > held_pico",
        "more counts than the run's cap, and no call was an overrun": """
        SELECT run_id || ' ' || held_pico FROM run WHERE held_pico > max_cost_pico
            AND NOT EXISTS (SELECT 1 FROM model_call AS c WHERE c.run = run.id AND c.state = 'overrun')
        """,
        "more counts than an inner cap, and no call was an overrun": """
        SELECT scope || ' ' || held_pico FROM budget_window AS w WHERE held_pico > cap_pico
            AND NOT EXISTS (SELECT 1 FROM model_call AS c WHERE c.run = w.run AND c.state = 'overrun' AND \(isInside))
        """,
        "a cap is exceeded and open": """
        SELECT run_id FROM run WHERE held_pico > max_cost_pico AND exceeded_pico IS NULL
        UNION ALL SELECT scope FROM budget_window WHERE held_pico > cap_pico AND exceeded_pico IS NULL
        """,
        "the run's counters are not the sums of its calls": """
        SELECT format('%d/%d held, %d/%d open, %d/%d cost, %d/%d calls', r.held_pico, m.held, r.open_pico, m.open, r.cost_pico, m.cost, r.calls, m.calls)
        FROM run AS r JOIN (
            SELECT run.id AS id, coalesce(sum(c.held_pico), 0) AS held, coalesce(sum(c.held_pico) FILTER (WHERE c.state = 'held'), 0) AS open,
                coalesce(sum(c.cost_pico), 0) AS cost, count(c.number) AS calls, coalesce(sum(c.input_tokens), 0) AS input,
                coalesce(sum(c.output_tokens), 0) AS output
            FROM run LEFT JOIN model_call AS c ON c.run = run.id GROUP BY run.id) AS m USING (id)
        WHERE r.held_pico <> m.held OR r.open_pico <> m.open OR r.cost_pico <> m.cost OR r.calls <> m.calls OR r.input_tokens <> m.input
            OR r.output_tokens <> m.output OR r.unpriced_calls <> 0
        """,
        "a cap's counters are not the sums of its calls": """
        SELECT format('%s: %d/%d held, %d/%d open', w.scope, w.held_pico, coalesce(sum(\(held)), 0), w.open_pico,
            coalesce(sum(\(held)) FILTER (WHERE c.state = 'held'), 0))
        FROM budget_window AS w LEFT JOIN model_call AS c ON c.run = w.run AND \(isInside)
        GROUP BY w.run, w.scope HAVING w.held_pico <> coalesce(sum(\(held)), 0)
            OR w.open_pico <> coalesce(sum(\(held)) FILTER (WHERE c.state = 'held'), 0)
        """,
        "the chain's head is not the last event": """
        SELECT run_id FROM run WHERE last_seq <> (SELECT coalesce(max(seq), 0) FROM event WHERE event.run = run.id)
        """,
        "an event is missing": "SELECT run_id FROM run WHERE last_seq <> (SELECT count(*) FROM event WHERE event.run = run.id)",
        "a call has two ends": """
        SELECT payload FROM event WHERE kind = 'call_ended' GROUP BY run, json_extract(payload, '$.call') HAVING count(*) > 1
        """,
        "a step began twice or ended twice": """
        SELECT payload FROM event WHERE kind IN ('step_started', 'step_succeeded', 'step_failed', 'step_recovered', 'step_skipped', 'items_collected')
        GROUP BY run, kind, json_extract(payload, '$.step') HAVING count(*) > 1
        """,
        "a call's end is not in its row": """
        SELECT call_id || ' ' || state FROM model_call AS c JOIN event AS e ON e.run = c.run AND e.kind = 'call_ended'
            AND json_extract(e.payload, '$.call') = c.call_id
        WHERE c.ended_at IS NULL OR c.state <> json_extract(e.payload, '$.state')
        """,
    ]

    private func open() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// A connection to look through while processes work.
    final class Window {
        private let queue: DatabaseQueue
        init(_ queue: DatabaseQueue) { self.queue = queue }
        deinit { try? queue.close() }

        /// The laws that are broken.
        func brokenLaws() throws -> [String] {
            try queue.read { database in
                guard try database.tableExists("approval") else { return [] }
                return try laws.sorted { $0.key < $1.key }.flatMap { law, sql in
                    try String.fetchAll(database, sql: sql).map { "\(law): \($0)" }
                }
            }
        }
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    func window() throws -> Window { Window(try open()) }

    /// What a run's record says while nothing drives it.
    struct State {
        var run = ""
        var status = ""
        var outputs: JSONValue?
        var failureKind: String?
        var cost = 0
        var held = 0
        /// Whether one of its caps is exceeded.
        var isClosed = false
        var epoch = 0
        /// The number of the process that has the run, or had it last.
        var owner: pid_t = 0
        /// The states of calls by id.
        var calls: [String: String] = [:]
        /// How many calls of a node had an answer.
        var answers: [String: Int] = [:]
        /// Statuses by path.
        var nodes: [String: String] = [:]
        /// Why nodes failed, by path.
        var failures: [String: String] = [:]
        /// Nodes of `run` steps that were begun, and those of them whose program has an end, by the step's own id.
        var begun: [String: Int] = [:]
        var open: [String: Int] = [:]
    }

    /// - Returns: `nil` while there is no run.
    func state(programs: Set<String>) throws -> State? {
        let queue = try open()
        defer { try? queue.close() }
        return try queue.read { database in
            guard try database.tableExists("process"),
                let row = try Row.fetchOne(database, sql: "SELECT run.id, run_id, status, outputs_hash, error, cost_pico, held_pico, epoch, pid FROM run JOIN process ON process.id = owner")
            else { return nil }
            var state = State(run: row[1], status: row[2], cost: row[5], held: row[6], epoch: row[7], owner: row[8])
            if let hash = row[3] as Data? {
                let bytes = try Data.fetchOne(database, sql: "SELECT bytes FROM blob WHERE sha256 = ?", arguments: [hash])
                state.outputs = try bytes.map { try JSONParser.parse(Array($0)) } ?? "the outputs are not in the ledger"
            }
            state.failureKind = (row[4] as String?).flatMap { try? JSONParser.parse($0)["kind"]?.stringValue }
            state.isClosed = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT exceeded_pico FROM run WHERE exceeded_pico > 0 UNION ALL SELECT exceeded_pico FROM budget_window WHERE exceeded_pico > 0)")!
            for call in try Row.fetchAll(database, sql: "SELECT call_id, state, node_path, purpose, error IS NULL AND response_hash IS NOT NULL FROM model_call") {
                state.calls[call[0]] = call[1]
                if call[4] { state.answers["\(call[2] as String) \(call[3] as String)", default: 0] += 1 }
            }
            for node in try Row.fetchAll(database, sql: "SELECT node_path, status, step_id, error FROM step_attempt") {
                let path: String = node[0]
                state.nodes[path] = node[1]
                state.failures[path] = node[3]
                let id = String((node[2] as String).split(separator: "/").last ?? "")
                guard programs.contains(id), try Self.hasBegun(path, database) else { continue }
                state.begun[id, default: 0] += 1
                let isOver = try Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE kind = 'command_ended' AND json_extract(payload, '$.step') = ?)", arguments: [path])!
                if !isOver { state.open[id, default: 0] += 1 }
            }
            return state
        }
    }

    private static func hasBegun(_ path: String, _ database: Database) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE kind = 'step_started' AND json_extract(payload, '$.step') = ?)", arguments: [path])!
    }

    /// What is wrong with the file, its chains, and at this moment.
    func faults() throws -> [String] {
        var faults = try window().brokenLaws()
        let queue = try open()
        defer { try? queue.close() }
        faults += try queue.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }.filter { $0 != "ok" }.map { "integrity: \($0)" }
        let runs = try queue.read { try $0.tableExists("approval") ? String.fetchAll($0, sql: "SELECT run_id FROM run") : [] }
        if runs.isEmpty { return faults }
        let ledger = try Ledger.openReadOnly(path: path)
        defer { ledger.close() }
        for run in runs {
            // Of every cap, call by call, what counted when it began; every row, column by column.
            guard let found = try ledger.verify(run: run) else { continue }
            faults += found.faults.map { "\(run), \($0)" }
            if !found.provesRows { faults.append("the facts of \(run) do not tell its rows") }
            if case .intact? = found.chain { continue }
            faults.append("the chain of \(run) is broken")
        }
        return faults
    }

    /// The questions that a run asks.
    func questions() throws -> [String] {
        let ledger = try Ledger.openReadOnly(path: path)
        defer { ledger.close() }
        return try ledger.openApprovals().map(\.path)
    }

    /// Lets a process count as silent for an hour.
    ///
    /// - Returns: `false` when another holds the lock.
    func lapse(_ process: pid_t) throws -> Bool {
        try meddle("UPDATE process SET beat = 1, beat_uptime = beat_uptime - 3600000000 WHERE pid = \(process)")
    }

    /// Does what only somebody else's clock or hand could do.
    private func meddle(_ sql: String) throws -> Bool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(0.2)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        do {
            try queue.write { try $0.execute(sql: sql) }
            return true
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_PROTOCOL].contains(error.resultCode) {
            return false
        }
    }
}
