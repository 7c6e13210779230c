import PromptCaching
import Values
import WorkflowModel

/// What chat completions and Responses say of prompt caches beside the prompt: to OpenAI's own, and to llama.cpp's server.
///
/// Sources: `completion_create_params.py` and `response_create_params.py` of OpenAI's Python client, release 3.57.0; README of llama.cpp's server. `prompt_cache_retention` and `prompt_cache_options` do not go
/// together.
struct OpenAICacheOptions {
    /// In the order in which they are written.
    let fields: [(name: StaticString, value: JSONValue)]

    init(_ wire: WireRequest) {
        guard let asked = wire.request.cache, let rules = wire.cache?.rules else {
            fields = []
            return
        }
        switch rules.control {
        case .key: fields = Self.key(asked) + Self.retention(asked, rules)
        case .breakpoints: fields = Self.key(asked) + Self.options(asked, rules)
        case .slots: fields = [("cache_prompt", true)] + (asked.slot.map { [("id_slot", .int(Int64($0)))] } ?? [])
        case .order, .cacheControl, .cachePoint, .cachedContent: fields = []
        }
    }

    private static func key(_ asked: CacheInstructions) -> [(name: StaticString, value: JSONValue)] { asked.key.map { [("prompt_cache_key", .string($0))] } ?? [] }

    /// Only where a life is asked for that the usual one does not have.
    private static func retention(_ asked: CacheInstructions, _ rules: CacheRules) -> [(name: StaticString, value: JSONValue)] {
        guard let long = asked.retention.flatMap({ rules.retention(for: [$0]) }) else { return [] }
        return [("prompt_cache_retention", .string(long.word))]
    }

    private static func options(_ asked: CacheInstructions, _ rules: CacheRules) -> [(name: StaticString, value: JSONValue)] {
        var options: JSONObject = [:]
        if asked.isExplicit { options["mode"] = "explicit" }
        if asked.isWarmUp, rules.canWarmUp { options["prewarm"] = true }
        return options.isEmpty ? [] : [("prompt_cache_options", .object(options))]
    }

    // MARK: Marks

    /// Those of a prompt, of which an implicit one takes a place. What the model said takes none.
    static func marks(of messages: [PromptBlocks.Message], _ marked: (CacheInstructions, CacheRules)?) -> CacheMarks {
        guard let (asked, rules) = marked, !asked.marks.isEmpty, case .marks(let most) = rules.entries else { return .none }
        var (bytes, places) = (0, [(segment: Int, bytes: Int)]())
        for message in messages {
            let found = PromptBlocks.places(in: message.blocks, after: &bytes)
            if message.role != .assistant { places += found }
        }
        return CacheMarks(asked.marks, rules, at: places, most: asked.isExplicit ? most : most - 1)
    }

    /// The usual life is what a request has without a word.
    static func breakpoint(_ lifetime: CacheRules.Lifetime) -> JSONValue {
        lifetime.isLong ? ["mode": "explicit", "ttl": .string(lifetime.word)] : ["mode": "explicit"]
    }
}
