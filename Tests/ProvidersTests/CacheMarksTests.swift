import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// What requests tell prompt caches.
@Suite(.timeLimit(.minutes(5))) struct CacheMarksTests {
    private typealias Mark = CacheInstructions.Mark

    static let minutes5 = TimeSpan.seconds(300), hour = TimeSpan.seconds(3600)

    private static func text(_ role: MessageRole, _ text: String, starts: Bool = true) -> PromptSegment {
        PromptSegment(role: role, stability: .step, text: text, startsMessage: starts, origin: "t")
    }

    private static let segments = [
        text(.system, "Rules"), text(.system, "More", starts: false), text(.user, "Policy"), text(.user, "Document", starts: false), text(.assistant, "Yes"), text(.user, "Question"),
    ]

    static func request(_ cache: CacheInstructions?, _ segments: [PromptSegment] = segments, schema: String? = nil, _ settings: (inout Sampling) -> Void = { _ in }) -> ModelRequest {
        let sample = ModelRequest.sample(schema: schema, settings)
        return ModelRequest(
            id: sample.id, model: sample.model, segments: segments, sampling: sample.sampling, maxOutputTokens: 4000, schema: sample.schema, schemaName: "draft", timeout: sample.timeout, cache: cache)
    }

    static func wire(_ api: ModelAPI, _ kind: CacheKind, _ request: ModelRequest, model: String = "m") -> WireRequest {
        let rules = CacheTable.shipped.rules(kind, model: model, api: api.rawValue)
        return WireRequest(request: request, modelID: model, dialect: Dialect(), cache: rules.map(CacheSpeech.init))
    }

    static func body(_ api: ModelAPI, _ kind: CacheKind, _ request: ModelRequest, model: String = "m") -> JSONValue {
        try! JSONParser.parse(api.format(Dialect()).encode(wire(api, kind, request, model: model)))
    }

    private static func short(_ segments: Int...) -> CacheInstructions { CacheInstructions(marks: segments.map { Mark(segment: $0, lifetime: minutes5) }) }

    // MARK: Anthropic

    @Test func blocksAreTheSameWhetherTheyAreMarkedOrNot() {
        let plain = Self.body(.anthropic, .anthropic, Self.request(nil))
        let marked = Self.body(.anthropic, .anthropic, Self.request(CacheInstructions(marks: [Mark(segment: 1, lifetime: Self.hour), Mark(segment: 3, lifetime: Self.minutes5)])))
        #expect(plain["messages"]?[0]?["content"] == json(#"[{"type":"text","text":"Policy"},{"type":"text","text":"\n\nDocument"}]"#))
        #expect(marked["system"] == json(#"[{"type":"text","text":"Rules"},{"type":"text","text":"\n\nMore","cache_control":{"type":"ephemeral","ttl":"1h"}}]"#))
        #expect(marked["messages"]?[0]?["content"] == json(#"[{"type":"text","text":"Policy"},{"type":"text","text":"\n\nDocument","cache_control":{"type":"ephemeral","ttl":"5m"}}]"#))
        #expect(Self.unmarked(marked) == Self.unmarked(plain))
        // A text alone becomes the block that it stands for.
        let last = Self.body(.anthropic, .anthropic, Self.request(Self.short(5)))
        #expect(last["messages"]?[2]?["content"] == json(#"[{"type":"text","text":"Question","cache_control":{"type":"ephemeral","ttl":"5m"}}]"#))
        #expect(plain["messages"]?[2]?["content"] == "Question")
    }

    /// What another cache would be told is not sent, nor is anything where none is known.
    @Test func noCacheIsToldWhatAnotherOneTakes() {
        let asked = Self.request(CacheInstructions(marks: [Mark(segment: 1, lifetime: Self.hour)], key: "k", slot: 3, isExplicit: true))
        for (api, kinds) in [(ModelAPI.anthropic, [CacheKind.none, .gemini, .deepseek, .vllm, .llamaCpp]), (.openAIChat, [.none, .gemini, .deepseek, .vllm, .sglang, .anthropic])] {
            for kind in kinds { #expect(Self.body(api, kind, asked) == Self.body(api, kind, Self.request(nil)) || kind == .llamaCpp, "\(api) \(kind)") }
        }
        #expect(String(decoding: OpenAIChat().encode(Self.wire(.openAIChat, .vllm, asked)), as: UTF8.self).contains("cache") == false)
    }

    @Test func aToolCanBeMarked() {
        let open = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        let marked = Self.body(.anthropic, .anthropic, Self.request(CacheInstructions(marks: [Mark(segment: Mark.tools, lifetime: Self.hour), Mark(segment: 0, lifetime: Self.minutes5)]), schema: open))
        #expect(marked["tools"]?[0]?["cache_control"] == ["type": "ephemeral", "ttl": "1h"] && marked["system"]?[0]?["cache_control"]?["ttl"] == "5m")
        // Without tools there is nothing to mark.
        #expect(Self.marks(in: Self.body(.anthropic, .anthropic, Self.request(Self.short(Mark.tools)))).isEmpty)
    }

    @Test func aWarmUpHasNoAnswer() {
        let warm = CacheInstructions(marks: [Mark(segment: 1, lifetime: Self.minutes5)], isWarmUp: true)
        let open = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        for reasoning in [nil, "high", "2048", "none"] {
            let body = Self.body(.anthropic, .anthropic, Self.request(warm, schema: open) { ($0.reasoning, $0.stream) = (reasoning, true) })
            #expect(body["max_tokens"] == 0 && body["stream"] == false && body["tool_choice"]?["type"] == "auto" && body["tools"] != nil, "\(reasoning ?? "")")
            #expect(body["thinking"] == nil || body["thinking"]?["type"] == "disabled", "\(reasoning ?? "")")
        }
        let responses = Self.body(.openAIResponses, .openai, Self.request(warm), model: "gpt-6-sol")
        #expect(responses["prompt_cache_options"] == ["prewarm": true] && responses["max_output_tokens"] == 4000)
        #expect(Self.body(.openAIChat, .openai, Self.request(warm), model: "gpt-6-sol")["max_tokens"] == 1)
        #expect(Self.body(.openAIResponses, .openai, Self.request(warm), model: "gpt-4.1")["max_output_tokens"] == 16)
    }

    // MARK: OpenAI

    @Test func upTo55ThereIsAKeyAndALongerLife() {
        let usual = CacheInstructions(key: "a81f", retention: Self.minutes5)
        let long = CacheInstructions(key: "a81f", retention: Self.hour)
        for api in [ModelAPI.openAIChat, .openAIResponses] {
            let body = Self.body(api, .openai, Self.request(usual), model: "gpt-5.4")
            #expect(body["prompt_cache_key"] == "a81f" && body["prompt_cache_retention"] == nil && Self.marks(in: body).isEmpty)
            #expect(Self.body(api, .openai, Self.request(long), model: "gpt-5.4")["prompt_cache_retention"] == "24h")
            #expect(Self.body(api, .openai, Self.request(long), model: "gpt-4o")["prompt_cache_retention"] == nil)
            // All but that is as it was without.
            var fields = body.objectValue
            fields?["prompt_cache_key"] = nil
            #expect(fields == Self.body(api, .none, Self.request(nil), model: "gpt-5.4").objectValue)
        }
    }

    /// A schema stands before the prompt, with its name: steps that have one schema find what each other wrote.
    @Test func aSchemaHasOneNameWhereACacheGoesByIt() {
        let schema = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        func body(_ api: ModelAPI, _ kind: CacheKind, _ name: String) -> JSONValue {
            let request = Self.request(nil, schema: schema)
            return Self.body(
                api, kind,
                ModelRequest(
                    id: request.id, model: request.model, segments: request.segments, sampling: request.sampling, maxOutputTokens: 4000, schema: request.schema, schemaName: name,
                    timeout: request.timeout))
        }
        for (api, kind) in [(ModelAPI.anthropic, CacheKind.anthropic), (.openAIChat, .openai), (.openAIResponses, .openai)] {
            #expect(body(api, kind, "draft") == body(api, kind, "review"))
        }
        #expect(body(.anthropic, .anthropic, "draft")["tools"]?[0]?["name"] == "answer" && body(.anthropic, .anthropic, "draft")["tool_choice"]?["name"] == "answer")
        for (api, kind) in [(ModelAPI.openAIChat, CacheKind.llamaCpp), (.openAIChat, .none)] {
            #expect(body(api, kind, "draft")["response_format"]?["json_schema"]?["name"] == "draft")
        }
    }

    @Test func from56OnThereAreBreakpoints() {
        let asked = CacheInstructions(marks: [Mark(segment: 1, lifetime: .seconds(43_200)), Mark(segment: 3, lifetime: .seconds(1800))], key: "a81f", isExplicit: true)
        let chat = Self.body(.openAIChat, .openai, Self.request(asked), model: "gpt-5.6-luna")
        #expect(chat["prompt_cache_options"] == ["mode": "explicit"] && chat["prompt_cache_retention"] == nil && chat["prompt_cache_key"] == "a81f")
        #expect(chat["messages"]?[0]?["content"] == json(#"[{"type":"text","text":"Rules"},{"type":"text","text":"\n\nMore","prompt_cache_breakpoint":{"mode":"explicit"}}]"#))
        #expect(chat["messages"]?[1]?["content"]?[1]?["prompt_cache_breakpoint"] == ["mode": "explicit"] && chat["messages"]?[2]?["content"] == "Yes")
        let responses = Self.body(.openAIResponses, .openai, Self.request(asked), model: "gpt-5.6-luna")
        #expect(responses["instructions"] == nil)
        #expect(responses["input"]?[0]?["content"]?[1] == ["type": "input_text", "text": "\n\nMore", "prompt_cache_breakpoint": ["mode": "explicit", "ttl": "12h"]])
        #expect(responses["input"]?[1]?["content"]?[1]?["prompt_cache_breakpoint"] == ["mode": "explicit"])
        // Without marks the parts are the same.
        let plain = Self.body(.openAIResponses, .openai, Self.request(nil), model: "gpt-5.6-luna")
        #expect(Self.unmarked(responses)["input"] == plain["input"])
        // What the model said takes none: the mark goes to what stands before it.
        let behind = Self.body(.openAIChat, .openai, Self.request(Self.short(4)), model: "gpt-6-sol")
        #expect(behind["messages"]?[1]?["content"]?[1]?["prompt_cache_breakpoint"] != nil && Self.marks(in: behind).count == 1)
        // One of four is the server's own.
        let many = CacheInstructions(marks: [0, 1, 2, 3, 5].map { Mark(segment: $0, lifetime: .seconds(1800)) })
        #expect(Self.marks(in: Self.body(.openAIChat, .openai, Self.request(many), model: "gpt-6-sol")).count == 3)
    }

    @Test func llamaIsToldItsSlot() {
        let body = Self.body(.openAIChat, .llamaCpp, Self.request(CacheInstructions(slot: 2)))
        #expect(body["cache_prompt"] == true && body["id_slot"] == 2)
        let open = Self.body(.openAIChat, .llamaCpp, Self.request(CacheInstructions()))
        #expect(open["cache_prompt"] == true && open["id_slot"] == nil)
    }

    /// Where the API counts, there are no marks, and the same blocks.
    @Test func countsHaveNoMarks() throws {
        let asked = Self.request(Self.short(1, 3))
        let wire = Self.wire(.anthropic, .anthropic, asked)
        let counted = try JSONParser.parse(MessagesCounter().question(wire).body)
        #expect(Self.marks(in: counted).isEmpty && counted["messages"] == Self.body(.anthropic, .anthropic, Self.request(nil))["messages"])
        let input = try JSONParser.parse(ResponsesCounter().question(Self.wire(.openAIResponses, .openai, asked, model: "gpt-6-sol")).body)
        #expect(Self.marks(in: input).isEmpty && input["prompt_cache_key"] == nil && input["input"]?[0]?["content"]?.arrayValue?.count == 2)
    }

    // MARK: The look before sending

    private static func marks(_ asked: [(Int, Int64)], at places: [(Int, Int)], _ kind: CacheKind = .anthropic, most: Int = .max) -> [String] {
        let rules = CacheTable.shipped.rules(kind, model: "m", api: "openai-responses")!
        let marks = asked.map { Mark(segment: $0.0, lifetime: .seconds($0.1)) }
        return CacheMarks(marks, rules, at: places.map { (segment: $0.0, bytes: $0.1) }, most: most).marks.map { "\($0.segment) \($0.lifetime.word)" }
    }

    @Test func whatIsTooMuchIsLeftOut() {
        let places = (0..<8).map { ($0, ($0 + 1) * 100 - ($0 >= 3 ? 60 : 0)) }
        #expect(Self.marks([(0, 300), (1, 300), (2, 300), (4, 300)], at: places) == ["0 5m", "1 5m", "2 5m", "4 5m"])
        // The way from 2 to 3 is the shortest; the last one stays, however short its way is.
        #expect(Self.marks([(0, 300), (1, 300), (2, 300), (3, 300), (4, 300)], at: places) == ["0 5m", "1 5m", "2 5m", "4 5m"])
        #expect(Self.marks([(2, 300), (3, 300)], at: places, most: 1) == ["3 5m"])
        #expect(Self.marks([(2, 300), (3, 300)], at: places, most: 0).isEmpty)
    }

    @Test func aLongerLifeStandsFirst() {
        let places = (0..<4).map { ($0, ($0 + 1) * 100) }
        #expect(Self.marks([(0, 3600), (2, 300)], at: places) == ["0 1h", "2 5m"])
        #expect(Self.marks([(0, 300), (2, 3600)], at: places) == ["0 5m", "2 5m"])
        // Of two at one place the longer; a life that the cache does not have is the next longer one, or its longest.
        #expect(Self.marks([(1, 300), (1, 3600)], at: places) == ["1 1h"] && Self.marks([(1, 600)], at: places) == ["1 1h"] && Self.marks([(1, 90_000)], at: places) == ["1 1h"])
        #expect(Self.marks([(3, 300), (0, 3600)], at: places) == ["0 1h", "3 5m"])
        // Behind no block: at the last before it, or nowhere.
        #expect(Self.marks([(9, 300)], at: places) == ["3 5m"] && Self.marks([(0, 300)], at: [(2, 100)]).isEmpty)
        #expect(Self.marks([(0, 300)], at: places, .vllm).isEmpty)
    }

    // MARK: Blocks

    /// What blocks come to is the text of the messages, and what is shared begins alike whatever follows.
    @Test(arguments: 0..<200) func blocksAreTheTextOfTheMessages(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let segments = Self.randomSegments(&random, attaches: false)
        let blocks = PromptBlocks.messages(of: segments)
        let messages = PromptMessage.messages(of: segments)
        #expect(blocks.map(\.role) == messages.map(\.role) && blocks.map(\.text) == messages.map(\.text))
        let withFiles = PromptBlocks.messages(of: Self.randomSegments(&random))
        for message in withFiles where message.blocks.count > 1 { #expect(!message.blocks.contains { !$0.isMarkable }) }
        // No block is blank unless all of its message is.
        for message in blocks where message.blocks.count > 1 { #expect(!message.blocks.contains { !$0.isMarkable }) }
        let turns = PromptBlocks.turns(of: segments)
        let merged = PromptMessage.messages(of: segments.filter { $0.role != .system }).reduce(into: [(MessageRole, String)]()) { turns, message in
            if turns.last?.0 == message.role { turns[turns.count - 1].1 += message.text } else { turns.append((message.role, message.text)) }
        }
        #expect(turns.map(\.role) == merged.map(\.0) && turns.map(\.text) == merged.map(\.1))
        // The beginning has the same blocks in a longer prompt, up to its last one, to which blanks may still come.
        let start = Array(segments.prefix(Int.random(in: 0...segments.count, using: &random)))
        let all = PromptBlocks.messages(of: segments).flatMap(\.blocks).map(\.text)
        let beginning = PromptBlocks.messages(of: start).flatMap(\.blocks).map(\.text)
        #expect(all.starts(with: beginning.dropLast()))
    }

    static func randomSegments(_ random: inout SeededGenerator, attaches: Bool = true) -> [PromptSegment] {
        let texts = ["", " ", "\n\n", "\u{A0}", "Policy", "  A document\n", "é", String(repeating: "long text ", count: 300), String(repeating: "x", count: 5000)]
        let file = PromptAttachment(kind: .image, name: "a.png", type: .png, bytes: [1, 2, 3], hash: ContentHash(of: [1, 2, 3]), size: nil)
        return (0..<Int.random(in: 1...9, using: &random)).map { index in
            let role: MessageRole = index == 0 ? [.system, .user].randomElement(using: &random)! : [.user, .user, .assistant, .system].randomElement(using: &random)!
            if attaches, role == .user, Int.random(in: 0..<8, using: &random) == 0 { return PromptSegment(file, stability: .step, startsMessage: Bool.random(using: &random), origin: "a") }
            return text(role, texts.randomElement(using: &random)!, starts: Bool.random(using: &random))
        }
    }

    static func randomInstructions(_ random: inout SeededGenerator, _ count: Int) -> CacheInstructions {
        let lives: [Int64] = [1, 300, 1800, 3600, 43_200, 86_400]
        let marks = (0..<Int.random(in: 0...8, using: &random)).map { _ in
            Mark(segment: Int.random(in: -1...count + 1, using: &random), lifetime: .seconds(lives.randomElement(using: &random)!))
        }
        return CacheInstructions(
            marks: marks, key: Bool.random(using: &random) ? "k" : nil, slot: Bool.random(using: &random) ? 1 : nil, isExplicit: Bool.random(using: &random),
            isWarmUp: Int.random(in: 0..<5, using: &random) == 0)
    }

    /// Whatever a planner says, a server that checks marks as vendors do takes the request.
    @Test func noRequestIsRefusedForItsMarks() async throws {
        var random = SeededGenerator(seed: 15)
        var options = StubOptions(content: .text("ok"))
        options.cache = StubCacheOptions()
        options.cache?.leastTokens = 100
        let server = try StubModelServer(options)
        defer { server.stop() }
        let apis: [(ModelAPI, CacheKind)] = [(.anthropic, .anthropic), (.openAIChat, .openai), (.openAIResponses, .openai)]
        let providers = apis.map { api, kind in
            ProviderConfiguration(name: api.rawValue, api: api, baseURL: server.baseURL, apiKey: nil, dialect: ["prompt_cache": .string(kind.rawValue), "images": true])
        }
        let open = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        var (read, written) = (0, 0)
        try await withRegistry(providers) { registry in
            for _ in 0..<400 {
                let (api, _) = apis.randomElement(using: &random)!
                let model = api == .anthropic ? "claude-opus-5" : ["gpt-5.4", "gpt-5.6-luna", "gpt-6-sol"].randomElement(using: &random)!
                // Anthropic refuses a prompt of blanks alone, marked or not.
                let segments = Self.randomSegments(&random) + [Self.text(.user, "Question \(Int.random(in: 0..<3, using: &random))")]
                let only = PromptBlocks.turns(of: segments).contains { !$0.blocks.contains(where: \.isMarkable) } || PromptBlocks.system(of: segments).contains { !$0.isMarkable }
                guard !only else { continue }
                let sample = Self.request(Self.randomInstructions(&random, segments.count), segments, schema: Bool.random(using: &random) ? open : nil) {
                    $0.reasoning = ["low", nil, nil].randomElement(using: &random)!
                }
                let request = ModelRequest(
                    id: sample.id, model: ModelReference(provider: api.rawValue, model: model), segments: segments, sampling: sample.sampling, maxOutputTokens: 4000, schema: sample.schema,
                    schemaName: "draft", timeout: sample.timeout, cache: sample.cache)
                let result = await registry.call(request)
                #expect(result.failure?.kind != .badRequest, "\(result.failure?.message ?? ""): \(String(decoding: server.requests.last?.body ?? [], as: UTF8.self))")
                read += result.usage?.cacheRead ?? 0
                written += result.usage?.totalCacheWrite ?? 0
            }
        }
        // The marks did something.
        #expect(read > 1000 && written > 1000, "\(read) read, \(written) written")
    }

    // MARK: Which cache it is

    @Test func addressesAndEntriesSayWhichCacheItIs() {
        func provider(_ name: String, _ api: ModelAPI, _ url: String, _ dialect: DialectSettings = .none, _ models: [ModelConfiguration] = []) -> ProviderConfiguration {
            ProviderConfiguration(name: name, api: api, baseURL: url, apiKey: nil, models: models, dialect: dialect)
        }
        func model(_ alias: String, _ cache: CacheConfiguration? = nil, priceAs: String? = nil) -> ModelConfiguration {
            ModelConfiguration(alias: alias, id: alias, baseURL: nil, serve: nil, contextWindow: nil, priceAs: priceAs.flatMap(ModelReference.init(text:)), cache: cache)
        }
        let directory = ProviderDirectory([
            provider("local", .openAIChat, "http://127.0.0.1:1/v1"), provider("llama", .openAIChat, "http://127.0.0.1:1/v1", ["count_tokens": "llama.cpp"]),
            provider("off", .anthropic, "https://api.anthropic.com/v1", ["prompt_cache": "none"]), provider("google", .openAIChat, "https://generativelanguage.googleapis.com/v1beta/openai"),
            provider(
                "gateway", .openAIChat, "http://127.0.0.1:4000/v1", .none,
                [
                    model("a", CacheConfiguration(kind: .anthropic, leastTokens: 700, mostMarks: 2, lifetimes: [.seconds(300)]), priceAs: "anthropic/claude-opus-4-7"), model("b"),
                    model("c", CacheConfiguration(kind: .anthropic), priceAs: "anthropic/claude-opus-4-7"),
                ]),
        ])
        func cache(_ name: String) -> CacheRules? { directory.cache(of: ModelReference(text: name)!) }
        #expect(cache("anthropic/claude-opus-4-7")?.leastTokens == 2048 && cache("openai/gpt-6-sol")?.control == .breakpoints && cache("openai/gpt-4o")?.control == .key)
        #expect(cache("local/m") == nil && cache("off/claude-opus-5") == nil && cache("openrouter/anthropic/claude-opus-5") == nil && cache("nobody/m") == nil)
        #expect(cache("llama/m")?.control == .slots && cache("google/gemini-2.5-pro")?.leastTokens == 2048)
        let own = cache("gateway/a")
        #expect(own?.leastTokens == 700 && own?.entries == .marks(most: 2) && own?.lifetimes.map(\.word) == ["5m"] && cache("gateway/b") == nil && cache("gateway/c")?.leastTokens == 2048)
    }

    // MARK: Helpers

    private static func marks(in body: JSONValue) -> [JSONValue] {
        switch body {
        case .object(let fields): fields.keys.flatMap { key in ["cache_control", "prompt_cache_breakpoint"].contains(key) ? [fields[key]!] : marks(in: fields[key]!) }
        case .array(let list): list.flatMap(marks)
        default: []
        }
    }

    private static func unmarked(_ body: JSONValue) -> JSONValue {
        switch body {
        case .object(let fields):
            var rest = JSONObject()
            for (key, value) in fields where !["cache_control", "prompt_cache_breakpoint"].contains(key) { rest[key] = unmarked(value) }
            return .object(rest)
        case .array(let list): return .array(list.map(unmarked))
        default: return body
        }
    }
}
