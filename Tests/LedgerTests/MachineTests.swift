import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// When machines were on that are paid by the hour, and what of it no call kept busy.
@Suite struct MachineTests {
    private let temporary = try! TemporaryLedger()
    // The calls of the samples begin two seconds behind it, and take a quarter of a second.
    private static let at = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!

    private func use(_ model: String = "small-model", _ second: Int64 = 0) -> MachineUse {
        MachineUse(provider: "local", model: model, began: Self.at.adding(.seconds(second)), hourly: dollars("3.6"), priceRow: "local/hour#01234567", priceText: "{}")
    }

    private func call(_ ledger: Ledger, _ run: String, workflow: String = "triage") async throws {
        try await ledger.begin(.sample(run, workflow: workflow))
        _ = try await ledger.write(.start(run, 1, held: nil))
        _ = try await ledger.write(.end(run, 1, .settled, held: nil, cost: dollars("0.00025")))
    }

    @Test func idleTimeIsToldAndBorne() async throws {
        let ledger = try temporary.open()
        defer { ledger.close() }
        #expect(try ledger.machines().isEmpty && ledger.idleShares(by: [.workflow]).isEmpty)
        try await ledger.machineBegan(use())
        try await call(ledger, "one")
        try await call(ledger, "two", workflow: "other")
        ledger.machineEnded(use(), at: Self.at.adding(.seconds(10)))
        // On for nobody's call.
        try await ledger.machineBegan(use("other-model"))
        ledger.machineEnded(use("other-model"), at: Self.at.adding(.seconds(1)))
        // What nobody waited for is written before what comes behind it.
        try await ledger.record(priceRows: [("x", "{}")])

        let rows = try ledger.machines()
        #expect(rows.map(\.model) == ["small-model", "other-model"])
        let row = try #require(rows.first)
        #expect(row.on == .seconds(10) && row.busy == .milliseconds(250) && row.calls == 2)
        // Both ran at the same time, and were charged each.
        #expect(row.charged == MoneySum(dollars("0.0005")) && row.cost == MoneySum(dollars("0.01")) && row.idleCost == MoneySum(dollars("0.00975")))
        #expect(row.unshared == .zero && row.tokens == 310 && row.costPerMillionTokens == Money(picoDollars: 32_258_064_516_129))
        #expect(rows[1].unshared == MoneySum(dollars("0.001")) && rows[1].costPerMillionTokens == nil)

        let half = MoneySum(dollars("0.004875"))
        #expect(Set(try ledger.idleShares(by: [.workflow, .model])) == [IdleShare(keys: ["triage", "local/small-model"], amount: half), IdleShare(keys: ["other", "local/small-model"], amount: half)])
        #expect(try ledger.idleShares(by: []) == [IdleShare(keys: [], amount: MoneySum(dollars("0.00975")))])
        // Calls of others bear theirs.
        #expect(try ledger.idleShares(by: [], filter: AuditFilter(workflow: "other")) == [IdleShare(keys: [], amount: half)])
        // The half of the time in which no call began.
        let later = AuditFilter(since: Self.at.adding(.seconds(5)))
        #expect(try ledger.machines(filter: later).map(\.idleCost) == [MoneySum(dollars("0.005"))] && ledger.idleShares(by: [], filter: later).isEmpty)
        #expect(try ledger.machines(filter: AuditFilter(until: Self.at)).isEmpty)
    }

    @Test func aProcessThatIsGoneHadItOnUntilItWasLastHeardOf() async throws {
        let ledger = try temporary.open()
        defer { ledger.close() }
        try await call(ledger, "one")
        try await ledger.machineBegan(use())
        // By its call, which ended behind its beat, and by its beat.
        try temporary.execute("UPDATE process SET beat = \(Self.at.adding(.seconds(1)).microseconds)")
        #expect(try ledger.machines().map(\.on) == [.seconds(3)])
        try temporary.execute("UPDATE process SET beat = \(Self.at.adding(.seconds(7)).microseconds)")
        #expect(try ledger.machines().map(\.on) == [.seconds(7)])
        _ = try await ledger.write(.finish("one"))
        ledger.close()
        // Its row goes with what it drove, and what it says of the machine stays.
        try temporary.execute("UPDATE run SET owner = NULL")
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        _ = try upkeep.remove(RemovalFilter(before: Self.at), isDry: false)
        let again = try temporary.open()
        defer { again.close() }
        #expect(try temporary.value("SELECT count(*) FROM process", of: Int.self) == 0)
        #expect(try again.machines().map(\.on) == [.seconds(7)])
    }
}
