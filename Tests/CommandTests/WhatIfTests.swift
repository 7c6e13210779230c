import Foundation
import TestSupport
import Testing
import Values

/// `what-if`: recorded runs on other terms, held against runs on those terms and against the commands that know a part of it.
@Suite(.timeLimit(.minutes(5)))
struct WhatIfTests {
    private static let prices = ["small: 0.10", "mid: 0.70", "large: 3.30", "judge: 0.13"].map { line -> String in
        let parts = line.split(separator: ":")
        return "  - { model: stub/\(parts[0]), input_per_mtok_usd: \(parts[1]), output_per_mtok_usd: \(parts[1])7 }"
    }.joined(separator: "\n")

    private static func workflow(_ accept: String, shadow: String = "", items: Int = 20, budget: String = "0.25") -> String {
        """
        version: 1
        name: letters
        models: { small: { use: stub/small }, mid: { use: stub/mid }, large: { use: stub/large } }
        budget: { max_cost_usd: \(budget) }
        defaults: { timeout: 5s, retry: { max_attempts: 1 }, limits: { max_input_tokens: 500, max_output_tokens: 24 } }
        steps:
          - id: sort
            for_each: { items: "[\((0..<items).map(String.init).joined(separator: ", "))]", max_parallel: 1, on_error: collect }
            prompt: |
              case ${{ item }}.
            output: { schema: { type: object, properties: { k: { type: string } }, required: [k], additionalProperties: false }, repair: 0 }
            escalate:
              tiers: [small, mid, large]
              checks: { short: { expr: "size(output.k) < 6" } }
              accept: "\(accept)"
              \(shadow)
        outputs: { sorted: "${{ steps.sort.output }}" }
        """
    }

    /// Longer answers of smaller models, by the case.
    private static func answer(_ request: StubRequest) -> StubResponse? {
        guard let json = request.json, let model = json["model"]?.stringValue else { return nil }
        let text = json["messages"]?.arrayValue?.compactMap { $0["content"]?.stringValue }.joined(separator: "\n") ?? ""
        guard let number = text.split(separator: "case ").last.flatMap({ Int($0.prefix(while: \.isNumber)) }) else { return nil }
        let least = ["small": 9, "mid": 8, "large": 1][model] ?? 1
        return .completion(of: json, number: request.number, saying: "{\"k\": \"\(String(repeating: "x", count: max(1, least - number % 7)))\"}")
    }

    private static func amount(_ value: JSONValue?) -> Decimal { value?.stringValue.flatMap { Decimal(string: $0) } ?? -1 }

    private static func ran(_ sandbox: Sandbox, _ file: String = "letters.yaml", _ flags: String...) async throws -> JSONValue {
        let run = try await Sandbox.run(Sandbox.program, ["run", file] + flags, in: sandbox.folder)
        #expect(run.code == 0, "\(run.out)\(run.err)")
        return try #require(try await sandbox.agentctl("show", "last", "--json").json)
    }

    private static func whatIf(_ sandbox: Sandbox, _ flags: [String]) async throws -> JSONValue {
        let finished = try await Sandbox.run(Sandbox.program, ["what-if", "--json"] + flags, in: sandbox.folder)
        return try #require(finished.json, "\(finished.out)\(finished.err)")
    }

    @Test func `nothing changed is every cost, and a price is each call's`() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("checks.short.passed", items: 12))
        let trace = try await Self.ran(sandbox)
        let calls = try #require(trace["calls"]?.arrayValue)
        let total = calls.reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
        let same = try await Self.whatIf(sandbox, [])
        #expect(Self.amount(same["recorded_usd"]) == total && same["calls"] == .int(Int64(calls.count)) && same["reproduced_calls"] == same["calls"] && same["kept"] == [:], "\(same)")
        // A fifth more of one model, another price of what another says, by hand from the tokens of each call.
        let more = try await Self.whatIf(sandbox, ["--vary", "prices.stub/small=+20%", "--vary", "prices.stub/mid.output=9"])
        let byHand = calls.reduce(Decimal(0)) { sum, call in
            let (input, output) = (Decimal(call["input_tokens"]!.intValue!), Decimal(call["output_tokens"]!.intValue!))
            let prices: (String, String) =
                switch call["model_asked"]?.stringValue {
                case "small": ("0.12", "0.1284")
                case "mid": ("0.70", "9")
                default: ("3.30", "3.307")
                }
            return sum + (input * Decimal(string: prices.0)! + output * Decimal(string: prices.1)!) / 1_000_000
        }
        #expect(Self.amount(more["alternatives"]?[0]?["cost_usd"]?["least"]) == byHand && more["alternatives"]?[0]?["cost_usd"]?["most"] == more["alternatives"]?[0]?["cost_usd"]?["least"], "\(more) \(byHand)")
        // Side by side, the first as it was.
        let models = try await Self.whatIf(sandbox, ["letters", "--vary", "models.large.use=stub/large,stub/small"])
        let columns = try #require(models["alternatives"]?.arrayValue)
        #expect(columns.map { $0["name"] } == ["models.large.use=stub/large", "models.large.use=stub/small"] && Self.amount(columns[0]["cost_usd"]?["least"]) == total)
        let large = calls.count { $0["model_asked"] == "large" }
        #expect(large > 0 && columns[1]["assumed_calls"] == .int(Int64(large)) && columns[0]["assumed_calls"] == 0 && Self.amount(columns[1]["difference_usd"]?["most"]) < 0, "\(models)")
        // A list in the place of the recorded rows, named in what is printed.
        try sandbox.write("other.jsonl", "{\"provider\":\"stub\",\"models\":[\"small\"],\"per_mtok_usd\":{\"input\":\"1\",\"output\":\"1\"},\"source\":\"s\",\"checked_at\":\"2026-01-01\"}\n")
        let listed = try await Self.whatIf(sandbox, ["--prices", "other.jsonl"])
        let small = calls.filter { $0["model_asked"] == "small" }
        let difference = small.reduce(Decimal(0)) { $0 + Decimal($1["input_tokens"]!.intValue! + $1["output_tokens"]!.intValue!) / 1_000_000 - Self.amount($1["cost_usd"]) }
        #expect(Self.amount(listed["alternatives"]?[0]?["difference_usd"]?["least"]) == difference && listed["price_rows"]?.arrayValue?.count == 2 && listed["prices"] == "other.jsonl", "\(listed)")
        #expect(listed["alternatives"]?[0]?["kept"] == ["not_listed": .int(Int64(calls.count - small.count))], "\(listed)")
    }

    /// With the answers of all tiers on record, another threshold is what a run with that threshold costs and says, both ways.
    @Test(arguments: ["size(output.k) < 4", "size(output.k) < 9", "size(output.k) < 2", "true"]) func `a threshold is a live run with that threshold`(threshold: String) async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("checks.short.passed", shadow: "shadow: { rate: 100%, tiers: all }"))
        let recorded = try await Self.ran(sandbox)
        let thought = try await Self.whatIf(sandbox, ["letters", "--vary", "steps.sort.escalate.accept=\(threshold)"])
        try sandbox.write("letters.yaml", Self.workflow(threshold, shadow: "shadow: { rate: 100%, tiers: all }"))
        let file = try await Self.whatIf(sandbox, ["--workflow", "letters.yaml"])
        let live = try await Self.ran(sandbox)
        let cost = try #require(live["calls"]?.arrayValue).reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
        for document in [thought, file] {
            let alternative = try #require(document["alternatives"]?[0])
            #expect(Self.amount(alternative["cost_usd"]?["least"]) == cost && alternative["cost_usd"]?["least"] == alternative["cost_usd"]?["most"], "\(document) \(cost)")
            #expect(alternative["gates"]?["undecided"] == 0 && alternative["is_lower_bound"] == false, "\(document)")
            func taken(_ trace: JSONValue) throws -> [JSONValue] {
                let tiers = try #require(trace["gate_tiers"]?.arrayValue).filter { $0["taken"] == true }
                return tiers.sorted { $0["path"]!.stringValue! < $1["path"]!.stringValue! }.map { [$0["path"]!, $0["tier"]!] }
            }
            let changed = zip(try taken(recorded), try taken(live)).count { $0 != $1 }
            #expect(alternative["gates"]?["changed"] == .int(Int64(changed)), "\(document) \(changed)")
        }
    }

    @Test func `what no record tells is counted, and its cost lies in the range`() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("true"))
        _ = try await Self.ran(sandbox)
        let document = try await Self.whatIf(sandbox, ["letters", "--vary", "steps.sort.escalate.accept=checks.short.passed"])
        let alternative = try #require(document["alternatives"]?[0])
        #expect(alternative["gates"]?["executions"] == 20 && (alternative["gates"]?["undecided"]?.intValue ?? 0) > 0 && (alternative["gates"]?["unknown_tiers"]?["mid"]?.intValue ?? 0) > 0, "\(document)")
        try sandbox.write("letters.yaml", Self.workflow("checks.short.passed"))
        let live = try await Self.ran(sandbox)
        let cost = try #require(live["calls"]?.arrayValue).reduce(Decimal(0)) { $0 + Self.amount($1["cost_usd"]) }
        let (least, most) = (Self.amount(alternative["cost_usd"]?["least"]), Self.amount(alternative["cost_usd"]?["most"]))
        #expect(least < cost && cost < most, "\(least) \(cost) \(most)")
    }

    @Test func `a cap refuses the call that a run with that cap refuses`() async throws {
        let sandbox = try Sandbox(script: Self.answer, project: Self.prices)
        try sandbox.write("letters.yaml", Self.workflow("checks.short.passed"))
        let recorded = try await Self.ran(sandbox)
        let total = Self.amount(recorded["run"]?["cost_usd"])
        let cap = "\(total / 2)"
        let document = try await Self.whatIf(sandbox, ["--vary", "budget.max_cost_usd=\(cap),0.24"])
        let columns = try #require(document["alternatives"]?.arrayValue)
        #expect(columns[1]["caps"]?["refused"] == 0 && columns[1]["difference_usd"] == ["least": "0", "most": "0"], "\(document)")
        #expect(columns[0]["caps"]?["refused"] == 1 && columns[0]["caps"]?["first_refused"] == ["sort": 1], "\(document)")
        let live = try await sandbox.agentctl("run", "letters.yaml", "--budget", cap, "--json")
        let trace = try #require(try await sandbox.agentctl("show", "last", "--json").json, "\(live.err)")
        let spent = Self.amount(trace["run"]?["cost_usd"])
        #expect(Self.amount(columns[0]["cost_usd"]?["least"]) <= spent && spent <= Self.amount(columns[0]["cost_usd"]?["most"]), "\(columns[0]) \(spent)")
        #expect(Self.amount(columns[0]["cost_usd"]?["most"]) <= total / 2, "no more than the cap lets it: \(columns[0])")
        // It had no cap on tokens: what its calls would have held is in no record.
        let tokens = try await Self.whatIf(sandbox, ["letters", "--vary", "budget.max_tokens=1"])
        #expect(tokens["alternatives"]?[0]?["caps"]?["without_holds"] == 2 && tokens["alternatives"]?[0]?["caps"]?["runs"] == 0, "\(tokens)")
    }

    @Test func `a cache policy is what cache simulate says of the ledger`() async throws {
        let sandbox = try Sandbox(script: { request in request.json.map { .completion(of: $0, number: request.number, saying: "yes") } })
        let text = String(repeating: "The regulation says what it says. ", count: 400)
        try sandbox.write(
            "ask.yaml",
            """
            version: 1
            name: ask
            models: { small: { use: stub/echo } }
            defaults: { model: small, timeout: 5s, limits: { max_input_tokens: 20000, max_output_tokens: 64 } }
            inputs: { q: { type: string } }
            steps:
              - { id: first, messages: [{ role: system, content: "\(text)" }, { role: user, content: "one ${{ inputs.q }}" }] }
              - { id: second, needs: [first], messages: [{ role: system, content: "\(text)" }, { role: user, content: "two ${{ inputs.q }}" }] }
            outputs: { a: "${{ steps.second.output }}" }
            """)
        for question in ["a", "b", "c"] { #expect(try await sandbox.agentctl("run", "ask.yaml", "--input", "q=\(question)").code == 0) }
        let calls = try #require(try await sandbox.agentctl("audit", "--by", "workflow", "--json").json?["rows"]?[0])
        let prompts = Double(calls["input_tokens"]!.intValue!) * 0.1 / 1_000_000
        for policy in ["none", "tail", "stable", "planned"] {
            let simulated = try #require(try await sandbox.agentctl("cache", "simulate", "--policy", policy, "--rules", "anthropic-5m", "--json").json)
            let document = try await Self.whatIf(sandbox, ["--vary", "cache.policy=\(policy)", "--vary", "cache.rules=anthropic-5m"])
            let caches = try #require(document["alternatives"]?[0]?["caches"])
            for (own, other) in [("requests", "requests"), ("input_tokens", "input_tokens"), ("read_tokens", "read_tokens"), ("written_tokens", "written_tokens"), ("cost", "cost")] {
                #expect(caches[own] == simulated[other], "\(policy) \(own): \(caches) \(simulated)")
            }
            // No price of cached tokens is known: a token that is read or written costs the share of one that the rules say. Tokens are whole.
            let difference = NSDecimalNumber(decimal: Self.amount(document["alternatives"]?[0]?["difference_usd"]?["least"])).doubleValue
            let expected = (simulated["cost"]!.doubleValue! - 1) * prompts
            #expect(abs(difference - expected) < prompts / 1000, "\(policy): \(difference) \(expected)")
            #expect((difference == 0) == (policy == "none") && (simulated["read_tokens"]!.intValue! > 0) == ["stable", "planned"].contains(policy), "\(policy)")
        }
    }

    @Test(arguments: [
        (["--vary", "prces.x/y=+1%"], 2, "did you mean 'prices'?"), (["--vary", "x"], 2, "KEY=VALUE"), (["--vary", "prices.gpt=+1%"], 2, "provider/model"),
        (["--vary", "prices.stub/*=2"], 2, "a price in dollars is one of a class"), (["--vary", "models.smal.use=stub/echo"], 2, "did you mean 'small'?"),
        (["--vary", "models.small.use=stub/none"], 21, "no known price"), (["--vary", "models.small=stub/echo"], 2, "models.TIER.use"), (["--vary", "budget.max_cost=1"], 2, "max_cost_usd"),
        (["--vary", "budget.max_cost_usd=-1"], 2, "dollars"), (["--vary", "cache.policy=best"], 2, "there is no policy 'best'"), (["--vary", "cache.rules=antropic-5m"], 2, "did you mean 'anthropic-5m'?"),
        (["--vary", "steps.s1.prompt=x"], 2, "replay RUN --from"), (["--vary", "steps.s1.escalate.accept=true"], 2, "name it: --workflow NAME"),
        (["chain", "--vary", "steps.s9.escalate.accept=true"], 2, "there is no step 's9'"), (["--vary", "prices.a/b=+1%,+2%,+3%,+4%", "--vary", "prices.c/d=+1%,+2%,+3%,+4%"], 2, "16 alternatives"),
        (["--vary", "prices.stub/ecko=+20%"], 2, "no recorded call was charged by a price of 'stub/ecko'"), (["--prices", "none.json"], 2, "none.json"), (["nobody"], 2, "there is no run 'nobody'"),
        (["--workflow", "nobody"], 0, "there is no workflow 'nobody'"), (["--since", "2099-01-01"], 0, "the last run began"),
    ]) func mistakes(words: [String], code: Int, says: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain()
        #expect(try await sandbox.agentctl("run", "chain.yaml").code == 0)
        let finished = try await Sandbox.run(Sandbox.program, ["what-if"] + words, in: sandbox.folder)
        #expect(finished.code == code && (finished.out + finished.err).contains(says), "\(finished.out)\(finished.err)")
    }
}
