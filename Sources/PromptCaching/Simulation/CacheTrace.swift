import Values

/// Why a line of a trace cannot be read, in words for whoever wrote it.
public struct CacheTraceError: Error, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Reads requests from the lines of a trace, whatever its form:
///
/// - of hash runs: `{"t": 3.5, "id": "session", "m": "model", "in": 71175, "h": [[1, 1112]]}`: runs of blocks by their first name and number;
/// - as Mooncake has them: `{"timestamp": 3500, "input_length": 6758, "hash_ids": [0, 1, 2]}`, in milliseconds;
/// - of segments: `{"t": 3.5, "ns": "team", "model": "m", "in": 900, "prefix": [["a81f", 700], ["97c0", 200]]}`: content by its hash and its tokens;
/// - a request's body as it was sent to OpenAI or Anthropic, itself or as `body` or `request`, with a time beside it: `{"t": "2026-11-30T09:00:00Z", "body": {"model": …, "messages": […]}}`.
///
/// Equal names of blocks stand for equal prefixes. Segments and the parts of bodies are chained, so that they do.
public struct CacheTrace: Sendable {
    /// How many tokens a block of hash runs has.
    public static let blockOfRuns = 64
    /// How many tokens a block of Mooncake's has.
    public static let blockOfIDs = 512

    private let block: Int?
    private var spaces: TextTable<Int32> = [:]

    /// - Parameter block: the tokens of a block of hashes; `nil`: what the form usually has.
    public init(block: Int? = nil) { self.block = block }

    public mutating func request(_ row: JSONValue) throws(CacheTraceError) -> CacheRequest {
        guard let object = row.objectValue else { throw CacheTraceError("a line is an object") }
        let time = try Self.time(object)
        if let runs = object["h"] { return try self.runs(runs, object, time) }
        if let ids = object["hash_ids"] { return try self.ids(ids, object, time) }
        if let prefix = object["prefix"] { return try segments(prefix, object, time) }
        let body = object["body"]?.objectValue ?? object["request"]?.objectValue ?? object
        if body["messages"] != nil || body["input"] != nil { return try self.body(body, object, time) }
        throw CacheTraceError("it has neither h, hash_ids, prefix nor the body of a request with messages or input")
    }

    // MARK: Forms

    private mutating func runs(_ runs: JSONValue, _ object: JSONObject, _ time: Double) throws(CacheTraceError) -> CacheRequest {
        var pieces: [PrefixTree.Piece] = []
        for run in try Self.list(runs, "h") {
            guard let pair = run.arrayValue, pair.count == 2, let name = pair[0].intValue, let count = pair[1].intValue, name >= 0, count > 0, count <= Self.mostTokens else {
                throw CacheTraceError("h has runs of blocks, [first name, number]")
            }
            pieces.append(.init(name: UInt64(name), blocks: Int(count), tokens: block ?? Self.blockOfRuns))
        }
        return try whole(pieces, object, "in", time, lastIsFull: false)
    }

    private mutating func ids(_ ids: JSONValue, _ object: JSONObject, _ time: Double) throws(CacheTraceError) -> CacheRequest {
        var pieces: [PrefixTree.Piece] = []
        for id in try Self.list(ids, "hash_ids") {
            guard let name = id.intValue, name >= 0 else { throw CacheTraceError("hash_ids has numbers") }
            if let last = pieces.last, last.name + UInt64(last.blocks) == UInt64(name) {
                pieces[pieces.count - 1].blocks += 1
            } else {
                pieces.append(.init(name: UInt64(name), blocks: 1, tokens: block ?? Self.blockOfIDs))
            }
        }
        return try whole(pieces, object, "input_length", time, lastIsFull: false)
    }

    private mutating func segments(_ prefix: JSONValue, _ object: JSONObject, _ time: Double) throws(CacheTraceError) -> CacheRequest {
        var chain = PrefixChain()
        for segment in try Self.list(prefix, "prefix") {
            guard let pair = segment.arrayValue, pair.count == 2, let tokens = pair[1].intValue, tokens > 0, tokens <= Self.mostTokens else {
                throw CacheTraceError("prefix has segments, [hash, tokens]")
            }
            chain.add(pair[0].jsonText, tokens: Int(tokens))
        }
        return try whole(chain.pieces, object, "in", time, lastIsFull: true)
    }

    /// Tools come first, then what the system says, then messages, as vendors put them together. A token is four bytes of what was sent.
    private mutating func body(_ body: JSONObject, _ object: JSONObject, _ time: Double) throws(CacheTraceError) -> CacheRequest {
        var chain = PrefixChain()
        func add(_ value: JSONValue?) {
            guard let value, !value.isNull else { return }
            let text = value.jsonText
            chain.add(text, tokens: max(1, text.utf8.count / 4))
        }
        add(body["tools"])
        for block in body["system"]?.arrayValue ?? [body["system"]].compactMap({ $0 }) { add(Self.unmarked(block)) }
        add(body["instructions"])
        for message in (body["messages"] ?? body["input"])?.arrayValue ?? [body["input"]].compactMap({ $0 }) {
            guard let content = message["content"]?.arrayValue, let role = message["role"] else {
                add(Self.unmarked(message))
                continue
            }
            // A mark may stand behind each block.
            for block in content { add(["role": role, "content": Self.unmarked(block)]) }
        }
        guard !chain.pieces.isEmpty else { throw CacheTraceError("the request has no prompt") }
        let model = body["model"]?.stringValue ?? ""
        let tokens = chain.pieces.reduce(0) { $0 + $1.tokens }
        return CacheRequest(time: time, space: space((object["ns"] ?? object["account"])?.stringValue ?? "", model), pieces: chain.pieces, tokens: tokens, isInBlocks: true)
    }

    /// Marks are no part of what is cached.
    private static func unmarked(_ block: JSONValue) -> JSONValue {
        guard var object = block.objectValue, object["cache_control"] != nil || object["prompt_cache_breakpoint"] != nil else { return block }
        (object["cache_control"], object["prompt_cache_breakpoint"]) = (nil, nil)
        return .object(object)
    }

    // MARK: Parts

    private mutating func whole(_ pieces: [PrefixTree.Piece], _ object: JSONObject, _ key: String, _ time: Double, lastIsFull: Bool) throws(CacheTraceError) -> CacheRequest {
        var pieces = pieces
        var total = pieces.reduce(0) { $0.addingClamped($1.blocks * $1.tokens) }
        guard total <= Self.mostTokens else { throw CacheTraceError("a prompt of more than \(Self.mostTokens) tokens") }
        var told = total
        if let value = object[key] {
            guard let number = value.intValue, number >= 0, number <= Self.mostTokens else { throw CacheTraceError("\(key) is a number of tokens") }
            told = Int(number)
        }
        if told < total, let last = pieces.last, lastIsFull || total - told >= last.tokens {
            throw CacheTraceError("\(key) is \(told), and the blocks or segments have \(total) tokens")
        }
        // The last block is not full, and equal to no other.
        while told < total, let last = pieces.last {
            let over = (total - told + last.tokens - 1) / last.tokens
            let cut = min(over, last.blocks)
            total -= cut * last.tokens
            if cut == last.blocks { pieces.removeLast() } else { pieces[pieces.count - 1].blocks -= cut }
        }
        let account = (object["ns"] ?? object["id"] ?? object["account"])
        let model = (object["model"])?.stringValue ?? ""
        return CacheRequest(time: time, space: space(account?.stringValue ?? account?.jsonText ?? "", model), pieces: pieces, tokens: told, isInBlocks: lastIsFull)
    }

    /// A prompt that is larger is none.
    private static let mostTokens = 1 << 30

    private mutating func space(_ account: String, _ model: String) -> Int32 {
        let name = "\(account)\u{0}\(model)"
        if let known = spaces[name] { return known }
        let new = Int32(spaces.count)
        spaces[name] = new
        return new
    }

    private static func list(_ value: JSONValue, _ key: String) throws(CacheTraceError) -> [JSONValue] {
        guard let list = value.arrayValue else { throw CacheTraceError("\(key) is a list") }
        return list
    }

    private static func time(_ object: JSONObject) throws(CacheTraceError) -> Double {
        for (key, unit) in [("t", 1.0), ("time", 1), ("timestamp", object["hash_ids"] == nil ? 1 : 1000), ("created_at", 1)] {
            guard let value = object[key] else { continue }
            if let seconds = value.doubleValue, seconds.isFinite { return seconds / unit }
            if let moment = value.stringValue.flatMap(Timestamp.init(rfc3339:)) { return Double(moment.microseconds) / 1_000_000 }
            throw CacheTraceError("\(key) is a number of seconds or an RFC 3339 time")
        }
        throw CacheTraceError("it has no time: t, time, timestamp or created_at")
    }
}
