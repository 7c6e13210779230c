import Values
import WorkflowModel

/// What the words mean by which servers say why an answer ended, over all spellings.
///
/// Sources: the API references of OpenAI, Anthropic, Gemini (`FinishReason` of google-genai), Mistral, Cohere, Ollama, Bedrock (Converse),
/// DeepSeek, OpenRouter, Zhipu, watsonx; the sources of llama.cpp, vLLM, SGLang and TGI.
enum FinishReasons {
    enum Meaning: Equatable {
        case end(FinishReason)
        /// The server itself gave up: what it says so far is no answer.
        case brokenOff
        /// An error of that kind in one word.
        case failed(FailureKind)
    }

    /// `nil` for a word that is not known.
    static func meaning(_ word: String) -> Meaning? {
        table[word] ?? plainTable[plain(word)]
    }

    /// Without what clients put in front (`FinishReason.MAX_TOKENS`), and alike for `max_tokens`, `maxTokens` and `MAX-TOKENS`.
    private static func plain(_ word: String) -> String {
        let letters = String(decoding: word.utf8.prefix(128).filter { !"_-. ".utf8.contains($0) }, as: UTF8.self).lowercased()
        for prefix in ["finishreason", "stopreason"] where letters.hasPrefix(prefix) { return String(letters.dropFirst(prefix.count)) }
        return letters
    }

    private static let plainTable: [String: Meaning] = Dictionary(table.map { (plain($0.key), $0.value) }) { first, _ in first }

    private static let table: [String: Meaning] = {
        var table: [String: Meaning] = [:]
        func add(_ meaning: Meaning, _ words: String) { for word in words.split(separator: " ") { table[String(word)] = meaning } }
        add(
            .end(.stop),
            """
            stop eos eos_token stop_sequence stop_sequences stop_token stop_word stop_criteria stop_criteria_met end end_turn end_of_turn \
            end_of_text complete completed done finish finished finish_reason_stop stopped word natural_stop pause_turn normal success
            """)
        add(
            .end(.length),
            """
            length max_tokens max_token max_length max_new_tokens max_output_tokens max_completion_tokens model_length limit token_limit \
            token_limit_reached length_limit max_context context_length context_limit context_window model_context_window_exceeded \
            context_length_exceeded max_tokens_reached finish_reason_max_tokens incomplete truncated length_exceeded
            """)
        add(
            .end(.contentFilter),
            """
            content_filter content_filtered contentfilter content_filter_error filtered safety recitation blocklist prohibited_content spii \
            language image_safety image_prohibited_content image_recitation refusal guardrail guardrail_intervened guardrails sensitive moderated \
            moderation blocked error_toxic policy_violation content_policy finish_reason_safety finish_reason_recitation
            """)
        add(.end(.toolCalls), "tool_calls tool_call tool_use function_call function_calls tools end_turn_with_tool")
        add(
            .brokenOff,
            """
            error abort aborted cancelled canceled user_cancel insufficient_system_resource network_error engine_error engine_overloaded server_error \
            internal_error error_limit malformed_function_call unexpected_tool_call malformed_model_output malformed_tool_use malformed_response \
            repetition load unload
            """)
        add(.failed(.timeout), "timeout timed_out time_limit deadline_exceeded")
        return table
    }()
}
