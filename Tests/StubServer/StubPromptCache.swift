import Values

/// The prompt cache of a stub server, which behaves as vendors' do, as far as a client can tell. It knows nothing of the program's own model of caches.
///
/// - *Anthropic's* (`/v1/messages`): entries stand at blocks with `cache_control` alone; a mark finds the last entry at one of the 20 blocks up to it.
/// - *OpenAI's* from GPT-5.6 on: entries stand at `prompt_cache_breakpoint`, and unless the mode is `explicit` at the end of the newest message.
/// - *OpenAI's* before: every 128 tokens, without a word.
///
/// An entry can be read once the answer that wrote it has begun, and is gone when nobody has used it for as long as it lives. A prefix below the model's least length is not cached, and nothing says so.
/// A request with marks as the vendor refuses them gets 400. Confined to the server's thread.
struct StubPromptCache {
    /// What becomes true when the answer begins.
    struct Write {
        fileprivate var entries: [(name: ContentHash, life: Double)] = []
    }

    private struct Entry {
        var life: Double
        var expires: Double
    }

    private let options: StubCacheOptions
    private var entries: [ContentHash: Entry] = [:]
    private var state: UInt64

    private static let lookBack = 20
    private static let step = 128
    private static let leastTokens: [(name: String, tokens: Int)] = [
        ("claude-opus-5", 512), ("claude-sonnet-5-5", 512), ("claude-haiku-5-5", 512), ("claude-fable-5", 512), ("claude-mythos-5", 512), ("claude-opus-4-7", 2048), ("claude-haiku-4-5", 4096),
        ("claude-opus-4-5", 4096), ("claude-opus-4-6", 4096),
    ]

    init(_ options: StubCacheOptions) {
        self.options = options
        state = options.seed
    }

    /// What is found of a request's prompt, and what its answer will write; or the refusal of its marks.
    mutating func look(_ api: StubPrompt.API, _ request: JSONValue) -> Result<(use: StubCacheUse, write: Write), Refusal> {
        let prompt = StubPrompt(api, request)
        if let refusal = Refusal(prompt, request) { return .failure(refusal) }
        var use = StubCacheUse(total: prompt.tokens, isTold: options.reports)
        use.isWarmUp = api == .messages ? request["max_tokens"] == 0 : request["prompt_cache_options"]?["prewarm"] == true
        let write: Write
        if api == .messages {
            write = marked(prompt, &use, latest: .max, life: { $0["ttl"] == "1h" ? (3600, true) : (300, false) })
        } else if Self.takesBreakpoints(prompt.model) {
            write = breakpoints(prompt, request, &use)
        } else {
            write = steps(prompt, life: request["prompt_cache_retention"] == "24h" ? 86_400 : 300, &use)
        }
        return .success((use, write))
    }

    /// The answer begins.
    mutating func begin(_ write: Write) {
        let now = options.clock.now
        for (name, life) in write.entries { entries[name] = Entry(life: life, expires: now + life) }
    }

    static func takesBreakpoints(_ model: String) -> Bool { model.hasPrefix("gpt-5.6") || model.hasPrefix("gpt-6") }

    private func least(_ model: String) -> Int { options.leastTokens ?? Self.leastTokens.first { model.hasPrefix($0.name) }?.tokens ?? 1024 }

    // MARK: Marks

    private mutating func breakpoints(_ prompt: StubPrompt, _ request: JSONValue, _ use: inout StubCacheUse) -> Write {
        let (settings, isExplicit) = (request["prompt_cache_options"], request["prompt_cache_options"]?["mode"] == "explicit")
        let usual = settings?["ttl"]?.stringValue ?? "30m"
        var prompt = prompt
        // The newest message, unless the model said it.
        if !isExplicit, let last = prompt.lastMarkable { prompt.mark(last) }
        return marked(prompt, &use, latest: 4) { ($0["ttl"]?.stringValue ?? usual) == "12h" ? (43_200, true) : (1800, false) }
    }

    /// - Parameters:
    ///   - latest: so many marks are written, the latest.
    ///   - life: of a mark, and whether it is the longer of two.
    private mutating func marked(_ prompt: StubPrompt, _ use: inout StubCacheUse, latest: Int, life: (JSONValue) -> (seconds: Double, isLong: Bool)) -> Write {
        let (ends, least) = (prompt.ends, least(prompt.model))
        let marks = prompt.blocks.indices.filter { prompt.blocks[$0].mark != nil && ends[$0].tokens >= least }
        let lookBack = prompt.api == .messages ? Self.lookBack : 1
        var hit: Int?
        for mark in marks {
            if let found = (max(0, mark - lookBack + 1)...mark).last(where: { isAlive(ends[$0].name) }) { hit = max(hit ?? found, found) }
        }
        if let found = hit, isLost() {
            for end in ends[...found] { entries[end.name] = nil }
            hit = nil
        }
        if let hit {
            use.read = ends[hit].tokens
            for end in ends[...hit] { refresh(end.name) }
        }
        var write = Write()
        var done = use.read
        for mark in marks.suffix(latest) where hit.map({ mark > $0 }) ?? true {
            let (seconds, isLong) = life(prompt.blocks[mark].mark ?? .null)
            write.entries.append((ends[mark].name, seconds))
            if isLong { use.writtenLong += ends[mark].tokens - done } else { use.written += ends[mark].tokens - done }
            done = ends[mark].tokens
        }
        return write
    }

    // MARK: Steps

    private mutating func steps(_ prompt: StubPrompt, life: Double, _ use: inout StubCacheUse) -> Write {
        let ends = prompt.steps(of: Self.step).filter { $0.tokens >= least(prompt.model) }
        var hit = ends.lastIndex { isAlive($0.name) }
        if let found = hit, isLost() {
            for end in ends[...found] { entries[end.name] = nil }
            hit = nil
        }
        if let hit {
            use.read = ends[hit].tokens
            for end in ends[...hit] { refresh(end.name) }
        }
        // What is written by itself is not billed as written.
        return Write(entries: ends[(hit.map { $0 + 1 } ?? 0)...].map { ($0.name, life) })
    }

    // MARK: Entries

    private func isAlive(_ name: ContentHash) -> Bool { entries[name].map { $0.expires > options.clock.now } ?? false }

    /// A use begins a life anew, that of every entry within it too.
    private mutating func refresh(_ name: ContentHash) {
        guard let entry = entries[name], isAlive(name) else { return }
        entries[name]?.expires = options.clock.now + entry.life
    }

    private mutating func isLost() -> Bool {
        guard options.loss > 0 else { return false }
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53 < options.loss
    }
}
