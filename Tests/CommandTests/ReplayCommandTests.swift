import Foundation
import GRDB
import Testing
import Values

/// Recorded runs by another process: alike, and where the record was changed not.
@Suite struct ReplayCommandTests {
    @Test func aRunIsTheSameElsewhere() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 3)
        try await sandbox.agentctl("run", "chain.yaml", "-q")
        let asked = sandbox.server.requestCount
        // Neither the project nor the workflow is needed, and nobody is asked.
        sandbox.server.stop()
        for name in ["chain.yaml", "agentctl.yaml"] { try FileManager.default.removeItem(atPath: sandbox.path(name)) }
        let places = [
            [:], ["TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"], ["SWIFT_DETERMINISTIC_HASHING": "1", "TZ": "America/St_Johns", "LC_ALL": "C"],
        ]
        for environment in places {
            let replayed = try await sandbox.agentctl("replay", "last", "--json", environment: environment)
            #expect(replayed.code == 0 && replayed.json?["verdict"] == "identical" && replayed.json?["calls"] == 3 && replayed.json?["warnings"] == [], "\(replayed)")
        }
        #expect(sandbox.server.requestCount == asked)
    }

    @Test(arguments: [("held_usd", "1.5", "decision"), ("request", String(repeating: "ab", count: 32), "request")])
    func whatWasAlteredIsNamed(key: String, value: String, what: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        try await sandbox.agentctl("run", "chain.yaml", "-q")
        let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
        let sequence = try await ledger.write { database in
            let last = try Int.fetchOne(database, sql: "SELECT max(seq) FROM event WHERE kind = 'call_started'")!
            try database.execute(sql: "UPDATE event SET payload = json_set(payload, ?, ?) WHERE seq = ?", arguments: ["$.\(key)", value, last])
            return last
        }
        let replayed = try await sandbox.agentctl("replay", "last", "--json")
        let difference = replayed.json?["difference"]
        #expect(replayed.code == 1 && replayed.json?["verdict"] == "different", "\(replayed)")
        #expect(difference?["what"] == .string(what) && difference?["step"] == "s2" && difference?["sequence"] == .int(Int64(sequence)), "\(replayed.out)")
        let told = try await sandbox.agentctl("replay", "last")
        #expect(told.code == 1 && told.out.contains("s2") && told.out.contains(value.prefix(8)), "\(told)")
    }

    /// One that cannot be read leaves the others.
    @Test func allOfThem() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        try await sandbox.agentctl("run", "chain.yaml", "-q")
        let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
        try await ledger.write { try $0.execute(sql: "UPDATE event SET payload = json_set(payload, '$.rules', 99) WHERE kind = 'run_started'") }
        try await sandbox.agentctl("run", "chain.yaml", "-q", "--input", "topic=lakes")
        let all = try await sandbox.agentctl("replay", "--all")
        #expect(all.code == 45 && all.out.contains("identical") && all.err.contains("cannot be replayed"), "\(all)")
    }

    @Test(arguments: [
        (["replay"], "name a run, or say --all"), (["replay", "x", "--workflow", "chain.yaml"], "--workflow goes with --from"), (["replay", "x", "--golden", "."], "it takes no run"),
        (["replay", "--all", "--from", "a", "--live"], "--from is for one run"), (["replay", "x"], "there is no run"),
    ])
    func mistakes(words: [String], says: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        try await sandbox.agentctl("run", "chain.yaml", "-q")
        let refused = try await Sandbox.run(Sandbox.program, words, in: sandbox.folder)
        #expect(refused.code != 0 && refused.err.contains(says), "\(refused)")
    }
}
