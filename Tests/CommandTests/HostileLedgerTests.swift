import Foundation
import GRDB
import TestSupport
import Testing

/// A ledger is a file, and a file can say anything: what is read from it ends no command by a trap.
@Suite(.timeLimit(.minutes(5)))
struct HostileLedgerTests {
    static let commands = [
        ["show", "last"], ["show", "last", "--json"], ["runs", "--json"], ["approvals", "--json"], ["audit", "--by", "model", "--json"],
        ["audit", "--by", "tier", "--idle"], ["verify", "--all"],
    ]

    @Test("the greatest and the least number in each column of a table", arguments: ["run", "model_call", "step_attempt", "approval", "event", "budget_window", "gate_check", "gate_tier", "machine_use"])
    func numbersAtTheirEnds(table: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "ask.yaml",
            """
            version: 1
            name: ask
            models: { small: { use: stub/echo } }
            budget: { max_cost_usd: 0.25 }
            defaults: { model: small, limits: { max_input_tokens: 2000, max_output_tokens: 64, max_cost_usd: 0.1 } }
            steps:
              - { id: a, prompt: one, escalate: { tiers: [small], checks: { long: { expr: size(output) > 0 } }, accept: checks.long.passed } }
              - { id: b, for_each: { items: "[1, 2]" }, prompt: "${{ item }} of ${{ steps.a.output }}" }
              - { id: c, needs: [b], approve: { message: go on? } }
            """)
        #expect(try await sandbox.agentctl("run", "ask.yaml").code == 4)
        var columns: [String] = []
        do {
            let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
            // Of a machine that was on while it ran, whose server is another's.
            try await ledger.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO machine_use(provider, model, process, began_at, ended_at, hour_pico, price_row)
                        SELECT 'stub', 'echo', 1, min(started_at) - 1000000, max(started_at) + 9000000, 3600000000000, 'x' FROM model_call
                        """)
            }
            columns = try await ledger.read { try String.fetchAll($0, sql: "SELECT name FROM pragma_table_info(?) WHERE type = 'INTEGER' AND pk = 0", arguments: [table]) }
            #expect(!columns.isEmpty)
            try await ledger.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
        let original = try Data(contentsOf: URL(fileURLWithPath: sandbox.path(".agentctl/ledger.db")))
        for column in columns {
            for value in [Int64.min, .max] {
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: sandbox.path(".agentctl/ledger.db\(suffix)")) }
                try original.write(to: URL(fileURLWithPath: sandbox.path(".agentctl/ledger.db")))
                do {
                    let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
                    // Columns that the schema bounds, or joins to another table, cannot say it.
                    let isTaken = try await ledger.writeWithoutTransaction { database in
                        do { try database.execute(sql: "UPDATE OR ROLLBACK \(table) SET \(column) = ?", arguments: [value]); return true } catch { return false }
                    }
                    guard isTaken else { continue }
                }
                for command in Self.commands {
                    let finished = try await Sandbox.run(Sandbox.program, command, in: sandbox.folder)
                    #expect(finished.code >= 0, "\(command.joined(separator: " ")) with \(table).\(column) = \(value): signal \(-finished.code)\n\(finished.err.suffix(300))")
                }
            }
        }
    }
}
