import Values

extension StubPromptCache {
    /// Why a vendor refuses the marks of a request, in words like its own.
    struct Refusal: Error {
        let message: String
        let isMessages: Bool

        var response: StubResponse {
            guard isMessages else { return .error(400, message, type: "invalid_request_error") }
            return .json(["type": "error", "error": ["type": "invalid_request_error", "message": .string(message)]], status: 400)
        }

        /// `nil`: nothing is wrong with them.
        init?(_ prompt: StubPrompt, _ request: JSONValue) {
            isMessages = prompt.api == .messages
            guard let message = isMessages ? Self.messages(prompt, request) : Self.openAI(prompt, request) else { return nil }
            self.message = message
        }

        // MARK: Anthropic

        private static func messages(_ prompt: StubPrompt, _ request: JSONValue) -> String? {
            let marked = prompt.blocks.filter { $0.mark != nil }
            let count = marked.count + (request["cache_control"] == nil ? 0 : 1)
            if count > 4 { return "A maximum of 4 blocks with cache_control may be provided. Found \(count)." }
            var isShort = false
            for block in marked {
                let life = block.mark?["ttl"] ?? "5m"
                guard block.mark?["type"] == "ephemeral", life == "5m" || life == "1h" else { return "cache_control: type is ephemeral, and ttl is 5m or 1h" }
                if block.type == "thinking" || block.type == "redacted_thinking" { return "\(block.type).cache_control: Extra inputs are not permitted" }
                if block.type == "text", block.isBlank { return "cache_control cannot be set for empty text blocks" }
                if life == "1h", isShort { return "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block" }
                if life == "5m" { isShort = true }
            }
            if prompt.blocks.contains(where: { $0.type == "text" && $0.isBlank }) { return "messages: text content blocks must contain non-whitespace text" }
            return request["max_tokens"] == 0 ? warmUp(request) : nil
        }

        private static func warmUp(_ request: JSONValue) -> String? {
            if request["stream"] == true { return "max_tokens: 0 does not stream" }
            if let thinking = request["thinking"]?["type"], thinking != "disabled" { return "max_tokens: 0 does not go with thinking" }
            if let choice = request["tool_choice"]?["type"], choice == "tool" || choice == "any" { return "max_tokens: 0 does not go with a tool that has to be called" }
            return nil
        }

        // MARK: OpenAI

        private static func openAI(_ prompt: StubPrompt, _ request: JSONValue) -> String? {
            let marked = prompt.blocks.filter { $0.mark != nil }
            let options = request["prompt_cache_options"]
            if options != nil, request["prompt_cache_retention"] != nil { return "prompt_cache_options and prompt_cache_retention cannot be used together" }
            guard takesBreakpoints(prompt.model) else {
                if options != nil { return "prompt_cache_options is not supported with this model" }
                return marked.isEmpty ? nil : "prompt_cache_breakpoint is not supported with this model"
            }
            if request["prompt_cache_retention"] != nil { return "prompt_cache_retention is not supported with this model" }
            if let mode = options?["mode"], mode != "implicit", mode != "explicit" { return "prompt_cache_options.mode is implicit or explicit" }
            if prompt.api == .chat, options?["prewarm"] != nil { return "Unknown parameter: 'prompt_cache_options.prewarm'" }
            for life in [options?["ttl"]] + marked.map({ $0.mark?["ttl"] }) {
                guard let life else { continue }
                guard life == "30m" || (life == "12h" && prompt.api == .responses) else { return "the ttl \(life.jsonText) is not supported by this API" }
            }
            if let wrong = marked.first(where: { $0.role == "assistant" }) { return "prompt_cache_breakpoint is not supported on \(wrong.type) of the assistant" }
            return marked.allSatisfy { $0.mark?["mode"] == "explicit" } ? nil : "prompt_cache_breakpoint.mode is explicit"
        }
    }
}
