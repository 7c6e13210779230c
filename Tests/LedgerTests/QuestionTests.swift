import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Questions to people: keyed by run, node and number, with who answered.
@Suite struct QuestionTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private let message = Blob(Array("\"Send?\"".utf8))

    private func asked(_ number: Int, cap: Money? = nil) -> JournalEntry {
        let request = ApprovalRequest(number: number, message: message.hash, until: nil, onTimeout: .fail, cap: cap, asked: cap)
        let entry = JournalEntry("r", .approvalRequested("review", request), at: Timestamp(rfc3339: "2026-11-21T10:00:04Z")!)
        entry.blobs = [message]
        return entry
    }

    private func taken(_ number: Int, _ decision: ApprovalDecision) -> JournalEntry {
        var decision = decision
        decision.question = ApprovalRequest(number: number, message: message.hash, until: nil, onTimeout: .fail)
        return JournalEntry("r", .approvalDecided("review", decision), at: decision.at)
    }

    private let boss = SystemUser(uid: 1000, name: "eve", loginUID: 1001, loginName: "mallory", sudoUser: nil, host: "build-3")

    /// Neither by people nor by the clock.
    @Test func whatARunAskedThatEndedIsNotAnswered() async throws {
        try await ledger.begin(.sample("r"))
        let long = Timestamp(rfc3339: "2026-11-21T10:00:04Z")!
        let request = ApprovalRequest(number: 1, message: message.hash, until: long, onTimeout: .approve, cap: nil, asked: nil)
        let entry = JournalEntry("r", .approvalRequested("review", request), at: long)
        entry.blobs = [message]
        #expect(try await ledger.write(entry) == .written)
        #expect(try await ledger.cancel(RunID("r"), by: "ann"))
        ledger.close()
        try temporary.execute("UPDATE run SET status = 'cancelled'")
        let later = try temporary.open()
        do {
            _ = try await later.decide(RunID("r"), path: "review", ApprovalDecision(isApproved: true, by: "bob", note: nil, at: long))
            Issue.record("answered")
        } catch { #expect(error.code == .hasEnded && error.description.contains("run r has been cancelled"), "\(error)") }
        #expect(try later.trace(run: "r")?.approvals.map(\.decision) == [nil])
        // The same question of a run that goes on.
        later.close()
        try temporary.execute("UPDATE run SET status = 'waiting'")
        let again = try temporary.open()
        // After what it does first.
        try await again.claim(batch: "b")
        #expect(try again.trace(run: "r")?.approvals.first?.decision?.isTimeout == true)
    }

    @Test func everyQuestionIsKeptWithWhoAnswered() async throws {
        try await ledger.begin(.sample("r"))
        for entry in [
            JournalEntry.start("r", 1, held: dollars("1")), .end("r", 1, .estimated, held: dollars("1"), cost: dollars("0.25")), asked(1),
        ] { #expect(try await ledger.write(entry) == .written) }
        let open = try #require(try ledger.openApprovals().first)
        #expect(open.request.text == "Send?" && open.request.kind == .step && open.spent == dollars("0.25") && open.held == dollars("1"))

        let no = ApprovalDecision(isApproved: false, by: "ann", note: "no", at: Timestamp(rfc3339: "2026-11-21T10:00:05Z")!, system: boss)
        _ = try await ledger.decide(RunID("r"), path: "review", no)
        #expect(try ledger.openApprovals().isEmpty)
        // What the run is told carries who it was, and what was spent in that moment.
        let request = try #require(try await ledger.requests().first)
        guard case .decided(_, "review", let told) = request else { Issue.record("\(request)"); return }
        #expect(told.system == boss && told.spent == dollars("0.25") && told.held == dollars("1"))

        for entry in [taken(1, told), asked(2, cap: dollars("3"))] { #expect(try await ledger.write(entry) == .written) }
        _ = try await ledger.decide(RunID("r"), path: "review", ApprovalDecision(isApproved: true, by: "bob", note: nil, at: no.at, cap: dollars("5")))
        let all = try #require(try ledger.trace(run: "r")).approvals
        #expect(all.map(\.request.number) == [1, 2] && all.map(\.request.kind) == [.step, .money])
        #expect(all.map { $0.decision?.sentence } == ["rejected by ann: no", "approved by bob"])
        #expect(all[0].decision?.system == boss && all[1].request.asked == dollars("3") && all[1].decision?.cap == dollars("5"))
        let error = await #expect(throws: JournalError.self) { try await ledger.decide(RunID("r"), path: "review", no) }
        #expect(error?.code == .hasEnded)

        #expect(try ledger.audit(by: [.approver]).map(\.keys) == [["ann, bob"]])
        #expect(
            try ledger.approvers() == [
                ApproverRow(by: "ann", system: boss, approved: 0, rejected: 1, runs: 1, grants: 0, highestCap: nil),
                ApproverRow(by: "bob", system: nil, approved: 1, rejected: 0, runs: 1, grants: 1, highestCap: dollars("5")),
            ])
    }

    /// Of a gate's answers one is chosen, or another is given, whose text the ledger keeps although no fact names it yet.
    @Test func whatIsChosenIsKept() async throws {
        try await ledger.begin(.sample("r"))
        for path in ["a", "b", "c"] {
            let entry = JournalEntry("r", .approvalRequested(path, ApprovalRequest(kind: .gate, message: message.hash, until: nil, onTimeout: .best, cause: "not_accepted", reason: "weak")))
            entry.blobs = [message]
            #expect(try await ledger.write(entry) == .written)
        }
        #expect(try ledger.openApprovals().map(\.request.cause) == ["not_accepted", "not_accepted", "not_accepted"])
        let value = Blob(Array("{\"kind\":\"a\"}".utf8))
        // Yes is no answer to which.
        let yes = await #expect(throws: JournalError.self) { try await ledger.decide(RunID("r"), path: "a", ApprovalDecision(isApproved: true, by: "ann", note: nil, at: .now())) }
        #expect(yes?.description.contains("asks a question of kind gate") == true)
        _ = try await ledger.decide(RunID("r"), path: "a", ApprovalDecision(.pick(tier: "small"), by: "ann", note: nil, at: .now()))
        _ = try await ledger.decide(RunID("r"), path: "b", ApprovalDecision(.value(value.hash), by: "ann", note: nil, at: .now()), document: value)
        var told: [String: ApprovalChoice] = [:]
        for case .decided(_, let path, let decision) in try await ledger.requests() { told[path] = decision.choice }
        #expect(told == ["a": .pick(tier: "small"), "b": .value(value.hash)])
        #expect(try await ledger.documents([value.hash]) == [value.hash: value.bytes])
        #expect(try ledger.trace(run: "r")?.approvals.map { $0.decision?.sentence } == ["small picked by ann", "a value given by ann", nil])
        // What removes documents finds it named.
        let names = try temporary.connect()
        defer { try? names.close() }
        try await names.read { database in
            var reachable = ReachableDocuments()
            while try reachable.read(database, limit: 100) {}
            #expect(reachable.contains(value.hash))
        }
    }

    /// An answer to what was asked before is none to what is asked now.
    @Test func anAnswerIsToItsQuestion() async throws {
        try await ledger.begin(.sample("r"))
        #expect(try await ledger.write(asked(1)) == .written)
        let seen = try #require(try ledger.openApprovals().first).request
        for entry in [taken(1, ApprovalDecision(isApproved: true, by: "bob", note: nil, at: .now())), asked(2)] { #expect(try await ledger.write(entry) == .written) }
        let late = await #expect(throws: JournalError.self) {
            try await ledger.decide(RunID("r"), path: "review", ApprovalDecision(.approve, by: "ann", note: nil, at: .now(), question: seen))
        }
        #expect(late?.code == .hasEnded && late?.description.contains("asks something else now") == true)
        #expect(try ledger.openApprovals().map(\.request.number) == [2])
    }

    /// Of a band one answer is for all that ask of it, from the moment in which it was given: the others are refused, also while the run
    /// has not taken it, and whether or not a process drives the run.
    @Test(arguments: [true, false]) func theFirstAnswerToABandIsForAll(isDriven: Bool) async throws {
        try await ledger.begin(.sample("r"))
        let at = Timestamp(rfc3339: "2026-11-21T10:00:04Z")!
        for (path, kind, cause) in [("b", QuestionKind.band, "red"), ("c", .band, "red"), ("e[0]", .band, "red"), ("y", .band, "yellow"), ("s", .step, nil)] {
            let entry = JournalEntry("r", .approvalRequested(path, ApprovalRequest(kind: kind, message: message.hash, until: nil, onTimeout: .fail, cause: cause)), at: at)
            entry.blobs = [message]
            #expect(try await ledger.write(entry) == .written)
        }
        var one = ledger
        if !isDriven {
            ledger.close()
            try temporary.execute("UPDATE run SET status = 'waiting'")
            one = try temporary.open()
        }
        func answer(_ path: String, _ isYes: Bool, _ by: String, after seconds: Int64) async throws -> Bool {
            try await one.decide(
                RunID("r"), path: path, ApprovalDecision(isApproved: isYes, by: by, note: nil, at: Timestamp(microseconds: at.microseconds + seconds * 1_000_000)), document: nil)
        }
        #expect(try await answer("c", false, "ann", after: 1) == isDriven)
        for path in ["b", "e[0]"] {
            let late = await #expect(throws: JournalError.self) { try await answer(path, true, "bob", after: 2) }
            #expect(late?.code == .hasEnded)
            #expect(late?.description.contains("what '\(path)' of run r asks was answered already by ann: no, at 'c': one answer is for the whole band") == true, "\(late as Any)")
        }
        let again = await #expect(throws: JournalError.self) { try await answer("c", true, "bob", after: 2) }
        #expect(again?.description.contains("'c' of run r was answered already by ann: no") == true, "\(again as Any)")
        #expect(try one.openApprovals().map(\.path) == ["s", "y"])
        #expect(try one.approvals().map { "\($0.path) \($0.decision?.sentence ?? "-")" } == ["b rejected by ann", "c rejected by ann", "e[0] rejected by ann", "s -", "y -"])
        // Another band, and what is about none.
        #expect(try await answer("y", true, "bob", after: 3) == isDriven)
        #expect(try await answer("s", true, "cy", after: 4) == isDriven)
    }

    /// One that was taken back before it was answered is asked again under its number.
    @Test func aQuestionThatIsAskedAgainHasNoAnswer() async throws {
        try await ledger.begin(.sample("r"))
        #expect(try await ledger.write(asked(1)) == .written)
        _ = try await ledger.decide(RunID("r"), path: "review", ApprovalDecision(isApproved: true, by: "ann", note: "x", at: .now(), system: boss))
        #expect(try await ledger.write(asked(1)) == .written)
        let again = try #require(try ledger.openApprovals().first)
        #expect(again.decision == nil && again.request.number == 1)
    }

    /// A ledger of the schema before: its questions are the first of their nodes.
    @Test func olderQuestionsAreKept() throws {
        let path = NSTemporaryDirectory() + "agentctl-old-\(UUID().uuidString).db"
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            for migration in Migrations.all where migration.version <= M006Removal.version { try database.execute(sql: migration.sql) }
            try database.execute(
                sql: """
                    INSERT INTO run(run_id, workflow, file, status, started_at, owner, epoch, last_hash, graph_hash, inputs_hash, tags, owners)
                        VALUES ('r', 'w', 'w.yaml', 'waiting', 1, 'h:1:1', 1, x'00', x'00', x'00', '{}', '{}');
                    INSERT INTO approval(run, node_path, message_hash, requested_at, on_timeout, cap_pico, decided_at, approved, decided_by, taken)
                        VALUES (1, 'a', x'00', 5, 'fail', 7, 9, 0, 'ann', 1), (1, 'b', x'00', 6, 'fail', NULL, NULL, NULL, NULL, 0);
                    """)
            try database.execute(sql: M011Questions.sql)
            let rows = try Row.fetchAll(database, sql: "SELECT node_path, number, kind, choice, decided_by, taken FROM approval ORDER BY node_path")
            #expect(rows.map { $0["number"] as Int } == [1, 1] && rows.map { $0["kind"] as String } == ["money", "step"])
            #expect(rows.map { $0["choice"] as String? } == ["reject", nil] && rows.map { $0["taken"] as Int } == [1, 0])
        }
        try queue.close()
    }
}
