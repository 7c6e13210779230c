import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

/// Rows of gates, read by position.
enum GateColumns {
    /// What is known of an answer beside what it says, as facts of several kinds put it.
    static let signals = """
        answer_bytes, finish_reason, schema_passed, logprob_sum, logprob_min, logprob_mean, logprob_p10, logprob_margin, logprob_tokens, logprob_parts
        """

    static let tiers = """
        node_path, step_id, tier, verdict, failure_kind, decided_by, not_run, output_hash, decided_at, taken, cause, reason, gate_hash, last_tier, taken_by, \(signals),
        \(askedTier(of: "gate_tier")), went_on, window_answered, window_escalated
        """

    /// Of a row of `gate_tier` or `gate_check`: the tier that gave the answer, where another than the row's was asked; null where its own was.
    static func askedTier(of row: String) -> String {
        """
        (SELECT asked.asked_tier FROM model_call asked WHERE asked.run = \(row).run AND asked.node_path = \(row).node_path AND asked.tier = \(row).tier
            AND asked.part = '' AND asked.asked_tier IS NOT NULL LIMIT 1)
        """
    }

    static func tier(_ row: Row) -> GateTierRecord {
        var tier = GateTierRecord(
            path: row[0], step: row[1], tier: row[2], verdict: TierDecided.Verdict(rawValue: row[3]) ?? .undecided,
            failure: (row[4] as String?).flatMap(FailureKind.init(rawValue:)), decidedBy: row[5],
            notRun: json(row, 6)?.arrayValue?.compactMap(\.stringValue) ?? [], output: hash(row, 7), decidedAt: Timestamp(microseconds: row[8]),
            isTaken: (row[9] as Int?) == 1, takenBy: row[14], cause: row[10], reason: row[11])
        tier.gate = hash(row, 12)
        tier.lastTier = row[13]
        tier.signals = answerSignals(row, 15)
        tier.askedTier = row[25]
        if let wentOn = row[26] as Int?, let answered = quantity(row, 27), let escalated = quantity(row, 28) {
            tier.rate = GateTierRecord.CountedRate(wentOn: wentOn == 1, answered: answered, escalated: escalated)
        }
        return tier
    }

    static let checks = """
        node_path, step_id, tier, name, kind, result, score, value, threshold, reason, cost_pico, total_ms, ended_at, output_hash, gate_hash
        """

    static func check(_ row: Row) -> GateCheckRecord {
        var check = GateCheckRecord(
            path: row[0], step: row[1], tier: row[2], name: row[3], kind: row[4], result: CheckEnded.Result(rawValue: row[5]) ?? .scored,
            score: figure(row, 6), value: figure(row, 7), threshold: figure(row, 8), reason: row[9], cost: money(row, 10),
            time: .milliseconds(Int64(quantity(row, 11) ?? 0)), endedAt: Timestamp(microseconds: row[12]))
        check.output = hash(row, 13)
        check.gate = hash(row, 14)
        return check
    }

    static let draws = "node_path, step_id, draw, rate_millionths, chosen, input_bytes"

    static func draw(_ row: Row) -> GateDrawRecord {
        let rate = Share(millionths: min(max(row[3] as Int, 0), Share.whole))!
        return GateDrawRecord(path: row[0], step: row[1], draw: row[2], rate: rate, isChosen: (row[4] as Int) == 1, inputBytes: quantity(row, 5) ?? 0)
    }

    static let shadows = "node_path, step_id, tier, result, failure_kind, reason, output_hash, ended_at, \(signals)"

    static func shadow(_ row: Row) -> GateShadowRecord {
        GateShadowRecord(
            path: row[0], step: row[1], tier: row[2], result: ShadowEnded.Result(rawValue: row[3]) ?? .unknown,
            failure: (row[4] as String?).flatMap(FailureKind.init(rawValue:)), reason: row[5], output: hash(row, 6), endedAt: Timestamp(microseconds: row[7]),
            signals: answerSignals(row, 8))
    }

    static func answerSignals(_ row: Row, _ first: Int) -> AnswerSignals? {
        guard let bytes = quantity(row, first) else { return nil }
        var logprobs: AnswerSignals.Logprobs?
        if let sum = figure(row, first + 3), let lowest = figure(row, first + 4), let mean = figure(row, first + 5), let p10 = figure(row, first + 6),
            let tokens = quantity(row, first + 8)
        {
            logprobs = AnswerSignals.Logprobs(sum: sum, lowest: lowest, mean: mean, p10: p10, margin: figure(row, first + 7), tokens: tokens)
        }
        return AnswerSignals(
            bytes: bytes, finish: row[first + 1], matchesSchema: (row[first + 2] as Int?).map { $0 == 1 }, logprobs: logprobs,
            parts: json(row, first + 9).flatMap(AnswerSignals.parts(json:)) ?? [])
    }

    private static func figure(_ row: Row, _ index: Int) -> Double? { (row[index] as String?).flatMap(Double.init) }
}

/// Where the values of checks stand among the last ones of the same check of the same gate: workflow, step, gate, tier and name.
struct CheckPlaces {
    let database: Database
    let run: Int64

    init(_ database: Database, run: Int64) {
        self.database = database
        self.run = run
    }

    private struct Key: Hashable {
        let gate: ContentHash
        let step: String
        let tier: String
        let name: String
    }

    /// Of each check with a value, among those that ended before it, however many have come since: what is shown of a run stays the same. An answer that
    /// another tier gave is not among them, and has no place.
    func fill(_ checks: inout [GateCheckRecord]) throws {
        var groups: [Key: [Int]] = [:]
        for (index, check) in checks.enumerated() where check.measure != nil {
            if let gate = check.gate { groups[Key(gate: gate, step: check.step, tier: check.tier, name: check.name), default: []].append(index) }
        }
        guard !groups.isEmpty, let workflow = try String.fetchOne(database, sql: "SELECT workflow FROM run WHERE id = ?", arguments: [run]) else { return }
        for (key, indices) in groups { try fill(&checks, indices, key, workflow) }
    }

    /// One walk along the index, from the first of the 500 before the earliest of them to the latest.
    private func fill(_ checks: inout [GateCheckRecord], _ indices: [Int], _ key: Key, _ workflow: String) throws {
        let times = indices.map { checks[$0].endedAt.microseconds }
        let (first, last) = (times.min()!, times.max()!)
        let ofKey = """
            FROM gate_check c WHERE c.gate_hash = ?1 AND c.step_id = ?2 AND c.tier = ?3 AND c.name = ?4
                AND (c.score IS NOT NULL OR c.value IS NOT NULL) AND (SELECT workflow FROM run WHERE run.id = c.run) = ?5 AND \(GateColumns.askedTier(of: "c")) IS NULL
            """
        let arguments: StatementArguments = [key.gate.data, key.step, key.tier, key.name, workflow]
        let from = try Int64.fetchOne(
            database, sql: "SELECT c.ended_at \(ofKey) AND c.ended_at < ?6 ORDER BY c.ended_at DESC LIMIT 1 OFFSET \(CheckPlace.most - 1)", arguments: arguments + [first])
        let rows = try Row.fetchCursor(
            database, sql: "SELECT coalesce(c.value, c.score), c.run, c.node_path \(ofKey) AND c.ended_at BETWEEN ?6 AND ?7 ORDER BY c.ended_at, c.run, c.node_path",
            arguments: arguments + [from ?? Int64.min, last])
        var wanted: TextTable<Int> = [:]
        for index in indices { wanted[checks[index].path] = index }
        // The values before the one that comes, in their order and sorted.
        var window: [Double] = []
        var sorted: [Double] = []
        var start = 0
        while let row = try rows.next() {
            guard let value = (row[0] as String?).flatMap(Double.init) else { continue }
            if (row[1] as Int64) == run, let index = wanted[row[2] as String] {
                checks[index].place = CheckPlace(below: sorted.position(of: value), of: sorted.count)
            }
            window.append(value)
            sorted.insert(value, at: sorted.position(of: value))
            guard sorted.count > CheckPlace.most else { continue }
            sorted.remove(at: sorted.position(of: window[start]))
            start += 1
        }
    }
}

extension [Double] {
    /// How many of them are less, sorted as they are.
    fileprivate func position(of value: Double) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
