import Economics
import Foundation
import Testing

/// Which models give log-probabilities, as dated data.
@Suite struct LogprobTests {
    @Test(arguments: [
        ("openai", "gpt-4o-mini", nil, LogprobSupport.yes), ("openai", "gpt-4o-mini-2024-07-18", "high", .yes), ("openai", "gpt-4o-audio-preview", nil, .unknown),
        ("openai", "o3", nil, .no), ("openai", "o3-mini", "none", .no), ("openai", "gpt-5-nano", nil, .no), ("openai", "gpt-5-chat-latest", nil, .unknown),
        ("openai", "gpt-5.1", nil, .yes), ("openai", "gpt-5.1-2025-11-13", "none", .yes), ("openai", "gpt-5.1", "low", .no), ("openai", "gpt-5.2-pro", "none", .no),
        ("openai", "gpt-6-luna", nil, .unknown), ("openai", "gpt-6-luna", "none", .yes), ("openai", "gpt-6-luna", "high", .no), ("openai", "gpt-6-astra", "none", .no),
        ("openai", "gpt-3.5-turbo-0125", nil, .yes), ("openai", "gpt-3.5-turbo-instruct", nil, .unknown), ("anthropic", "claude-haiku-5-5", nil, .no),
        ("groq", "openai/gpt-oss-20b", nil, .no), ("deepseek", "deepseek-reasoner", nil, .no), ("deepseek", "deepseek-flash", nil, .unknown), ("nobody", "gpt-4o", nil, .unknown),
    ])
    func whatIsKnown(provider: String, model: String, reasoning: String?, support: LogprobSupport) {
        let rule = LogprobTable.rule(provider: provider, model: model)
        #expect(rule.support(reasoning: reasoning) == support)
        let problem = rule.problem(of: "\(provider)/\(model)", reasoning: reasoning)
        #expect((problem == nil) == (support == .yes))
        // What makes a workflow wrong says where it was read, and when.
        if support == .no { #expect(problem?.message.contains("(\(rule.source), 2026-") == true) }
    }

    @Test func everyRowHasASourceAndADay() {
        for row in LogprobTable.rows where row.rule.condition != .unknown {
            #expect(!row.rule.source.isEmpty && !row.rule.checkedAt.isEmpty && !row.models.isEmpty, "\(row)")
        }
    }

    @Test func thePageHasTheTable() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("Docs/Providers.md"), encoding: .utf8)
        for row in LogprobTable.rows where row.rule.condition != .unknown {
            let line = "| `\(row.provider)` | \(row.models.map { "`\($0)`" }.joined(separator: " ")) | \(row.rule.condition.rawValue) | \(row.rule.source), \(row.rule.checkedAt) |"
            #expect(page.contains(line), "Docs/Providers.md lacks \(line)")
        }
    }
}
