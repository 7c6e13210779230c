import TestSupport
import Testing
import Values

/// `cache simulate`: what a log of requests would have cost.
@Suite(.timeLimit(.minutes(5)))
struct CacheSimulateTests {
    private static let log = """
        {"t": 60, "in": 12050, "h": [[1, 188]]}
        {"t": 0, "in": 10050, "h": [[1, 157]]}

        {"t": 500, "in": 14000, "h": [[1, 188], [300, 30]]}
        """

    private static func simulate(_ sandbox: Sandbox, _ flags: String...) async throws -> Sandbox.Finished {
        try await Sandbox.run(Sandbox.program, ["cache", "simulate"] + flags, in: sandbox.folder)
    }

    @Test func linesAreReadInTheOrderOfTime() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("log.jsonl", Self.log)
        let finished = try await Self.simulate(sandbox, "log.jsonl", "--policy", "tail", "--json")
        let result = try JSONParser.parse(finished.out)
        // 157 blocks of 64 are written, then read; 440 seconds later they are gone.
        #expect(result["requests"] == 3 && result["input_tokens"] == 36_100 && result["read_tokens"] == 10_048 && result["policy"] == "tail" && result["rules"] == "anthropic-5m", "\(finished)")
        #expect(
            result.objectValue?.keys.sorted() == [
                "cost", "cost_bound", "cost_no_cache", "efficiency", "input_tokens", "policy", "read_tokens", "requests", "rules", "u_inf", "u_tau", "wasted_write_share", "written_tokens",
            ])
        let hour = try JSONParser.parse(try await Self.simulate(sandbox, "log.jsonl", "--policy", "tail", "--rules", "anthropic-1h", "--json").out)
        #expect(hour["read_tokens"] == 22_080)
        let text = try await Self.simulate(sandbox, "log.jsonl", "--read-price", "0.05", "--least-tokens", "512")
        #expect(text.code == 0 && ["planned", "stable", "tail", "none", "3 requests"].allSatisfy(text.out.contains), "\(text.out)")
    }

    @Test(arguments: [
        (["log.jsonl", "--rules", "antropic-5m"], 2, "did you mean 'anthropic-5m'?"), (["none.jsonl"], 2, "none.jsonl"), (["log.jsonl", "--policy", "best"], 2, "policy"),
        (["log.jsonl", "--delay", "soon"], 2, "--delay"), (["log.jsonl", "--read-price", "2"], 2, "0 to 1"), (["bad.jsonl"], 2, "bad.jsonl:2:"), (["odd.jsonl"], 2, "odd.jsonl:1: it has no time"),
        (["empty.jsonl"], 0, "the log has no request"),
    ]) func mistakes(words: [String], code: Int32, says: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("log.jsonl", Self.log)
        try sandbox.write("bad.jsonl", "{\"t\": 1, \"h\": [[1, 1]]}\n{\"t\": \n")
        try sandbox.write("odd.jsonl", "{\"h\": [[1, 1]]}\n")
        try sandbox.write("empty.jsonl", "\n")
        let finished = try await Sandbox.run(Sandbox.program, ["cache", "simulate"] + words, in: sandbox.folder)
        #expect(finished.code == code && (finished.out + finished.err).contains(says), "\(finished.out)\(finished.err)")
    }
}
