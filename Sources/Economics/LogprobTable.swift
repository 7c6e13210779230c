import Values

/// Which models give log-probabilities: dated data, a row for names that are alike. What no row names is not known, and a project's entry of a model goes before.
///
/// Only what a vendor documents or answers is a `no`: it makes a workflow wrong. A model of OpenAI's that reasons gives none while it does; which of them may leave it, and do so
/// without a word, is LiteLLM's `supports_none_reasoning_effort` and `default_reasoning_effort`.
public enum LogprobTable {
    public struct Row: Sendable, Hashable {
        public let provider: String
        /// Ids on the wire; one that ends in `*` stands for all that begin like it. The closest holds.
        public let models: [String]
        public let rule: LogprobRule
    }

    private static let reasoning = "platform.openai.com/docs/guides/reasoning"
    private static let map = "litellm 1.109.1"
    private static let checked = "2026-11-30"

    private static func row(_ provider: String, _ models: String, _ condition: LogprobRule.Condition, _ source: String) -> Row {
        Row(provider: provider, models: models.split(separator: " ").map(String.init), rule: LogprobRule(condition, source: source, checkedAt: checked))
    }

    public static let rows: [Row] = [
        row("openai", "gpt-3.5-turbo* gpt-4 gpt-4-0613 gpt-4-turbo* gpt-4.1* gpt-4.5* gpt-4o gpt-4o-2* gpt-4o-mini gpt-4o-mini-2* chatgpt-4o-latest", .always, "platform.openai.com/docs/api-reference/chat"),
        row("openai", "gpt-3.5-turbo-instruct*", .unknown, ""),
        row("openai", "o1* o3* o4-mini*", .never, reasoning),
        row("openai", "gpt-5 gpt-5-2* gpt-5-mini* gpt-5-nano* gpt-5-pro* gpt-5.2-pro* gpt-5.4-pro* gpt-5.5-pro*", .never, reasoning),
        row("openai", "gpt-6-astra gpt-6.1-sol", .never, map),
        row("openai", "gpt-5.1 gpt-5.1-2* gpt-5.2 gpt-5.2-2* gpt-5.4 gpt-5.4-2* gpt-5.4-mini* gpt-5.4-nano*", .unlessReasoning, map),
        row("openai", "gpt-5.5 gpt-5.5-2* gpt-5.6 gpt-5.6-sol* gpt-5.6-terra* gpt-5.6-luna* gpt-6-sol* gpt-6-luna*", .withoutReasoning, map),
        row("anthropic", "*", .never, "platform.claude.com/docs/en/api/messages"),
        row("groq", "*", .never, "console.groq.com/docs/openai"),
        row("deepseek", "deepseek-reasoner", .never, "api-docs.deepseek.com/guides/reasoning_model"),
    ]

    /// What is known of a model.
    ///
    /// - Parameter model: the id on the wire.
    public static func rule(provider: String, model: String) -> LogprobRule {
        var closest: (fit: PriceList.Fit, rule: LogprobRule)?
        for row in rows where row.provider.hasSameBytes(as: provider) {
            for name in row.models {
                guard let fit = PriceList.Fit(name: name, model: model), closest.map({ $0.fit < fit }) ?? true else { continue }
                closest = (fit, row.rule)
            }
        }
        return closest?.rule ?? .unknown
    }
}
