import TestSupport
import Testing
import Values

@Suite struct MemoTests {
    @Test func anAnswerOfAnotherRunIsTakenAndToldSo() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 2, step: ", memo: { max_age: 24h }")
        let first = try await sandbox.agentctl("run", "chain.yaml", "--json")
        #expect(first.code == 0, "\(first.err)")
        let second = try await sandbox.agentctl("run", "chain.yaml", "--json")
        #expect(sandbox.server.requestCount == 2)
        #expect(second.json?["outputs"] == first.json?["outputs"])
        #expect(second.json?["calls"] == 0 && second.json?["cost_usd"] == "0", "\(second.out)")

        let show = try await sandbox.agentctl("show", "last")
        let run = try #require(first.json?["run"]?.stringValue ?? first.json?["id"]?.stringValue)
        #expect(show.out.contains("memo: answered at no cost by call \(run).1 to stub/echo"), "\(show.out)")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json?["memo_hits"]?.arrayValue)
        #expect(trace.map { $0["step"] } == ["s1", "s2"])
        #expect(trace.map { $0["cost_usd"] } == ["0", "0"])

        let audit = try await sandbox.agentctl("audit", "--by", "step,purpose", "--json")
        let rows = try #require(audit.json?["rows"]?.arrayValue)
        let memo = rows.filter { $0["keys"]?["purpose"] == "memo" }
        #expect(memo.map { $0["memo_hits"] } == [1, 1] && memo.map { $0["calls"] } == [0, 0] && memo.map { $0["cost_usd"] } == ["0", "0"])
        let text = try await sandbox.agentctl("audit", "--by", "workflow")
        #expect(text.lines[0].contains("memo") && text.lines[0].contains("saved"))
        let spent = try #require(first.json?["cost_usd"]?.stringValue)
        let total = try #require(try await sandbox.agentctl("audit", "--by", "workflow", "--json").json?["total"])
        #expect(total["memo_hits"] == 2 && total["calls"] == 2)
        #expect(total["saved_usd"] == .string(spent) && total["cost_usd"] == .string(spent))

        let other = try await sandbox.agentctl("run", "chain.yaml", "--input", "topic=lakes", "--quiet")
        #expect(other.code == 0 && sandbox.server.requestCount == 4)
    }

    /// Lines of a batch that ask the same one after the other, in one process and before anything had to be durable.
    @Test func aBatchAsksEachQuestionOnce() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1, step: ", memo: { max_age: 24h }")
        try sandbox.write("batch.jsonl", (0..<30).map { "{\"topic\": \"t\($0 % 3)\"}" }.joined(separator: "\n") + "\n")
        let run = try await sandbox.agentctl("run", "chain.yaml", "--batch", "batch.jsonl", "--max-parallel", "1")
        #expect(run.code == 0, "\(run.err)")
        #expect(sandbox.server.requestCount == 3)
        let outputs = Set(try run.lines.map { try #require(try JSONParser.parse($0)["outputs"]?["last"]?.stringValue) })
        #expect(outputs.count == 3)
    }
}
