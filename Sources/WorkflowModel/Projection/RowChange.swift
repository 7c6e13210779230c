/// A kind of change of one row: its table, its columns in the order in which their values are put, and what becomes of values that are
/// there. A ledger's statements follow from it, as do the tables that a record is held against.
public enum RowChange: Int, Sendable, CaseIterable {
    case runStarted, runResumed, runEnded, runOutcome, runBand
    case callStarted, callReleased, callEnded, callLost
    case nodeChanged, nodeEnded
    case questionAsked, questionAnswered
    case outcomeRecorded
    case memoKept, memoTaken
    case checkEnded, tierDecided, rateCounted, gateEnded, shadowDrawn, shadowEnded
    case priceRow
    case nodeInherited
    case filesAccepted

    /// What a change does to its row.
    public enum Action: Sendable {
        /// There is none.
        case insert
        /// Where there is one it stays.
        case insertOnce
        /// There is one.
        case update
        /// There may be one.
        case upsert
    }

    /// What becomes of the value that a column has.
    public enum Rule: Sendable {
        /// It tells which row.
        case key
        /// It is there since the row is.
        case once
        case set
        /// The first that is not null stays.
        case first
        /// The last that is not null holds.
        case last
    }

    public struct Column: Sendable {
        public let name: String
        public let rule: Rule
    }

    public var table: String {
        switch self {
        case .runStarted, .runResumed, .runEnded, .runOutcome, .runBand, .filesAccepted: return "run"
        case .callStarted, .callReleased, .callEnded, .callLost: return "model_call"
        case .nodeChanged, .nodeEnded, .nodeInherited: return "step_attempt"
        case .questionAsked, .questionAnswered: return "approval"
        case .outcomeRecorded: return "outcome"
        case .memoKept: return "memo"
        case .memoTaken: return "memo_hit"
        case .checkEnded: return "gate_check"
        case .tierDecided, .rateCounted, .gateEnded: return "gate_tier"
        case .shadowDrawn: return "gate_draw"
        case .shadowEnded: return "gate_shadow"
        case .priceRow: return "price_row"
        }
    }

    public var action: Action {
        switch self {
        case .runStarted, .callStarted, .outcomeRecorded, .checkEnded, .tierDecided, .shadowDrawn, .shadowEnded, .nodeInherited: return .insert
        case .priceRow: return .insertOnce
        case .runResumed, .runEnded, .runOutcome, .runBand, .callReleased, .callEnded, .callLost, .questionAnswered, .rateCounted, .gateEnded, .filesAccepted: return .update
        case .nodeChanged, .nodeEnded, .questionAsked, .memoKept, .memoTaken: return .upsert
        }
    }

    public var columns: [Column] { Self.lists[rawValue] }

    /// The columns that tell the rows of a table apart, within their run.
    public static func keys(of table: String) -> [String] {
        // They are numbered in their order.
        if table == outcomeRecorded.table { return ["number"] }
        return allCases.first { $0.table == table }?.columns.filter { $0.rule == .key }.map(\.name) ?? []
    }

    private static let lists: [[Column]] = allCases.map(\.list)

    private var list: [Column] {
        switch self {
        case .runStarted:
            return Self.columns(once: [
                "run_id", "workflow", "file", "status", "started_at", "epoch", "max_cost_pico", "graph_hash", "inputs_hash", "version", "meaning",
                "git_commit", "release", "tags", "owners", "decision_id", "decision_unit", "decision_counts", "batch", "batch_index", "kind", "purpose", "parent",
                "max_tokens", "held_out", "holdout_draw", "holdout_millionths",
            ])
        case .runResumed: return Self.columns(set: ["status", "ended_at", "error", "epoch"])
        case .runEnded: return Self.columns(set: ["status", "ended_at", "outputs_hash", "error"], last: ["outcome"])
        case .runOutcome: return Self.columns(set: ["outcome"])
        case .filesAccepted: return Self.columns(set: ["graph_hash", "version", "meaning"])
        case .runBand: return Self.columns(set: ["band"])
        case .callStarted:
            return Self.columns(
                keys: Self.callKey,
                once: [
                    "number", "run_id", "step_id", "asked_tier", "purpose", "provider", "model_asked", "state", "held_pico", "request_hash", "wire_hash",
                    "retry_of", "started_at", "tags", "trimmed", "held_tokens", "cache", "cache_predicted_tokens",
                ])
        case .callEnded:
            return Self.columns(
                keys: Self.callKey,
                set: [
                    "state", "held_pico", "cost_pico", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_long_tokens",
                    "output_tokens", "reasoning_tokens", "usage_raw", "price_rows", "model_served", "response_hash", "http_status", "finish_reason", "ttft_ms",
                    "total_ms", "ended_at", "error", "notes", "reported_pico", "cost_basis", "priced_pico", "list_pico", "service_tier", "tier_source",
                    "held_tokens", "cache_miss",
                ])
        case .callReleased: return Self.columns(keys: Self.callKey, set: ["waited_for", "waited_ms"])
        case .callLost: return Self.columns(keys: Self.callKey, set: ["state"])
        case .nodeChanged:
            return Self.columns(
                keys: ["node_path"], once: ["step_id", "item"], set: ["status"], first: ["started_at"], andSet: ["ended_at", "output_hash", "error", "reason"])
        case .nodeEnded:
            return Self.columns(
                keys: ["node_path"], once: ["step_id", "item"], set: ["status", "ended_at", "output_hash", "error"], last: ["reason"])
        case .questionAsked:
            return Self.columns(
                keys: ["node_path", "number"],
                set: [
                    "kind", "message_hash", "requested_at", "until", "on_timeout", "cap_pico", "asked_pico", "cause", "reason", "taken",
                ] + Self.answer)
        case .questionAnswered: return Self.columns(keys: ["node_path", "number"], set: ["taken"] + Self.answer)
        case .outcomeRecorded: return Self.columns(once: ["value", "at", "source"])
        case .memoKept: return Self.columns(keys: ["question"], set: ["number", "output_hash", "cost_pico", "at"])
        case .memoTaken:
            return Self.columns(
                keys: ["node_path"],
                set: [
                    "run_id", "step_id", "tier", "provider", "model_asked", "call_id", "saved_pico", "tags", "started_at", "how",
                ])
        case .checkEnded:
            return Self.columns(
                keys: ["node_path", "tier", "name"],
                once: ["step_id", "kind", "result", "score", "threshold", "output_hash", "reason", "cost_pico", "total_ms", "ended_at", "value", "gate_hash"])
        case .tierDecided:
            return Self.columns(
                keys: ["node_path", "tier"],
                once: ["step_id", "gate_hash", "verdict", "failure_kind", "decided_by", "not_run", "output_hash", "decided_at", "reason", "window_key", "last_tier"] + Self.signals)
        case .rateCounted: return Self.columns(keys: ["node_path", "tier"], set: ["went_on", "window_answered", "window_escalated"])
        case .gateEnded: return Self.columns(keys: ["node_path", "tier"], set: ["taken", "cause", "reason", "taken_by"])
        case .shadowDrawn:
            return Self.columns(keys: ["node_path"], once: ["step_id", "gate_hash", "draw", "rate_millionths", "chosen", "input_bytes", "drawn_at"])
        case .shadowEnded:
            return Self.columns(
                keys: ["node_path", "tier"], once: ["step_id", "result", "failure_kind", "reason", "output_hash", "ended_at"] + Self.signals)
        case .nodeInherited:
            return Self.columns(keys: ["node_path"], once: ["step_id", "item", "status", "ended_at", "output_hash", "error", "reason", "inherited_from"])
        case .priceRow: return Self.columns(keys: ["id"], once: ["json", "first_used_at"])
        }
    }

    /// What is known of an answer beside what it says.
    private static let signals = [
        "answer_bytes", "finish_reason", "schema_passed", "logprob_sum", "logprob_min", "logprob_mean", "logprob_p10", "logprob_margin", "logprob_tokens", "logprob_parts",
    ]
    private static let callKey = ["node_path", "tier", "part", "ordinal"]
    private static let answer = [
        "decided_at", "approved", "choice", "picked_tier", "value_hash", "decided_by", "decided_as", "note", "granted_pico", "spent_pico", "held_pico", "timed_out",
    ]

    private static func columns(
        keys: [String] = [], once: [String] = [], set: [String] = [], first: [String] = [], andSet: [String] = [], last: [String] = []
    ) -> [Column] {
        func list(_ names: [String], _ rule: Rule) -> [Column] { names.map { Column(name: $0, rule: rule) } }
        return list(keys, .key) + list(once, .once) + list(set, .set) + list(first, .first) + list(andSet, .set) + list(last, .last)
    }
}
