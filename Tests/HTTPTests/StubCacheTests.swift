import HTTP
import TestSupport
import Testing
import Values

/// The fake cache must be right before a planner is measured against it.
@Suite(.timeLimit(.minutes(5))) struct StubCacheTests {
    private static let long = String(repeating: "policy ", count: 800)  // 1,400 tokens
    private static let mark: JSONValue = ["type": "ephemeral"]
    private static let hour: JSONValue = ["type": "ephemeral", "ttl": "1h"]

    private static func block(_ text: String, _ mark: JSONValue? = nil, type: String = "text") -> JSONValue {
        .object(JSONObject([("type", .string(type)), (type == "thinking" ? "thinking" : "text", .string(text))]).with("cache_control", mark))
    }

    private static func messages(_ system: [JSONValue], _ user: [JSONValue] = [block("hi")], model: String = "claude-x", more: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": .string(model), "max_tokens": 9, "system": .array(system), "messages": [["role": "user", "content": .array(user)]]]
        more.forEachPair { body[$0] = $1 }
        return .object(body)
    }

    private struct Used: Equatable {
        var input = 0, read = 0, written = 0, long = 0
    }

    private static func used(_ response: HTTPResponse) -> Used {
        let usage = response.json["usage"]
        func number(_ value: JSONValue?) -> Int { Int(value?.intValue ?? 0) }
        if let read = usage?["cache_read_input_tokens"] {
            let created = usage?["cache_creation"]
            return Used(input: number(usage?["input_tokens"]), read: number(read), written: number(created?["ephemeral_5m_input_tokens"]), long: number(created?["ephemeral_1h_input_tokens"]))
        }
        let details = usage?["prompt_tokens_details"] ?? usage?["input_tokens_details"]
        let long = number(details?["cache_write_tokens_details"]?["ttl_12h_tokens"])
        return Used(
            input: number(usage?["prompt_tokens"] ?? usage?["input_tokens"]), read: number(details?["cached_tokens"]), written: number(details?["cache_write_tokens"]) - long, long: long)
    }

    private static func expect(_ response: HTTPResponse, _ expected: Used, sourceLocation: Testing.SourceLocation = #_sourceLocation) { #expect(used(response) == expected, sourceLocation: sourceLocation) }

    private static func expect(_ response: HTTPResponse, read: Int? = nil, written: Int? = nil, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        let used = used(response)
        #expect(used.read == read ?? used.read && used.written == written ?? used.written, sourceLocation: sourceLocation)
    }

    private typealias Ask = @Sendable (_ path: String, _ json: JSONValue) async throws -> HTTPResponse

    private func withCache(_ change: (inout StubCacheOptions) -> Void = { _ in }, latency: Int = 0, _ body: (_ ask: Ask, StubClock) async throws -> Void) async throws {
        var options = StubOptions(content: .text("ok"), latencyMilliseconds: latency)
        var cache = StubCacheOptions()
        change(&cache)
        options.cache = cache
        try await withStub(options) { client, server in
            try await body(
                { path, json in
                    try await client.send(
                        HTTPRequest(method: "POST", url: server.baseURL + path, headers: [("Content-Type", "application/json")], body: JSONEncoding.wire.bytes(json)))
                }, cache.clock)
        }
    }

    // MARK: Anthropic's

    @Test func whatIsMarkedIsWrittenAndReadUntilItsTimeIsOver() async throws {
        try await withCache { ask, clock in
            let body = Self.messages([Self.block(Self.long, Self.mark)])
            Self.expect(try await ask("/messages", body), Used(input: 1, written: 1400))
            Self.expect(try await ask("/messages", body), Used(input: 1, read: 1400))
            // A read begins the time anew.
            for _ in 0..<3 {
                clock.advance(seconds: 250)
                Self.expect(try await ask("/messages", body), read: 1400)
            }
            clock.advance(seconds: 301)
            Self.expect(try await ask("/messages", body), written: 1400)
            // An unmarked request reads nothing, and another one's bytes are others.
            Self.expect(try await ask("/messages", Self.messages([Self.block(Self.long)])), Used(input: 1401))
            Self.expect(try await ask("/messages", Self.messages([Self.block(Self.long + "!", Self.mark)])), read: 0)
            Self.expect(try await ask("/messages", Self.messages([Self.block(Self.long, Self.mark)], model: "claude-y")), read: 0)
        }
    }

    @Test func lifetimesAndDepthsAreCountedApart() async throws {
        try await withCache { ask, clock in
            let body = Self.messages([Self.block(Self.long, Self.hour)], [Self.block(Self.long, Self.mark), Self.block("question")])
            Self.expect(try await ask("/messages", body), Used(input: 2, written: 1400, long: 1400))
            clock.advance(seconds: 1000)
            Self.expect(try await ask("/messages", body), Used(input: 2, read: 1400, written: 1400))
            // The way in which a tool is chosen belongs to the messages, not to the system's words.
            let other = Self.messages([Self.block(Self.long, Self.hour)], [Self.block(Self.long, Self.mark)], more: ["thinking": ["type": "adaptive"]])
            Self.expect(try await ask("/messages", other), Used(read: 1400, written: 1400))
        }
    }

    @Test(arguments: [("claude-opus-5", 512), ("claude-x", 1024), ("claude-opus-4-7", 2048), ("claude-haiku-4-5", 4096)])
    func whatIsTooShortIsNotCachedWithoutAWord(model: String, least: Int) async throws {
        try await withCache { ask, _ in
            for (tokens, isCached) in [(least - 1, false), (least, true)] {
                let body = Self.messages([Self.block(String(repeating: "x", count: tokens * 4), Self.mark)], model: model)
                let (first, second) = (Self.used(try await ask("/messages", body)), Self.used(try await ask("/messages", body)))
                #expect(first == Used(input: isCached ? 1 : tokens + 1, written: isCached ? tokens : 0) && second.read == (isCached ? tokens : 0), "\(tokens)")
            }
        }
    }

    @Test func aMarkLooksBackTwentyBlocks() async throws {
        for (blocks, isFound) in [(19, true), (20, false)] {
            try await withCache { ask, _ in
                _ = try await ask("/messages", Self.messages([Self.block(Self.long, Self.mark)]))
                let more = (1..<blocks).map { Self.block("block \($0)") } + [Self.block("last", Self.mark)]
                let used = Self.used(try await ask("/messages", Self.messages([Self.block(Self.long)], more)))
                #expect((used.read > 0) == isFound, "\(blocks)")
            }
        }
    }

    /// Siblings that are sent together all miss: nothing can be read before the answer that wrote it has begun.
    @Test func anEntryCanBeReadOnceItsAnswerHasBegun() async throws {
        try await withCache(latency: 60) { ask, _ in
            let body = Self.messages([Self.block(Self.long, Self.mark)])
            async let first = ask("/messages", body)
            async let second = ask("/messages", body)
            let (one, other) = try await (Self.used(first), Self.used(second))
            #expect(one.written == 1400 && other.written == 1400)
            Self.expect(try await ask("/messages", body), read: 1400)
        }
    }

    @Test func aWarmUpWritesAndSaysNothing() async throws {
        try await withCache { ask, _ in
            let system = [Self.block(Self.long, Self.mark)]
            let warm = try await ask("/messages", Self.messages(system, [Self.block("warm-up")], more: ["max_tokens": 0]))
            #expect(Self.used(warm).written == 1400 && warm.json["content"] == [] && warm.json["usage"]?["output_tokens"] == 0 && warm.json["stop_reason"] == "max_tokens")
            Self.expect(try await ask("/messages", Self.messages(system)), read: 1400)
        }
    }

    private static let many = (0..<5).map { block("\($0)", mark) }
    @Test(arguments: [
        (messages(many), "Found 5"), (messages(Array(many.prefix(4)), more: ["cache_control": mark]), "Found 5"), (messages([block("a", mark), block("b", hour)]), "must not come after"),
        (messages([block("a", mark)], [block("b", hour)]), "must not come after"), (messages([block("", mark)]), "empty text"), (messages([block("  ")]), "non-whitespace"),
        (messages([], [block("hm", mark, type: "thinking")]), "not permitted"), (messages([block("a", ["type": "ephemeral", "ttl": "10m"])]), "5m or 1h"),
        (messages([block("a", ["type": "forever"])]), "ephemeral"), (messages([block("a")], more: ["max_tokens": 0, "stream": true]), "stream"),
        (messages([block("a")], more: ["max_tokens": 0, "thinking": ["type": "adaptive"]]), "thinking"), (messages([block("a")], more: ["max_tokens": 0, "tool_choice": ["type": "any"]]), "tool"),
    ])
    func whatAnthropicRefuses(body: JSONValue, says: String) async throws {
        try await withCache { ask, _ in
            let response = try await ask("/messages", body)
            #expect(response.status == 400 && response.json["error"]?["type"] == "invalid_request_error" && response.json["error"]?["message"]?.stringValue?.contains(says) == true, "\(response.text)")
        }
        try await withCache { ask, _ in
            for system in [Array(Self.many.prefix(4)), [Self.block("a", Self.hour), Self.block("b", Self.mark)]] {
                let taken = try await ask("/messages", Self.messages(system))
                #expect(taken.status == 200)
            }
        }
    }

    // MARK: OpenAI's

    private static func chat(_ model: String, _ messages: [(String, JSONValue)], more: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": .string(model), "messages": .array(messages.map { ["role": .string($0.0), "content": $0.1] })]
        more.forEachPair { body[$0] = $1 }
        return .object(body)
    }

    private static func part(_ text: String, _ breakpoint: JSONValue? = nil, type: String = "text") -> JSONValue {
        .object(JSONObject([("type", .string(type)), ("text", .string(text))]).with("prompt_cache_breakpoint", breakpoint))
    }

    private static let breakpoint: JSONValue = ["mode": "explicit"]

    @Test func upTo55ItCachesInSteps() async throws {
        try await withCache { ask, clock in
            let body = Self.chat("gpt-5.4", [("system", .string(Self.long)), ("user", "one")])
            Self.expect(try await ask("/chat/completions", body), Used(input: 1401))
            Self.expect(try await ask("/chat/completions", body), Used(input: 1401, read: 1280))
            // What parts behind a step is found up to there, whatever follows; a key of its own finds nothing.
            let other = Self.chat("gpt-5.4", [("system", .string(Self.long)), ("user", "another question")])
            Self.expect(try await ask("/chat/completions", other), read: 1280)
            Self.expect(try await ask("/chat/completions", Self.chat("gpt-5.4", [("system", .string(Self.long))], more: ["prompt_cache_key": "k"])), read: 0)
            clock.advance(seconds: 301)
            let kept = Self.chat("gpt-5.4", [("system", .string(Self.long))], more: ["prompt_cache_retention": "24h"])
            Self.expect(try await ask("/chat/completions", kept), read: 0)
            clock.advance(seconds: 80_000)
            Self.expect(try await ask("/chat/completions", kept), read: 1280)
        }
    }

    @Test func from56OnItCachesAtBreakpoints() async throws {
        try await withCache { ask, _ in
            let explicit: JSONObject = ["prompt_cache_options": ["mode": "explicit"]]
            let body = Self.chat("gpt-5.6-x", [("system", [Self.part(Self.long, Self.breakpoint)]), ("user", "one")], more: explicit)
            Self.expect(try await ask("/chat/completions", body), Used(input: 1401, written: 1400))
            Self.expect(try await ask("/chat/completions", body), Used(input: 1401, read: 1400))
            // The newest message is written unless the mode says otherwise; without a breakpoint there nothing is found.
            let implicit = Self.chat("gpt-5.6-x", [("system", [Self.part(Self.long, Self.breakpoint)]), ("user", "two")])
            Self.expect(try await ask("/chat/completions", implicit), Used(input: 1401, read: 1400, written: 1))
            Self.expect(try await ask("/chat/completions", Self.chat("gpt-5.6-x", [("system", [Self.part(Self.long)]), ("user", "three")], more: explicit)), Used(input: 1402))
        }
        try await withCache { ask, clock in
            let life: JSONValue = ["mode": "explicit", "ttl": "12h"]
            let body: JSONValue = [
                "model": "gpt-6-x", "prompt_cache_options": ["mode": "explicit"],
                "input": [["type": "message", "role": "system", "content": [Self.part(Self.long, life, type: "input_text")]], ["type": "message", "role": "user", "content": [Self.part(Self.long, Self.breakpoint, type: "input_text")]]],
            ]
            Self.expect(try await ask("/responses", body), Used(input: 2800, written: 1400, long: 1400))
            clock.advance(seconds: 2000)
            Self.expect(try await ask("/responses", body), Used(input: 2800, read: 1400, written: 1400))
        }
    }

    @Test(arguments: [
        (chat("gpt-5.4", [("user", "a")], more: ["prompt_cache_options": ["mode": "explicit"]]), "not supported with this model"),
        (chat("gpt-5.4", [("user", [part("a", breakpoint)])]), "not supported with this model"),
        (chat("gpt-6-x", [("user", "a")], more: ["prompt_cache_options": ["mode": "explicit"], "prompt_cache_retention": "24h"]), "cannot be used together"),
        (chat("gpt-6-x", [("user", "a")], more: ["prompt_cache_retention": "24h"]), "not supported with this model"), (chat("gpt-6-x", [("assistant", [part("a", breakpoint)])]), "assistant"),
        (chat("gpt-6-x", [("user", [part("a", ["mode": "explicit", "ttl": "12h"])])]), "not supported by this API"), (chat("gpt-6-x", [("user", [part("a", ["mode": "implicit"])])]), "mode is explicit"),
        (chat("gpt-6-x", [("user", "a")], more: ["prompt_cache_options": ["ttl": "12h"]]), "not supported by this API"),
        (chat("gpt-6-x", [("user", "a")], more: ["prompt_cache_options": ["prewarm": true]]), "prewarm"), (chat("gpt-6-x", [("user", "a")], more: ["prompt_cache_options": ["mode": "off"]]), "implicit or explicit"),
    ])
    func whatOpenAIRefuses(body: JSONValue, says: String) async throws {
        try await withCache { ask, _ in
            let response = try await ask("/chat/completions", body)
            #expect(response.status == 400 && response.json["error"]?["message"]?.stringValue?.contains(says) == true, "\(response.text)")
        }
    }

    // MARK: What goes wrong

    @Test func entriesCanBeLostAndCountsWithheld() async throws {
        func reads(_ seed: UInt64) async throws -> [Bool] {
            var found: [Bool] = []
            try await withCache({ ($0.loss, $0.seed) = (0.5, seed) }) { ask, _ in
                let body = Self.messages([Self.block(Self.long, Self.mark)])
                for _ in 0..<30 { found.append(Self.used(try await ask("/messages", body)).read > 0) }
            }
            return found
        }
        let lost = try await reads(1)
        let (again, other) = (try await reads(1), try await reads(2))
        #expect((8...22).contains(lost.count { $0 }) && lost == again && lost != other)
        try await withCache({ $0.reports = false }) { ask, _ in
            let silent = try await ask("/messages", Self.messages([Self.block(Self.long, Self.mark)]))
            #expect(silent.json["usage"] == ["input_tokens": 1401, "output_tokens": 1])
            let chat = try await ask("/chat/completions", Self.chat("gpt-5.4", [("user", "a")]))
            #expect(chat.json["usage"]?["prompt_tokens"] == 1 && chat.json["usage"]?["prompt_tokens_details"] == nil)
        }
    }

    @Test func aStreamTellsItToo() async throws {
        try await withCache { ask, _ in
            let body = Self.messages([Self.block(Self.long, Self.mark)], more: ["stream": true])
            let first = try await ask("/messages", body)
            #expect(first.text.contains(#""ephemeral_5m_input_tokens":1400"#))
            let second = try await ask("/messages", body)
            #expect(second.text.contains(#""cache_read_input_tokens":1400"#))
            let chat = Self.chat("gpt-5.4", [("system", .string(Self.long))], more: ["stream": true, "stream_options": ["include_usage": true]])
            _ = try await ask("/chat/completions", chat)
            let third = try await ask("/chat/completions", chat)
            #expect(third.text.contains(#""cached_tokens":1280"#))
        }
    }
}
