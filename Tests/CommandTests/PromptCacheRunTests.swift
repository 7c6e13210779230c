import Foundation
import GRDB
import TestSupport
import Testing
import Values

/// Random workflows, run by the program against a server that takes marks as vendors do and has a cache of its own: no request is refused for its marks, what is planned is what is found, and where it is not,
/// the ledger says why.
@Suite(.timeLimit(.minutes(20))) struct PromptCacheRunTests {
    enum Wire: String, CaseIterable, Sendable {
        case messages, chat, responses, old

        var api: String { self == .messages ? "anthropic" : self == .responses ? "openai-responses" : "openai-chat" }
        var model: String { self == .messages ? "claude-opus-5" : self == .old ? "gpt-5.4" : "gpt-6-sol" }
        var vendor: String { self == .messages ? "anthropic" : "openai" }
        var leastTokens: Int { self == .messages ? 512 : 1024 }
        var isMarked: Bool { self != .old }
    }

    /// `AGENTCTL_CACHES=500` for a long run.
    private static let count = ProcessInfo.processInfo.environment["AGENTCTL_CACHES"].flatMap(Int.init) ?? 4

    private struct Call {
        let path: String
        let plan: String?
        let predicted: Int
        let read: Int?
        let written: Int
        let miss: String?
        let failure: String?
    }

    private static func sandbox(_ wire: Wire, _ change: (inout StubCacheOptions) -> Void = { _ in }) throws -> Sandbox {
        var options = StubOptions(content: .text("ok"))
        var cache = StubCacheOptions()
        change(&cache)
        options.cache = cache
        let sandbox = try Sandbox(options)
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              p:
                api: \(wire.api)
                base_url: "\(sandbox.server.baseURL)"
                dialect: { prompt_cache: \(wire.vendor), images: true }
                models: { m: { id: \(wire.model), price_as: \(wire.vendor)/\(wire.model) } }
            """)
        return sandbox
    }

    /// Prefixes of several lengths and classes, and steps that begin with some of them, one after the other.
    private static func workflow(_ random: inout SeededGenerator, concurrency: Int = 1) -> String {
        func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        func text(_ name: String, _ random: inout SeededGenerator) -> String { String(repeating: "\(name) says so. ", count: Int.random(in: 1...700, using: &random)) }
        let names = (0..<Int.random(in: 1...5, using: &random)).map { "p\($0)" }
        let prefixes = names.map { name in
            "  \(name): { text: \"\(text(name, &random))\(chance(40, &random) ? " ${{ inputs.doc }}" : "")\"\(chance(25, &random) ? ", ttl: \(chance(50, &random) ? "5m" : "1h")" : "") }"
        }
        var steps: [String] = []
        for index in 0..<Int.random(in: 1...6, using: &random) {
            var keys = ["id: s\(index)"]
            let own = names.filter { _ in chance(70, &random) }
            if !own.isEmpty { keys.append("prefix: [\(own.joined(separator: ", "))]") }
            if chance(30, &random) { keys.append("system: \"\(chance(50, &random) ? "Be brief." : text("system", &random))\"") }
            let items = chance(30, &random) ? Int.random(in: 1...4, using: &random) : 0
            if items > 0 { keys.append("for_each: { items: \"[\((1...items).map(String.init).joined(separator: ", "))]\" }") }
            let source = index > 0 && chance(40, &random) ? " ${{ steps.s\(index - 1).output }}" : ""
            // Messages have a system's of their own.
            if chance(20, &random), !keys.contains(where: { $0.hasPrefix("system") }) {
                keys.append("messages: [{ role: user, content: \"one \(index)\" }, { role: assistant, content: \"two\" }, { role: user, content: \"three\(source)\" }]")
            } else {
                keys.append("prompt: \"do \(index)\(items > 0 ? " ${{ item }}" : "")\(source)\"")
            }
            steps.append("  - { \(keys.joined(separator: ", ")) }")
        }
        return """
            version: 1
            name: w
            inputs: { doc: { default: d } }
            concurrency: \(concurrency)
            models: { m: { use: p/m } }
            defaults: { model: m, timeout: 30s, retry: { max_attempts: 1 }, limits: { max_output_tokens: 100 } }
            prefixes:
            \(prefixes.joined(separator: "\n"))
            steps:
            \(steps.joined(separator: "\n"))
            """
    }

    private static func calls(_ sandbox: Sandbox) async throws -> [Call] {
        let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
        return try await ledger.read { database in
            try Row.fetchAll(database, sql: "SELECT node_path, cache, cache_predicted_tokens, cache_read_tokens, cache_write_tokens, cache_miss, error FROM model_call ORDER BY started_at, run, number").map { row in
                Call(path: row[0], plan: row[1], predicted: row[2] ?? 0, read: row[3], written: row[4] ?? 0, miss: row[5], failure: row[6])
            }
        }
    }

    @Test(arguments: Wire.allCases) func noRequestIsRefusedAndWhatIsPlannedIsFound(wire: Wire) async throws {
        var random = SeededGenerator(seed: 15)
        var (found, marked) = (0, 0)
        for seed in 0..<Self.count {
            let sandbox = try Self.sandbox(wire)
            let text = Self.workflow(&random)
            try sandbox.write("w.yaml", text)
            for doc in ["d", "d", "other"] {
                let run = try await sandbox.agentctl("run", "w.yaml", "--quiet", "--input", "doc=\(doc)")
                #expect(run.code == 0, "seed \(seed): \(run.err)\n\(text)")
            }
            for call in try await Self.calls(sandbox) {
                let words = "seed \(seed), \(call)"
                #expect(call.failure == nil, "\(words)")
                let read = try #require(call.read, "\(words)")
                found += read
                if call.plan?.contains("\"marks\"") == true { marked += 1 }
                // An estimate has a few bytes more for each segment than the server counts; around the least length either may be above.
                let isNearLeast = [call.predicted, read].contains { abs($0 - wire.leastTokens) < 150 }
                if isNearLeast { continue }
                // A cache without marks also finds what begins alike within a segment, on which no plan counts.
                let isFound = wire.isMarked ? (call.predicted > 0) == (read > 0) && abs(call.predicted - read) <= 20 : read >= call.predicted - 160
                #expect(isFound, "\(words)\n\(call.plan ?? "")\n\(text)")
            }
        }
        #expect(found > 1000 && (marked > 0) == wire.isMarked, "\(found) read, \(marked) marked")
    }

    /// Written without an answer while another model is at work, what the items begin with is found by all of them.
    @Test(arguments: [Wire.messages, .responses]) func aWarmUpIsFound(wire: Wire) async throws {
        let sandbox = try Self.sandbox(wire)
        let other = wire == .messages ? "claude-sonnet-5-5" : "gpt-5.4"
        let project = try String(contentsOfFile: sandbox.path("agentctl.yaml"), encoding: .utf8)
        try sandbox.write("agentctl.yaml", project.replacingOccurrences(of: "models: { m:", with: "models: { n: { id: \(other), price_as: \(wire.vendor)/\(other) }, m:"))
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            latency_price: 0.001
            models: { m: { use: p/m }, n: { use: p/n } }
            defaults: { model: m, timeout: 30s, limits: { max_output_tokens: 100, max_input_tokens: 4000 } }
            prefixes: { policy: { text: "\(String(repeating: "the rules say so. ", count: 450))" } }
            steps:
              - { id: plan, model: n, prompt: Plan it. }
              - { id: work, needs: [plan], for_each: { items: "[1, 2, 3]" }, prefix: [policy], prompt: "do ${{ item }}" }
            """)
        let plan = try await sandbox.agentctl("plan", "w.yaml")
        #expect(plan.out.contains("may be written before"), "\(plan.out)")
        let run = try await sandbox.agentctl("run", "w.yaml", "--quiet")
        #expect(run.code == 0, "\(run.err)")
        let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
        let rows = try ledger.read { try Row.fetchAll($0, sql: "SELECT node_path, part, state, cache_read_tokens, cache_write_tokens, output_tokens, error FROM model_call WHERE node_path <> 'plan' ORDER BY node_path") }
        #expect(rows.map { $0[0] as String } == ["work", "work[0]", "work[1]", "work[2]"] && rows.map { $0[1] as String } == ["warm", "", "", ""])
        #expect(rows.allSatisfy { $0[2] as String == "settled" && $0[6] as String? == nil }, "\(rows)")
        let written = rows[0][4] as Int? ?? 0
        #expect(written > 1500 && rows[0][5] as Int? == 0 && rows.dropFirst().allSatisfy { $0[3] as Int? == written }, "\(rows)")
        #expect(try await sandbox.agentctl("verify", "--all").code == 0)
        let show = try await sandbox.agentctl("show", "last")
        #expect(show.out.contains("#0 warm"), "\(show.out)")
        let report = try await sandbox.agentctl("cache", "report", "--json")
        #expect(report.json?["total"]?["warm_ups"] == 1, "\(report.out)")
        #expect(try await sandbox.agentctl("audit", "--by", "purpose").out.contains("warm"))
    }

    /// Where the server drops entries, keeps silent or lets them expire early, less is found than was planned, and each time the ledger says why.
    @Test(arguments: ["lost", "silent", "expired"]) func whatIsNotFoundIsExplained(way: String) async throws {
        var random = SeededGenerator(seed: 7)
        var reasons: Set<String> = []
        for seed in 0..<Self.count {
            let clock = StubClock()
            let sandbox = try Self.sandbox(.messages) {
                $0.clock = clock
                if way == "lost" { ($0.loss, $0.seed) = (0.3, UInt64(seed)) }
                if way == "silent" { $0.reports = false }
            }
            let text = Self.workflow(&random)
            try sandbox.write("w.yaml", text)
            for _ in 0..<3 {
                let run = try await sandbox.agentctl("run", "w.yaml", "--quiet")
                #expect(run.code == 0, "seed \(seed): \(run.err)")
                if way == "expired" { clock.advance(seconds: 4000) }
            }
            for call in try await Self.calls(sandbox) {
                guard call.predicted > 700, call.read.map({ $0 < call.predicted - 150 }) ?? true else { continue }
                #expect(call.miss != nil, "seed \(seed): \(call)\n\(call.plan ?? "")\n\(text)")
                reasons.insert(call.miss ?? "")
            }
        }
        #expect(reasons == [way == "silent" ? "not_reported" : "evicted"], "\(reasons)")
    }
}
