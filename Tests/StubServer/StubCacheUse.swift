import Values

/// What a cache had and took of one request, in tokens.
struct StubCacheUse {
    /// Of the whole prompt.
    var total = 0
    var read = 0
    /// For the shorter and the longer of the vendor's lifetimes.
    var written = 0
    var writtenLong = 0
    /// Whether the answer tells.
    var isTold = true
    /// Whether there is no answer but that.
    var isWarmUp = false

    private func number(_ value: Int) -> JSONValue { .int(Int64(value)) }

    /// As Anthropic counts: what was cached is beside the input.
    func messages(output: JSONValue) -> JSONValue {
        guard isTold else { return ["input_tokens": number(total), "output_tokens": output] }
        return [
            "input_tokens": number(total - read - written - writtenLong), "cache_creation_input_tokens": number(written + writtenLong), "cache_read_input_tokens": number(read),
            "cache_creation": ["ephemeral_5m_input_tokens": number(written), "ephemeral_1h_input_tokens": number(writtenLong)], "output_tokens": output,
        ]
    }

    /// As OpenAI counts: what was cached is within the input.
    func responses(output: Int64) -> JSONValue {
        var usage: JSONObject = ["input_tokens": number(total), "output_tokens": .int(output), "output_tokens_details": ["reasoning_tokens": 0], "total_tokens": .int(Int64(total) + output)]
        if isTold {
            usage["input_tokens_details"] = [
                "cached_tokens": number(read), "cache_write_tokens": number(written + writtenLong),
                "cache_write_tokens_details": ["ttl_30m_tokens": number(written), "ttl_12h_tokens": number(writtenLong)],
            ]
        }
        return .object(usage)
    }

    func chat(output: Int64) -> JSONValue {
        var usage: JSONObject = ["prompt_tokens": number(total), "completion_tokens": .int(output), "total_tokens": .int(Int64(total) + output), "completion_tokens_details": ["reasoning_tokens": 0]]
        if isTold { usage["prompt_tokens_details"] = ["cached_tokens": number(read), "cache_write_tokens": number(written + writtenLong)] }
        return .object(usage)
    }
}
