import Economics
import Testing
import Values
import WorkflowModel

/// What every `RunJournal` must do, told through the protocol alone.
///
/// - Parameter makeJournal: an empty journal; called once per exercise.
func exerciseJournal(_ makeJournal: () async throws -> any RunJournal & AnswerMemory) async throws {
    try await exerciseOwnership(makeJournal())
    try await exerciseRunCap(makeJournal())
    try await exerciseInnerCaps(makeJournal())
    try await exerciseTokenCaps(makeJournal())
    try await exerciseRoom(makeJournal())
    try await exerciseFactsBefore(makeJournal())
    try await exerciseEndings(makeJournal())
    try await exerciseFailedEntry(makeJournal())
    try await exerciseFailedPost(makeJournal())
    try await exerciseTakeOver(makeJournal())
    try await exerciseRefusedTakeOver(makeJournal())
    try await exerciseDocuments(makeJournal())
    try await exerciseRecall(makeJournal())
    try await exerciseRates(makeJournal())
}

/// What goes on to a further tier is counted over all runs, in the order in which they ask.
private func exerciseRates(_ journal: any RunJournal) async throws {
    let (key, other) = (ContentHash(of: "key"), ContentHash(of: "other"))
    let rate = EscalationRate(text: "25%/1m")!
    let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!
    func decided(_ run: String, _ path: String, _ second: Int64, window: ContentHash?) -> JournalEntry {
        let tier = TierDecided(path: path, tier: "small", gate: ContentHash(of: "gate"), verdict: .rejected, window: window)
        return JournalEntry(run, .tierDecided(tier), at: noon.adding(.seconds(second)))
    }
    func goesOn(_ run: String, _ number: Int, _ path: String, _ second: Int64, held: Money? = dollars("1")) -> JournalEntry {
        let entry = JournalEntry.start(run, number, held: held, path: path, at: noon.adding(.seconds(second)))
        entry.rate = RateCheck(path: path, from: "small", tier: "draft", key: key, rate: rate)
        return entry
    }
    func counted(_ path: String, _ answered: Int, _ escalated: Int) -> RateCounted {
        RateCounted(path: path, from: "small", tier: "draft", rate: rate, answered: answered, escalated: escalated)
    }
    for run in ["r1", "r2"] { try await journal.begin(.sample(run, cap: dollars("10"))) }
    // Below 20 executions no share says anything; what is decided in the same breath counts.
    #expect(try await journal.write(goesOn("r1", 1, "x[0]", 1), after: decided("r1", "x[0]", 1, window: key)) == .counted(counted("x[0]", 1, 0)))
    #expect(try await journal.write(goesOn("r2", 1, "x[0]", 2), after: decided("r2", "x[0]", 2, window: key)) == .counted(counted("x[0]", 2, 1)))
    // Another gate, and one that does not count.
    for (path, window) in [("y", other), ("z", nil)] as [(String, ContentHash?)] { #expect(try await journal.write(decided("r1", path, 3, window: window)) == .written) }
    // What a cap refuses has not gone on.
    let refused = try await journal.write(goesOn("r1", 2, "x[1]", 4, held: dollars("99")), after: decided("r1", "x[1]", 4, window: key))
    guard case .refused = refused else { Issue.record("\(refused)"); return }
    for item in 2..<20 { #expect(try await journal.write(decided("r2", "x[\(item)]", 10, window: key)) == .written) }
    // 21 were answered: 2 went on, and 25 % are 5.
    for (index, path) in ["x[2]", "x[3]", "x[4]"].enumerated() {
        #expect(try await journal.write(goesOn("r2", 2 + index, path, 20)) == .counted(counted(path, 21, 2 + index)))
    }
    #expect(try await journal.write(goesOn("r2", 9, "x[5]", 20)) == .tripped(counted("x[5]", 21, 5)))
    // Nothing of it was written, and the facts before it are.
    #expect(try await journal.write(goesOn("r2", 9, "x[6]", 20), after: .event("r2", "seen")) == .tripped(counted("x[6]", 21, 5)))
    // What is older than the window does not count; the first three are.
    #expect(try await journal.write(goesOn("r2", 9, "x[7]", 65)) == .counted(counted("x[7]", 18, 3)))
    // The fact stands in front of the call.
    #expect(try await journal.write(.finish("r2", .interrupted)) == .written)
    let recorded = try await journal.takeOver(RunID("r2"), by: "the next", at: noon)
    #expect(recorded.events.filter { $0.kind == "rate_counted" }.map { $0.payload["escalated"] } == [1, 2, 3, 4, 3])
    let kinds = recorded.events.map(\.kind)
    #expect(kinds.indices.filter { kinds[$0] == "rate_counted" }.allSatisfy { kinds[$0 + 1] == "call_started" })
    #expect(!recorded.events.contains { $0.payload["step"] == "x[5]" && $0.kind != "tier_decided" })
}

private func exerciseOwnership(_ journal: any RunJournal) async throws {
    await #expect(throws: JournalError.self, "a run that never began") { try await journal.write(.event("r1", "a")) }
    try await journal.begin(.sample("r1"))
    #expect(try await journal.write(.event("r1", "a")) == .written)
    await #expect(throws: JournalError.self, "a name that is taken") { try await journal.begin(.sample("r1")) }
    #expect(try await journal.write(.event("r1", "b")) == .written)
    #expect(try await journal.write(.finish("r1")) == .written)
    await #expect(throws: JournalError.self, "a run that has ended") { try await journal.write(.event("r1", "c")) }
}

private func exerciseRunCap(_ journal: any RunJournal) async throws {
    let ten = dollars("10")
    try await journal.begin(.sample("r", cap: ten))
    // Never fits.
    #expect(
        try await journal.write(.start("r", 1, held: dollars("10.01")))
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: ten, spent: .zero, asked: dollars("10.01"))))
    #expect(try await journal.write(.start("r", 1, held: dollars("6"))) == .written)
    // Would fit if the first cost nothing; nothing of it is written, so it can be asked again.
    #expect(try await journal.write(.start("r", 2, held: dollars("6"))) == .postponed)
    #expect(try await journal.write(.start("r", 2, held: dollars("4"))) == .written)
    #expect(try await journal.write(.start("r", 3, held: dollars("0.000000000001"))) == .postponed)
    // Settled for less than was held.
    _ = try await journal.write(.end("r", 1, .settled, held: dollars("3"), cost: dollars("3")))
    #expect(try await journal.write(.start("r", 3, held: dollars("3"))) == .written)
    // Of an unknown end the hold stays, and is spent.
    _ = try await journal.write(.end("r", 2, .unknown, held: dollars("4"), cost: nil))
    #expect(
        try await journal.write(.start("r", 4, held: dollars("3.5")))
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: ten, spent: dollars("7"), asked: dollars("3.5"))))
    // Of a void call nothing stays.
    _ = try await journal.write(.end("r", 3, .void, held: .zero, cost: .zero))
    #expect(try await journal.write(.start("r", 4, held: dollars("3"))) == .written)
    // What was overrun is booked, and the cap blocks.
    _ = try await journal.write(.end("r", 4, .overrun, held: dollars("5"), cost: dollars("5")))
    #expect(
        try await journal.write(.start("r", 5, held: dollars("0.01")))
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: ten, spent: dollars("12"), asked: dollars("0.01"), exceeded: dollars("12"))))
    // A call without a price is not held against anything.
    #expect(try await journal.write(.start("r", 5, held: nil)) == .written)
}

/// What goes before an entry is written whatever becomes of the entry, and counts when its reservation is judged.
private func exerciseFactsBefore(_ journal: any RunJournal) async throws {
    try await journal.begin(.sample("r", cap: dollars("10")))
    #expect(try await journal.write(.start("r", 1, held: dollars("8"))) == .written)
    let settled = JournalEntry.end("r", 1, .settled, held: dollars("3"), cost: dollars("3"))
    #expect(try await journal.write(.start("r", 2, held: dollars("7")), after: settled) == .written)
    let half = JournalEntry.end("r", 2, .settled, held: dollars("2"), cost: dollars("2"))
    #expect(
        try await journal.write(.start("r", 3, held: dollars("5.5")), after: half)
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: dollars("10"), spent: dollars("5"), asked: dollars("5.5"))))
    // Call 2 ended all the same: its hold is not released twice, and what is left can be taken.
    #expect(try await journal.write(.start("r", 3, held: dollars("4"))) == .written)
    #expect(try await journal.write(.start("r", 4, held: dollars("2")), after: .event("r", "seen")) == .postponed)
    #expect(try await journal.write(.start("r", 4, held: dollars("1")), after: .event("r", "seen again")) == .written)
}

private func exerciseInnerCaps(_ journal: any RunJournal) async throws {
    let step = [(scope: "draft", cap: dollars("2"))]
    try await journal.begin(.sample("r", cap: dollars("10")))
    #expect(try await journal.write(.start("r", 1, held: dollars("1.5"), caps: step)) == .written)
    #expect(try await journal.write(.start("r", 2, held: dollars("1"), caps: step)) == .postponed)
    #expect(
        try await journal.write(.start("r", 2, held: dollars("2.5"), caps: step))
            == .refused(BudgetRefusal(scope: "draft", cap: dollars("2"), spent: .zero, asked: dollars("2.5"))))
    // Another scope and the run itself are not concerned.
    #expect(try await journal.write(.start("r", 2, held: dollars("2"), caps: [(scope: "check", cap: dollars("2"))])) == .written)
    // 3.5 are held: the run would have room one day, the step never.
    #expect(
        try await journal.write(.start("r", 3, held: dollars("7"), caps: step))
            == .refused(BudgetRefusal(scope: "draft", cap: dollars("2"), spent: .zero, asked: dollars("7"))))
    _ = try await journal.write(
        .end("r", 1, .settled, held: dollars("0.5"), cost: dollars("0.5")))
    // An end and a start in one entry: what the end frees, the start may take.
    #expect(try await journal.write(.start("r", 3, held: dollars("1.5"), caps: step)) == .written)
    let both = JournalEntry.end("r", 3, .void, held: .zero, cost: .zero).followed(by: .start("r", 4, held: dollars("1.5"), caps: step))
    #expect(try await journal.write(both) == .written)
    #expect(try await journal.write(.start("r", 5, held: dollars("0.1"), caps: step)) == .postponed)
}

/// Caps on tokens hold beside those on cost, and without any.
private func exerciseTokenCaps(_ journal: any RunJournal) async throws {
    func hold(_ tokens: Int, step: Int? = nil) -> TokenHold {
        TokenHold(held: tokens, caps: [TokenCap(scope: BudgetRefusal.runScope, cap: 1000)] + (step.map { [TokenCap(scope: "draft", cap: $0)] } ?? []))
    }
    func refused(_ scope: String, cap: Int, spent: Int, asked: Int, exceeded: Int? = nil) -> JournalReply {
        .refused(BudgetRefusal(scope: scope, tokens: BudgetRefusal.Amounts(cap: cap, spent: spent, asked: asked, exceeded: exceeded)))
    }
    try await journal.begin(.sample("r", cap: dollars("10")))
    #expect(try await journal.write(.start("r", 1, held: dollars("1"), tokens: hold(1001))) == refused(BudgetRefusal.runScope, cap: 1000, spent: 0, asked: 1001))
    #expect(try await journal.write(.start("r", 1, held: nil, tokens: hold(400, step: 500))) == .written)
    #expect(try await journal.write(.start("r", 2, held: dollars("1"), tokens: hold(200, step: 500))) == .postponed)
    #expect(try await journal.write(.start("r", 2, held: dollars("1"), tokens: hold(501, step: 500))) == refused("draft", cap: 500, spent: 0, asked: 501))
    #expect(try await journal.write(.start("r", 2, held: dollars("1"), tokens: hold(600))) == .written)
    // 155 tokens by the usage; the other's end is not known, and keeps what was held.
    _ = try await journal.write(.end("r", 1, .settled, held: nil, cost: nil))
    #expect(try await journal.write(.start("r", 3, held: dollars("1"), tokens: hold(245, step: 500))) == .written)
    _ = try await journal.write(.end("r", 2, .estimated, held: dollars("1"), cost: dollars("1")))
    #expect(try await journal.write(.start("r", 4, held: dollars("1"), tokens: hold(246))) == refused(BudgetRefusal.runScope, cap: 1000, spent: 755, asked: 246))
    // More than was held, and more than the cap admits: it is closed, for a call of no tokens too.
    _ = try await journal.write(.end("r", 3, .overrun, held: dollars("1"), cost: dollars("1"), usage: TokenUsage(plainInput: 246, plainOutput: 0)))
    #expect(try await journal.write(.start("r", 4, held: dollars("1"), tokens: hold(0))) == refused(BudgetRefusal.runScope, cap: 1000, spent: 1001, asked: 0, exceeded: 1001))
    #expect(try await journal.write(.start("r", 4, held: dollars("1"))) == .written)
}

/// What is to be left is compared and not taken.
private func exerciseRoom(_ journal: any RunJournal) async throws {
    let ten = dollars("10")
    try await journal.begin(.sample("r", cap: ten))
    #expect(try await journal.write(.start("r", 1, held: dollars("4"))) == .written)
    #expect(try await journal.write(.start("r", 2, held: dollars("4"), room: dollars("3"))) == .postponed)
    #expect(
        try await journal.write(.start("r", 2, held: dollars("4"), room: dollars("7")))
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: ten, spent: .zero, asked: dollars("4"), room: dollars("7"))))
    #expect(try await journal.write(.start("r", 2, held: dollars("4"), room: dollars("2"))) == .written)
    #expect(try await journal.write(.start("r", 3, held: dollars("2"))) == .written)
    // Of the run's own cap alone.
    let caps = [TokenCap(scope: BudgetRefusal.runScope, cap: 100), TokenCap(scope: "draft", cap: 50)]
    try await journal.begin(.sample("t"))
    #expect(try await journal.write(.start("t", 1, held: nil, tokens: TokenHold(held: 50, room: 50, caps: caps))) == .written)
    _ = try await journal.write(.end("t", 1, .void, held: nil, cost: .zero, usage: nil))
    #expect(
        try await journal.write(.start("t", 2, held: nil, tokens: TokenHold(held: 50, room: 51, caps: caps)))
            == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, tokens: BudgetRefusal.Amounts(cap: 100, spent: 0, asked: 50, room: 51))))
}

private func exerciseEndings(_ journal: any RunJournal) async throws {
    for status in [RunStatus.failed, .cancelled, .interrupted, .waiting] {
        let run = "r-\(status.rawValue)"
        try await journal.begin(.sample(run))
        _ = try await journal.write(.node(run, "draft", .running, second: 1))
        _ = try await journal.write(.node(run, "draft", .failed, second: 2))
        _ = try await journal.write(.node(run, "send", .skipped, second: 2, reason: "upstream_failed: draft"))
        #expect(try await journal.write(.finish(run, status)) == .written)
    }
}

private func exerciseFailedEntry(_ journal: any RunJournal) async throws {
    try await journal.begin(.sample("r"))
    #expect(try await journal.write(.start("r", 1, held: nil)) == .written)
    let twin = JournalEntry.start("r", 2, held: nil, path: "draft[1]")
    twin.blobs = [Blob(Array("twin".utf8))]
    await #expect(throws: JournalError.self, "a call's identity is unique in its run") { try await journal.write(twin) }
    // What came after it would tell of a run that nobody can follow.
    await #expect(throws: JournalError.self, "the run ends with it") { try await journal.write(.start("r", 2, held: nil)) }
    try await journal.begin(.sample("other"))
    #expect(try await journal.write(.start("other", 1, held: nil)) == .written)
}

private func exerciseFailedPost(_ journal: any RunJournal) async throws {
    try await journal.begin(.sample("good"))
    try await journal.begin(.sample("bad"))
    journal.post(.event("bad", "a"))
    journal.post(.end("bad", 7, .settled, held: nil, cost: nil))
    journal.post(.event("good", "a"))
    await #expect(throws: JournalError.self, "what was posted could not be written") { try await journal.write(.event("bad", "b")) }
    await #expect(throws: JournalError.self, "and nothing after it is") { try await journal.write(.event("bad", "c")) }
    #expect(try await journal.write(.event("good", "b")) == .written)
}

/// What a process finds that goes on with a run: its facts in their order, what it may cost, and which calls are lost.
private func exerciseTakeOver(_ journal: any RunJournal) async throws {
    for status in [RunStatus.interrupted, .waiting] {
        let run = RunID("r-\(status.rawValue)")
        let start = SampleStart.sample(run.text, cap: dollars("10"), batch: ("b-\(status.rawValue)", 3))
        try await journal.begin(start)
        _ = try await journal.write(.start(run.text, 1, held: dollars("2")))
        _ = try await journal.write(.end(run.text, 1, .settled, held: dollars("1"), cost: dollars("1")))
        _ = try await journal.write(.start(run.text, 2, held: dollars("4")))
        _ = try await journal.write(.finish(run.text, status))

        let at = Timestamp(rfc3339: "2026-11-21T11:00:00Z")!
        let recorded = try await journal.takeOver(run, by: "the next", at: at)
        #expect(recorded.id == run && recorded.graph == start.started.graph && recorded.inputs == start.started.inputs)
        #expect(recorded.startedAt == start.at && recorded.maxCost == dollars("10") && recorded.resumedAt == at)
        #expect(recorded.batch?.name == "b-\(status.rawValue)" && recorded.batch?.index == 3)
        #expect(recorded.events.map(\.kind) == ["run_started", "call_started", "call_ended", "call_started", "run_ended"])
        #expect(recorded.events.map(\.sequence) == Array(1...5))
        #expect(recorded.resumed == RunResumed(program: "the next", epoch: 2, lost: [2]))
        #expect(recorded.decisions.isEmpty)
        // What a lost call holds stays held: $5 are left.
        #expect(
            try await journal.write(.start(run.text, 3, held: dollars("5.01")))
                == .refused(BudgetRefusal(scope: BudgetRefusal.runScope, cap: dollars("10"), spent: dollars("5"), asked: dollars("5.01"))))
        #expect(try await journal.write(.start(run.text, 3, held: dollars("5"))) == .written)
        _ = try await journal.write(.finish(run.text, .interrupted))
        // The fact that it was taken over is one of the run's.
        let again = try await journal.takeOver(run, by: "the one after", at: at)
        #expect(again.events.dropFirst(5).map(\.kind) == ["run_resumed", "call_started", "run_ended"])
        #expect(again.resumed == RunResumed(program: "the one after", epoch: 3, lost: [3]))
    }
}

private func exerciseRefusedTakeOver(_ journal: any RunJournal) async throws {
    func refusal(_ run: String) async -> JournalError.Code? {
        do throws(JournalError) { _ = try await journal.takeOver(RunID(run)) } catch { return error.code }
        return nil
    }
    #expect(await refusal("nobody") == .unknownRun)
    try await journal.begin(.sample("r"))
    #expect(await refusal("r") == .owned)
    // Nothing of it stands in the way of who drives it.
    #expect(try await journal.write(.event("r", "a")) == .written)
    for status in [RunStatus.succeeded, .failed, .cancelled] {
        try await journal.begin(.sample("r-\(status.rawValue)"))
        _ = try await journal.write(.finish("r-\(status.rawValue)", status))
        #expect(await refusal("r-\(status.rawValue)") == .hasEnded)
    }
}

private func exerciseDocuments(_ journal: any RunJournal) async throws {
    try await journal.begin(.sample("r"))
    let (small, large) = (Blob(Array("small".utf8)), Blob([UInt8](repeating: 9, count: 3 << 20)))
    let entry = JournalEntry.event("r", "a")
    entry.blobs = [small, large, small]
    #expect(try await journal.write(entry) == .written)
    let found = try await journal.documents([small.hash, ContentHash(of: "inputs"), large.hash, ContentHash(of: "nowhere"), small.hash])
    #expect(found == [small.hash: small.bytes, large.hash: large.bytes, ContentHash(of: "inputs"): Array("inputs".utf8)])
    #expect(try await journal.documents([]).isEmpty)
    // Nobody asks anything of a run that nobody knows of.
    #expect(try await journal.requests().isEmpty)
}

private func exerciseRecall(_ journal: any RunJournal & AnswerMemory) async throws {
    let (question, document) = (ContentHash(of: "question"), Blob(Array("\"said\"".utf8)))
    let early = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    let late = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!
    #expect(try await journal.recall(question, since: early) == nil)
    try await journal.begin(.sample("r"))
    let kept = MemoKept(path: "x", question: question, call: CallID(run: RunID("r"), number: 1), output: document.hash, cost: dollars("0.02"))
    let entry = JournalEntry("r", .nodeSucceeded("x", OutputReference(hash: document.hash)), .memoKept(kept), at: early)
    entry.blobs = [document]
    // Seen before it is durable.
    journal.post(entry)
    let answer = try await journal.recall(question, since: early)
    #expect(answer?.call == "r.1" && answer?.document == document.bytes && answer?.output == document.hash)
    #expect(answer?.cost == dollars("0.02") && answer?.at == early)
    #expect(try await journal.recall(question, since: late) == nil, "it is too old")
    #expect(try await journal.recall(ContentHash(of: "another"), since: early) == nil)
}
