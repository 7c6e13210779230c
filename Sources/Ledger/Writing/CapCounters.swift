import Economics
import GRDBSQLite
import Values
import WorkflowModel

/// What counts against the caps of a run: the counters in its row, and those of the caps below and of the caps on tokens, compared and
/// moved inside the transaction of the entry that moves them.
///
/// A cap that a bill brought above its bound is *exceeded*: no call that draws on it starts any more until it is raised, also when
/// calls in flight have settled for so little that one would fit again. Counters are full at $9.2 million, which is a cap of every
/// run: beyond, they stand still, and are counted anew from the rows of calls with each entry.
///
/// Confined to the writer's thread.
final class CapCounters {
    /// A cap below the run's, or one on tokens, with its counters as they would be after the entry.
    struct Window {
        let key: String
        let cap: Int64
        fileprivate(set) var held: Int64
        fileprivate(set) var open: Int64
        fileprivate(set) var exceeded: Int64?
        fileprivate(set) var verdict = JournalReply.written
        /// Whether what it counts is more than a number can say.
        fileprivate(set) var isFull = false
    }

    /// What came of moving a run's counters.
    enum Move {
        case made
        /// The reservation does not fit.
        case turnedAway
        /// The rows tell what counts, once they are written.
        case full
    }

    private let updateRun, fillRun, selectRun, recountRun, loseRun, loseWindows: PreparedStatement
    private let selectWindow, upsertWindow, sumCalls, sumCallsOfScope, sumTokensOfScope: PreparedStatement
    private static let full = Int64.max

    init(connection: OpaquePointer, texts: BindingArena) throws(SQLiteFailure) {
        func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
            try PreparedStatement(sql, on: connection, texts: texts)
        }
        // The one statement that every entry runs: it asserts the epoch and the head that the last entry left, takes the reservation
        // against the run's cap and moves the counters and the head. The cap is compared by subtraction, which cannot overflow.
        updateRun = try prepare(
            """
            UPDATE run SET held_pico = held_pico + ?1, open_pico = open_pico + ?2, cost_pico = cost_pico + ?3,
                calls = calls + ?4, input_tokens = input_tokens + ?5, output_tokens = output_tokens + ?6,
                unpriced_calls = unpriced_calls + ?7, last_seq = ?8, last_hash = ?9,
                exceeded_pico = CASE WHEN held_pico + ?14 > max_cost_pico THEN max(coalesce(exceeded_pico, 0), held_pico + ?14) ELSE exceeded_pico END
            WHERE id = ?10 AND epoch = ?11 AND last_hash = ?13 AND coalesce(exceeded_pico, 0) < \(Self.full)
                AND (?12 = 0 OR exceeded_pico IS NULL AND held_pico <= coalesce(max_cost_pico, \(Self.full)) - max(?15, ?14))
            """)
        fillRun = try prepare(
            """
            UPDATE run SET calls = calls + ?1, input_tokens = input_tokens + ?2, output_tokens = output_tokens + ?3,
                unpriced_calls = unpriced_calls + ?4, last_seq = ?5, last_hash = ?6, exceeded_pico = \(Self.full)
            WHERE id = ?7 AND epoch = ?8 AND last_hash = ?9
            """)
        selectRun = try prepare("SELECT epoch, last_seq, last_hash, held_pico, open_pico, max_cost_pico, exceeded_pico FROM run WHERE id = ?1")
        recountRun = try prepare("UPDATE run SET held_pico = ?2, open_pico = ?3, cost_pico = ?4 WHERE id = ?1")
        loseRun = try prepare("UPDATE run SET open_pico = 0 WHERE id = ?1")
        loseWindows = try prepare("UPDATE budget_window SET open_pico = 0 WHERE run = ?1")
        selectWindow = try prepare("SELECT held_pico, open_pico, exceeded_pico FROM budget_window WHERE run = ?1 AND scope = ?2")
        upsertWindow = try prepare(
            """
            INSERT INTO budget_window(run, scope, cap_pico, held_pico, open_pico, exceeded_pico, unit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (run, scope) DO UPDATE SET cap_pico = excluded.cap_pico, held_pico = excluded.held_pico,
                open_pico = excluded.open_pico, exceeded_pico = excluded.exceeded_pico
            """)
        func sums(_ held: String) -> String {
            "SELECT \(sumColumns(held)), \(sumColumns("CASE WHEN state = 'held' THEN \(held) END")), \(sumColumns("cost_pico")) FROM model_call WHERE run = ?1"
        }
        let isInside = "(node_path = ?2 OR substr(node_path, 1, length(?2) + 1) IN (?2 || '/', ?2 || '['))"
        sumCalls = try prepare(sums("held_pico"))
        sumCallsOfScope = try prepare(sums("held_pico") + " AND \(isInside)")
        sumTokensOfScope = try prepare(sums("held_tokens") + " AND (?2 = '\(BudgetRefusal.runScope)' OR \(isInside))")
    }

    // MARK: The run's own

    /// Takes the reservation, asserts the epoch, moves the chain's head.
    ///
    /// - Parameters:
    ///   - events: how many the entry has.
    ///   - head: the hash of the last.
    func move(_ movement: CapMovement, events: Int, head: ContentHash, of run: OwnedRun) throws -> Move {
        updateRun.bind(1, movement.held)
        updateRun.bind(2, movement.open)
        updateRun.bind(3, movement.cost)
        updateRun.bind(4, movement.calls)
        updateRun.bind(5, movement.inputTokens)
        updateRun.bind(6, movement.outputTokens)
        updateRun.bind(7, movement.unpriced)
        updateRun.bind(8, run.sequence + Int64(events))
        updateRun.bind(9, head)
        updateRun.bind(10, run.row)
        updateRun.bind(11, run.epoch)
        updateRun.bind(12, movement.asked == nil ? 0 : 1)
        updateRun.bind(13, run.head)
        updateRun.bind(14, movement.peak)
        updateRun.bind(15, Self.sum(movement.held, movement.room).value)
        do {
            if try updateRun.runCountingChanges() == 1 { return .made }
        } catch {
            guard error.isConstraint else { throw error }
            // What is released twice leaves less than nothing. Otherwise a sum is beyond 64 bits: SQLite turns it into a
            // floating-point number, which a strict column refuses.
            let counters = try counters(of: run)
            guard counters.held >= -movement.held, counters.open >= -movement.open else {
                throw JournalError(.other, "more of run \(run.id) is released than it holds")
            }
        }
        let counters = try counters(of: run)
        if movement.asked != nil, verdict(of: movement, counters) != .written { return .turnedAway }
        fillRun.bind(1, movement.calls)
        fillRun.bind(2, movement.inputTokens)
        fillRun.bind(3, movement.outputTokens)
        fillRun.bind(4, movement.unpriced)
        fillRun.bind(5, run.sequence + Int64(events))
        fillRun.bind(6, head)
        fillRun.bind(7, run.row)
        fillRun.bind(8, run.epoch)
        fillRun.bind(9, run.head)
        // What ``counters(of:)`` found is so until the commit.
        try fillRun.run()
        return .full
    }

    /// What calls without an end hold counts as spent from now on: nobody knows better.
    func loseCalls(of run: OwnedRun) throws(SQLiteFailure) {
        for statement in [loseRun, loseWindows] {
            statement.bind(1, run.row)
            try statement.run()
        }
    }

    /// Behind the rows of an entry that found the counters full.
    func recount(_ run: OwnedRun) throws {
        sumCalls.bind(1, run.row)
        let sums = try sumCalls.first(Self.amounts)!
        recountRun.bind(1, run.row)
        recountRun.bind(2, sums.held)
        recountRun.bind(3, sums.open)
        recountRun.bind(4, sums.cost)
        try recountRun.run()
    }

    private typealias Counters = (held: Int64, open: Int64, cap: Int64?, exceeded: Int64?)

    private func counters(of run: OwnedRun) throws -> Counters {
        selectRun.bind(1, run.row)
        let row = try selectRun.first {
            ($0.int(0), $0.int(1), $0.hash(2), ($0.int(3), $0.int(4), $0.optionalInt(5), $0.optionalInt(6)))
        }
        // Epochs and facts grow: a run that is not there, or stands further back than its owner left it, is that of another file, and
        // facts behind the last that are not from here are another process's.
        guard let (epoch, sequence, head, counters) = row, epoch >= run.epoch, epoch > run.epoch || sequence >= run.sequence else { throw OverwrittenLedger() }
        if epoch > run.epoch || sequence > run.sequence { throw EntryWriter.lostOwnership(of: run) }
        guard head == run.head else { throw OverwrittenLedger() }
        return counters
    }

    /// Of the reservation, behind what else the entry moves.
    private func verdict(of movement: CapMovement, _ counters: Counters) -> JournalReply {
        guard let asked = movement.asked else { return .written }
        let cap = counters.cap ?? Self.full
        let most = Self.sum(counters.held, movement.peak).value
        return Self.verdict(
            BudgetRefusal.runScope, asked: asked, room: movement.room, held: Self.sum(counters.held, movement.endHeld).value,
            open: Self.sum(counters.open, movement.endOpen).value, exceeded: counters.exceeded ?? (most > cap ? most : nil), cap: cap)
    }

    /// Why nothing was written. A cap that will never admit the call outweighs one that may.
    func reply(_ movement: CapMovement, _ windows: [Window], of run: OwnedRun) throws -> JournalReply {
        let verdicts = [verdict(of: movement, try counters(of: run))] + windows.map(\.verdict)
        for case .refused(let refusal) in verdicts { return .refused(refusal) }
        return .postponed
    }

    // MARK: Caps below, and on tokens

    /// The caps that an entry moves, as they are behind it.
    func windows(_ movement: CapMovement, of run: OwnedRun) throws -> [Window] {
        var windows: [Window] = []
        func move(_ caps: [CapMovement.Counter], held: Int64, open: Int64, asked: Int64?, room: Int64 = 0) throws {
            for cap in caps {
                let index: Int
                if let known = windows.firstIndex(where: { $0.key == cap.key }) {
                    index = known
                } else {
                    selectWindow.bind(1, run.row)
                    selectWindow.bind(2, cap.key)
                    let found = try selectWindow.first { ($0.int(0), $0.int(1), $0.optionalInt(2)) } ?? (0, 0, nil)
                    index = windows.count
                    windows.append(
                        Window(
                            key: cap.key, cap: cap.cap, held: found.0, open: found.1, exceeded: found.2, isFull: found.2 == Self.full))
                }
                if let asked {
                    windows[index].verdict = Self.verdict(
                        cap.key, asked: asked, room: cap.isOfRun ? room : 0, held: windows[index].held, open: windows[index].open,
                        exceeded: windows[index].exceeded, cap: cap.cap)
                    guard windows[index].verdict == .written else { continue }
                }
                windows[index].move(held: held, open: open)
            }
        }
        for release in movement.releases { try move(release.caps, held: release.held, open: release.open, asked: nil) }
        for ask in movement.asks { try move(ask.caps, held: ask.amount, open: ask.amount, asked: ask.amount, room: ask.room) }
        return windows
    }

    func write(_ window: Window, of run: OwnedRun) throws {
        upsertWindow.bind(1, run.row)
        upsertWindow.bind(2, window.key)
        upsertWindow.bind(3, window.cap)
        upsertWindow.bind(4, window.held)
        upsertWindow.bind(5, window.open)
        upsertWindow.bind(6, window.exceeded)
        upsertWindow.bind(7, TokenCap.unit(ofKey: window.key))
        try upsertWindow.run()
    }

    /// Behind the rows of an entry that found the counters full.
    func recount(_ window: Window, of run: OwnedRun) throws {
        let scope = TokenCap.scope(ofKey: window.key)
        let sum = scope == nil ? sumCallsOfScope : sumTokensOfScope
        sum.bind(1, run.row)
        sum.bind(2, scope ?? window.key)
        let sums = try sum.first(Self.amounts)!
        var window = window
        (window.held, window.open) = (sums.held, sums.open)
        try write(window, of: run)
    }

    // MARK: Amounts

    /// Whether `asked` fits and leaves `room`, would do so if calls in flight cost nothing, or never will.
    private static func verdict(
        _ key: String, asked: Int64, room: Int64, held: Int64, open: Int64, exceeded: Int64?, cap: Int64
    ) -> JournalReply {
        if exceeded == nil {
            let most = cap - sum(asked, room).value
            if held <= most { return .written }
            if open > 0, held - open <= most { return .postponed }
        }
        return .refused(
            BudgetRefusal(
                key: key,
                BudgetRefusal.Amounts(
                    cap: cap, spent: held.subtractingClamped(open), asked: asked, exceeded: exceeded, room: room > 0 && exceeded == nil ? room : nil)))
    }

    fileprivate static func sum(_ a: Int64, _ b: Int64) -> (value: Int64, isFull: Bool) {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (full, true) : (sum, false)
    }

    private static func amounts(_ row: PreparedStatement) -> (held: Int64, open: Int64, cost: Int64) {
        func amount(_ column: Int32) -> Int64 { MoneySum(dollars: row.int(column), picoDollars: row.int(column + 1)).clamped.picoDollars }
        return (amount(0), amount(2), amount(4))
    }
}

extension CapCounters.Window {
    fileprivate mutating func move(held: Int64, open: Int64) {
        let sums = (CapCounters.sum(self.held, held), CapCounters.sum(self.open, open))
        (self.held, self.open) = (sums.0.value, sums.1.value)
        isFull = isFull || sums.0.isFull || sums.1.isFull
        if isFull {
            // Counted anew from the rows.
            (self.held, self.open, exceeded) = (max(0, self.held), max(0, self.open), .max)
        } else if self.held > cap {
            exceeded = max(exceeded ?? 0, self.held)
        }
    }
}

/// What a run's owner wrote is not in the ledger any more: an older state of it was copied over the file.
struct OverwrittenLedger: Error {}
