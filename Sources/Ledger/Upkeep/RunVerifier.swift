import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

/// Holds runs against themselves within one transaction: the chain of events, the documents that they name, and the counters of
/// the run's row against its calls.
final class RunVerifier {
    private let database: Database
    private let documents: DocumentFinder
    private var chain = EventChain()
    /// Documents that are known to be whole: runs of a workflow share many.
    private var whole: Set<ContentHash> = []
    /// Whether documents are looked at.
    private let looksAtDocuments: Bool

    /// - Parameter whole: documents that are known to be what they were.
    init(_ database: Database, looksAtDocuments: Bool = true, whole: Set<ContentHash> = []) throws {
        self.database = database
        self.looksAtDocuments = looksAtDocuments
        self.whole = whole
        documents = try DocumentFinder(database)
    }

    /// - Returns: `nil` when there is no such run.
    func verify(_ run: String, head kept: ContentHash? = nil) throws -> RunVerification? {
        guard let row = try Row.fetchOne(
            database, sql: "SELECT id, status, last_seq, last_hash, pruned_at FROM run WHERE run_id = ?", arguments: [run])
        else { return nil }
        let number: Int64 = row[0]
        let head = hash(row, 3) ?? ContentHash(of: [])
        let prunedAt = moment(row, 4)
        var faults = try counterFaults(number)
        var replay = CapReplay()
        var verdict: ChainVerdict?
        var keptHead = kept.map { $0 == head ? RunVerification.KeptHead.matches : .differs }
        var names: [ContentHash: Bool] = [:]
        if prunedAt == nil {
            var endedAt: Int?
            verdict = try walk(run, number, last: row[2], head: head) { sequence, link, kind, payload in
                if link == kept, link != head { keptHead = .isOfEvent(sequence) }
                if endedAt == nil, kind == "run_ended", Self.isEnd(payload) { endedAt = sequence }
                guard looksAtDocuments, let payload = try? JSONParser.parse(payload) else { return }
                replay.take(kind, payload)
                for (key, hash) in RunEvent.documents(in: payload) { names[hash] = RunEvent.listKeys.contains(key) || names[hash] == true }
            }
            // Behind an end nothing comes.
            if case .isOfEvent(let sequence)? = keptHead, let endedAt, endedAt <= sequence { keptHead = .differs }
            if case .broken? = verdict, keptHead == .matches { keptHead = .differs }
        }
        faults += replay.faults
        if replay.isTold {
            let cheap = try Int.fetchOne(database, sql: "SELECT count(*) FROM model_call WHERE run = ? AND cost_pico > held_pico", arguments: [number])!
            if cheap > 0 { faults.append("\(cheap) calls count less against caps than they cost") }
        }
        let count = try look(at: names, &faults)
        return RunVerification(
            run: run, status: RunStatus(rawValue: row[1]) ?? .failed, chain: verdict, prunedAt: prunedAt, head: head, documents: count,
            faults: faults, keptHead: keptHead)
    }

    /// Whether a `run_ended` is an end and no suspension.
    private static func isEnd(_ payload: [UInt8]) -> Bool {
        let status = (try? JSONParser.parse(payload))?["status"]?.stringValue.flatMap(RunStatus.init(rawValue:))
        return [.succeeded, .failed, .cancelled].contains(status)
    }

    // MARK: The chain

    /// Computes the chain again; hands over each event that is as it was written.
    func walk(
        _ run: String, _ number: Int64, last: Int64, head stored: ContentHash?,
        each: (_ sequence: Int, _ link: ContentHash, _ kind: String, _ payload: [UInt8]) -> Void = { _, _, _, _ in }
    ) throws -> ChainVerdict {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT seq, at, kind, CAST(payload AS BLOB), hash FROM event WHERE run = ? ORDER BY seq", arguments: [number])
        var head = EventChain.origin(of: run)
        var sequence: Int64 = 0
        while let event = try rows.next() {
            sequence += 1
            guard event[0] == sequence else { return .broken(sequence: Int(sequence)) }
            let (kind, payload): (String, [UInt8]) = (event[2], DocumentFinder.bytes(event, 3))
            head = payload.withUnsafeBytes { chain.link(after: head, sequence: sequence, at: event[1], kind: kind, payload: $0) }
            guard hash(event, 4) == head else { return .broken(sequence: Int(sequence)) }
            each(Int(sequence), head, kind, payload)
        }
        // Events cut off at the end leave a chain that is whole but for its head.
        guard last == sequence, stored == head else { return .broken(sequence: Int(sequence) + 1) }
        return .intact(events: Int(sequence), head: head)
    }

    // MARK: Documents

    /// - Parameter names: the documents by hash, and whether they name others.
    /// - Returns: how many there are with those.
    private func look(at names: [ContentHash: Bool], _ faults: inout [String]) throws -> Int {
        var all = Set(names.keys)
        var bad: [(hash: ContentHash, what: String)] = []
        func look(at hash: ContentHash, isList: Bool) throws -> [ContentHash] {
            if !isList, whole.contains(hash) { return [] }
            guard let bytes = try documents.bytes(hash) else {
                bad.append((hash, "is not in the ledger"))
                return []
            }
            guard ContentHash(of: bytes) == hash else {
                bad.append((hash, "is not what it was"))
                return []
            }
            whole.insert(hash)
            return isList ? (try? JSONParser.parse(bytes)).map(RunEvent.documents(inList:)) ?? [] : []
        }
        for (name, isList) in names {
            for inner in try look(at: name, isList: isList) where all.insert(inner).inserted { _ = try look(at: inner, isList: false) }
        }
        faults += bad.sorted { $0.hash.hex < $1.hash.hex }.map { "the document \($0.hash.hex) \($0.what)" }
        return all.count
    }

    // MARK: Counters

    private func counterFaults(_ number: Int64) throws -> [String] {
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
                UNION ALL SELECT scope, cap_pico, held_pico, exceeded_pico FROM budget_window WHERE run = ?1
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
            database, sql: "SELECT scope, held_pico, open_pico FROM budget_window WHERE run = ? ORDER BY scope", arguments: [number])
        if windows.isEmpty { return [] }
        var sums: [String: (held: MoneySum, open: MoneySum)] = [:]
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
