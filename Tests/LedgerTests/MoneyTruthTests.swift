import Economics
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// One truth of what was spent, wherever it is asked for, and names that keep apart what differs.
@Suite struct MoneyTruthTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private func write(_ entries: [JournalEntry]) async throws {
        for entry in entries { #expect(try await ledger.write(entry) == .written) }
    }

    /// Known, estimated, unpriced, lost and in flight, each once (M3): the list of runs, the trace and its rows, the audit and the process
    /// that takes the run over say the same.
    @Test func everyPlaceTellsTheSame() async throws {
        try await ledger.begin(.sample("r"))
        try await write([
            .start("r", 1, held: dollars("1")), .end("r", 1, .settled, held: dollars("0.25"), cost: dollars("0.25")),
            .start("r", 2, held: dollars("1")), .end("r", 2, .overrun, held: dollars("1.5"), cost: dollars("1.5")),
            .start("r", 3, held: dollars("1")), .end("r", 3, .estimated, held: dollars("1"), cost: dollars("0.125")),
            .start("r", 4, held: nil), .end("r", 4, .settled, held: nil, cost: nil),
            .start("r", 5, held: dollars("1")), .end("r", 5, .void, held: .zero, cost: .zero, failure: CallFailure(.rateLimit, "no")),
            .start("r", 6, held: dollars("2")),
        ])
        // An estimate above its hold is an overrun, and an estimate all the same.
        let guess = JournalEntry.end(
            "r", 7, .overrun, held: dollars("4"), cost: dollars("4"), notes: [CallNote(.estimateAboveHold, "a guess")])
        try await write([.start("r", 7, held: dollars("1")), guess])
        var expected = Spending()
        (expected.calls, expected.void, expected.unpriced, expected.open, expected.estimatedCalls) = (7, 1, 1, 1, 2)
        (expected.known, expected.estimated) = (MoneySum(dollars("1.75")), MoneySum(dollars("4.125")))
        (expected.held, expected.heldOpen) = (MoneySum(dollars("8.75")), MoneySum(dollars("2.875")))

        func told() throws -> [Spending] {
            let trace = try #require(try ledger.trace(run: "r"))
            var rows = Spending()
            for call in trace.calls {
                rows.add(call.state, cost: call.cost, held: call.held, notes: call.notes, detail: call.detail)
            }
            return [try ledger.runs()[0].spending, try #require(try ledger.run("r")).spending, trace.run.spending, rows, try ledger.audit(by: [])[0].spending]
        }
        for spending in try told() { #expect(spending == expected) }
        #expect(expected.isLowerBound && !expected.knowsNothing && expected.cost == MoneySum(dollars("5.875")))

        // Its process is gone: nobody knows the end of the sixth, and what it holds stays held.
        try temporary.execute("UPDATE run SET owner = NULL")
        let other = try temporary.open()
        defer { other.close() }
        let taken = try await other.takeOver(RunID("r"))
        (expected.open, expected.unknown) = (0, 1)
        #expect(taken.spending == expected)
        for spending in try told() { #expect(spending == expected) }
        #expect(try ledger.decisions().map(\.callsWithoutCost) == [2])
    }

    /// Of a count of tokens nothing is owed: under way, and lost with its process, it leaves the cost certain.
    @Test func aCountIsNeverOpen() async throws {
        try await ledger.begin(.sample("r"))
        try await write([
            .start("r", 1, held: dollars("1")), .end("r", 1, .settled, held: dollars("0.25"), cost: dollars("0.25")), .start("r", 2, held: .zero, purpose: .count),
        ])
        for state in ["held", "unknown"] {
            try temporary.execute("UPDATE model_call SET state = '\(state)' WHERE purpose = 'count'")
            for spending in [try ledger.runs()[0].spending, try ledger.audit(by: [])[0].spending] {
                #expect(!spending.isLowerBound && spending.open == 0 && spending.unknown == 0 && spending.calls == 2 && spending.void == 1 && spending.estimatedCalls == 0)
            }
        }
    }

    /// A run that was cancelled when its process was gone has nothing that is under way.
    @Test func ofACancelledRunNothingIsUnderWay() async throws {
        try await ledger.begin(.sample("r"))
        try await write([.node("r", "draft[1]", .running, second: 0), .start("r", 1, held: dollars("1"))])
        #expect(try ledger.trace(run: "r")?.run.spending.open == 1)
        try temporary.execute("UPDATE run SET status = 'cancelled', owner = NULL")
        let trace = try #require(try ledger.trace(run: "r"))
        #expect(trace.nodes.map(\.status) == [.cancelled] && trace.calls.map(\.state) == [.unknown])
        #expect(trace.run.spending.open == 0 && trace.run.spending.unknown == 1 && trace.run.spending.isLowerBound)
    }

    /// What servers say themselves, and list prices, are summed by SQL as call by call.
    @Test func otherFiguresAreSummedExactly() async throws {
        try await ledger.begin(.sample("r"))
        func end(_ number: Int, _ state: CallState, _ cost: String?, _ detail: CostDetail) -> RunEvent {
            .callEnded(
                CallEnded(
                    id: CallID(run: RunID("r"), number: number), path: "draft[\(number)]", state: state, cost: cost.map(dollars), usage: nil, finishReason: .stop,
                    response: nil, failure: nil, jitter: 0, total: .milliseconds(1), detail: detail))
        }
        let ends: [(CallState, String?, CostDetail)] = [
            (.settled, "1", CostDetail(reported: dollars("1.01"))), (.settled, "1", CostDetail(reported: dollars("1.010000000001"))),
            (.overrun, "0.5", CostDetail(reported: dollars("0.5"), basis: .reported, priced: dollars("2"))), (.settled, nil, CostDetail(reported: dollars("3"))),
            (.estimated, "1", CostDetail(reported: dollars("9"))), (.settled, "0.85", CostDetail(list: dollars("1"))), (.settled, "0.25", .none),
            (.settled, "4000000", CostDetail(reported: dollars("4000000"), list: dollars("4000001"))), (.settled, "4000000", CostDetail(reported: dollars("3000000"))),
            (.settled, "0", CostDetail(reported: .zero)), (.settled, "0", CostDetail(reported: Money(picoDollars: 1))),
        ]
        for (index, (state, cost, detail)) in ends.enumerated() {
            try await write([.start("r", index + 1, held: cost.map { dollars($0.hasPrefix("4") ? $0 : "1") })])
            let entry = JournalEntry(run: RunID("r"))
            entry.facts = [JournaledEvent(end(index + 1, state, cost, detail), at: .now())]
            try await write([entry])
        }
        let trace = try #require(try ledger.trace(run: "r"))
        var rows = Spending()
        for call in trace.calls { rows.add(call.state, cost: call.cost, held: call.held, notes: call.notes, detail: call.detail) }
        #expect(trace.run.spending == rows)
        #expect(try ledger.audit(by: [])[0].spending == rows)
        #expect(rows.reportedCalls == 9 && rows.reportedOff == 4)
        #expect(rows.reported.decimalText == "7000014.520000000002" && rows.list.decimalText == "8000005.75" && rows.cost.decimalText == "8000004.6")
        #expect(trace.calls.map(\.costBasis) == [.priced, .priced, .reported, nil, .estimated, .priced, .priced, .priced, .priced, .priced, .priced])
        let found = try #require(try ledger.verify(run: "r"))
        #expect(found.isSound && found.provesRows, "\(found.faults)")
    }

    /// `fake/same` and `py/same` are two models; steps and tiers of two workflows are two (M1).
    @Test func whatIsNamedAlikeIsKeptApart() async throws {
        try await ledger.begin(.sample("a", workflow: "one"))
        try await ledger.begin(.sample("b", workflow: "two"))
        for (run, provider, cost) in [("a", "fake", "1"), ("a", "py", "2"), ("b", "py", "4")] {
            let number = provider == "fake" ? 1 : 2
            let intent = JournalEntry.start(run, number, held: dollars(cost), model: "same", ordinal: number, provider: provider)
            try await write([intent, .end(run, number, .settled, held: dollars(cost), cost: dollars(cost))])
        }
        func rows(_ dimensions: [AuditDimension]) throws -> [[String]] { try ledger.audit(by: dimensions).map { $0.keys + [$0.cost.decimalText] } }
        #expect(try rows([.model]) == [["py/same", "6"], ["fake/same", "1"]])
        #expect(try rows([.workflow, .step, .model]) == [["two", "draft", "py/same", "4"], ["one", "draft", "py/same", "2"], ["one", "draft", "fake/same", "1"]])
        #expect(try rows([.step]) == [["two:draft", "4"], ["one:draft", "3"]])
        #expect(try rows([.tier]) == [["two:small", "4"], ["one:small", "3"]])
    }

    /// One success and nine failures in the history: only completions say what a completion costs; calls whose usage is not known and those that
    /// overran are among them, those that owe nothing are not (M2).
    @Test func onlyCompletionsAreExpected() async throws {
        for index in 0..<10 {
            let run = "r\(index)"
            try await ledger.begin(.sample(run))
            if index == 0 {
                try await write([
                    .start(run, 1, held: dollars("1")), .end(run, 1, .overrun, held: dollars("2"), cost: dollars("2")),
                    .start(run, 2, held: dollars("1")), .end(run, 2, .void, held: .zero, cost: .zero, failure: CallFailure(.rateLimit, "no")),
                ])
                try temporary.execute("UPDATE model_call SET input_tokens = NULL, output_tokens = NULL WHERE state = 'void'")
                try await write([.start(run, 3, held: dollars("0.5"), path: "draft")])
                try temporary.execute("UPDATE model_call SET state = 'unknown' WHERE number = 3")
            } else {
                try await write([.start(run, 1, held: dollars("1")), .end(run, 1, .void, held: .zero, cost: .zero, failure: CallFailure(.rateLimit, "no"))])
            }
            try await write([.finish(run, index == 0 ? .succeeded : .failed)])
        }
        let history = try ledger.history(workflow: "triage")
        #expect(history.runs == 1)
        let calls = try #require(history.steps["draft"])
        #expect(calls.map(\.calls) == [1] && calls.map(\.callsWithoutUsage) == [1] && calls.map(\.costWithoutUsage) == [dollars("0.5")])
        #expect(calls[0].usage.totalInput == 120 && calls[0].usage.totalOutput == 35)
    }
}
