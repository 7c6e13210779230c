import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// What runs ask people and nobody has answered, the oldest first.
    public func openApprovals(run: String? = nil) throws(JournalError) -> [ApprovalRecord] {
        try approvals("decided_at IS NULL AND \(RunColumns.isOpen) AND (?1 IS NULL OR run_id = ?1) AND NOT \(Self.isAnsweredElsewhere)", [run])
    }

    /// What runs asked people, the oldest first, with the answers.
    public func approvals(run: String? = nil) throws(JournalError) -> [ApprovalRecord] {
        var approvals = try approvals("?1 IS NULL OR run_id = ?1", [run])
        // What was said of a band is said to all that ask of it, also before the run has taken it.
        var first: TextTable<ApprovalDecision> = [:]
        func band(_ approval: ApprovalRecord) -> String? { approval.request.kind == .band ? "\(approval.run) \(approval.request.cause ?? "")" : nil }
        for approval in approvals {
            guard let band = band(approval), let decision = approval.decision else { continue }
            if first[band].map({ decision.at < $0.at }) ?? true { first[band] = decision }
        }
        if first.isEmpty { return approvals }
        for index in approvals.indices where approvals[index].decision == nil { approvals[index].decision = band(approvals[index]).flatMap { first[$0] } }
        return approvals
    }

    /// Whether a question is about a band of which somebody has said already whether the run goes on in it.
    private static let isAnsweredElsewhere = """
        (approval.kind = 'band' AND EXISTS (
            SELECT 1 FROM approval AS other
            WHERE other.run = approval.run AND other.kind = 'band' AND other.cause IS approval.cause AND other.decided_at IS NOT NULL))
        """

    private func approvals(_ condition: String, _ arguments: StatementArguments) throws(JournalError) -> [ApprovalRecord] {
        try withTexts(try read { database in try Self.approvals(database, condition, arguments) })
    }

    /// What was asked, without the texts, which are documents.
    static func approvals(_ database: Database, _ condition: String, _ arguments: StatementArguments) throws -> [ApprovalRecord] {
        let records = try Row.fetchAll(
            database,
            sql: """
                SELECT run_id, workflow, node_path, number, approval.kind, message_hash, requested_at, until, on_timeout, cap_pico, asked_pico,
                    run.cost_pico, run.held_pico, cause, approval.reason, \(DecisionColumns.list)
                FROM approval JOIN run ON run.id = approval.run WHERE \(condition) ORDER BY requested_at, run_id, node_path, number
                """, arguments: arguments
        ).map { row in
            ApprovalRecord(
                run: row[0], workflow: row[1], path: row[2],
                request: ApprovalRequest(
                    number: row[3], kind: QuestionKind(rawValue: row[4]), message: hash(row, 5) ?? ContentHash(of: []), until: moment(row, 7),
                    onTimeout: TimeoutAnswer(rawValue: row[8]) ?? .fail, cap: money(row, 9), asked: money(row, 10), cause: row[13], reason: row[14]),
                requestedAt: Timestamp(microseconds: row[6]), spent: Money(picoDollars: row[11]), held: Money(picoDollars: row[12]),
                decision: DecisionColumns.decision(row, 15))
        }
        return try records.map { record in
            var record = record
            if record.request.kind == .gate { record.candidates = try Self.candidates(database, record) }
            return record
        }
    }

    func withTexts(_ rows: [ApprovalRecord]) throws(JournalError) -> [ApprovalRecord] {
        if rows.isEmpty { return rows }
        let documents = try blobs(Set(rows.map(\.request.message) + rows.flatMap(\.candidates).compactMap(\.tier.output)))
        func text(_ hash: ContentHash) -> JSONValue? { documents[hash].flatMap { try? JSONParser.parse($0) } }
        return rows.map { row in
            var row = row
            row.request.text = text(row.request.message)?.stringValue
            for index in row.candidates.indices { row.candidates[index].answer = row.candidates[index].tier.output.flatMap(text) }
            return row
        }
    }

    /// What a gate leaves to choose from, the answers left out.
    private static func candidates(_ database: Database, _ record: ApprovalRecord) throws -> [GateCandidate] {
        let place = "run = (SELECT id FROM run WHERE run_id = ?1) AND node_path = ?2"
        let arguments: StatementArguments = [record.run, record.path]
        let tiers = try database.cachedStatement(sql: "SELECT \(GateColumns.tiers) FROM gate_tier WHERE \(place) ORDER BY decided_at, tier")
        let checks = try database.cachedStatement(sql: "SELECT \(GateColumns.checks) FROM gate_check WHERE \(place) ORDER BY ended_at, name")
        let found = try Row.fetchAll(checks, arguments: arguments).map(GateColumns.check)
        return try Row.fetchAll(tiers, arguments: arguments).map(GateColumns.tier).map { tier in
            GateCandidate(tier: tier, checks: found.filter { $0.tier == tier.tier }, answer: nil)
        }
    }

    /// Who answered what runs asked, those with the most answers first.
    public func approvers(filter: AuditFilter = AuditFilter()) throws(JournalError) -> [ApproverRow] {
        var conditions = Self.conditions(onRunsOf: filter)
        conditions.add("decided_at >= ?", filter.since?.microseconds)
        conditions.add("decided_at < ?", filter.until?.microseconds)
        conditions.add("decided_at IS NOT NULL", [])
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT decided_by, decided_as, count(*) FILTER (WHERE approved), count(*) FILTER (WHERE NOT approved), count(DISTINCT run),
                        count(*) FILTER (WHERE approved AND approval.kind = 'money'), max(coalesce(granted_pico, cap_pico)) FILTER (WHERE approved AND approval.kind = 'money')
                    FROM approval JOIN run ON run.id = approval.run \(conditions.whereClause) GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2
                    """, arguments: conditions.arguments
            ).map { row in
                ApproverRow(
                    by: row[0], system: json(row, 1).flatMap(SystemUser.init(json:)), approved: row[2], rejected: row[3], runs: row[4], grants: row[5],
                    highestCap: money(row, 6))
            }
        }
    }
}

/// The columns of an approval's answer.
enum DecisionColumns {
    static let list = "choice, picked_tier, value_hash, approved, decided_by, note, decided_at, timed_out, granted_pico, decided_as, approval.spent_pico, approval.held_pico"

    /// `nil`: nobody has answered.
    static func decision(_ row: Row, _ first: Int) -> ApprovalDecision? {
        // Both or none, unless somebody changed them.
        guard let at = moment(row, first + 6), let isApproved = row[first + 3] as Bool? else { return nil }
        let choice = (row[first] as String?).flatMap { ApprovalChoice(word: $0, tier: row[first + 1], value: hash(row, first + 2)) }
        return ApprovalDecision(
            choice ?? (isApproved ? .approve : .reject), by: row[first + 4] ?? "", note: row[first + 5], at: at, isTimeout: row[first + 7] ?? false, cap: money(row, first + 8),
            system: json(row, first + 9).flatMap(SystemUser.init(json:)), spent: money(row, first + 10), held: money(row, first + 11))
    }
}
