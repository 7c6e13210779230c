import Values

/// What of an answer is frame: names, times, counts and sources that servers put around what the model wrote. All that is none, wherever
/// it stands, came from a server that is paid for what it sends, and counts as output for an estimate.
package struct AnswerFrame {
    /// Of a name, an id, a time.
    static let longestName = 256
    /// Of an object of counts or verdicts.
    static let longestObject = 4096
    /// Of lists of sources, which some servers send in each chunk, and of what vLLM and llama.cpp repeat of the prompt.
    static let longestSources = 65_536

    /// Of a web page, or an error in words.
    static let longestPage = 1 << 20

    /// Of the log-probabilities of a token.
    static let mostLogprobBytes = 8192

    /// Of fields that nobody knows, as they stood in the document before: what stays the same is frame.
    private var unknown = JSONObject()

    /// Bytes of a document that are no frame, apart from its choices.
    ///
    /// - Parameter read: fields that are read, and counted where they are.
    mutating func bytes(beside document: JSONValue, read: [String] = []) -> Int {
        guard case .object(let fields) = document else { return Self.size(of: document) }
        var count = 0
        fields.forEachPair { name, value in
            if !read.isEmpty, read.contains(name) { return }
            count += Self.excess(ofName: name)
            // Before names are compared: most fields of most answers.
            if Self.isScalar(value) { return }
            switch name {
            case "choices": if case .array = value { return } else { count += Self.excess(value, over: 0) }
            case "id", "object", "created", "model", "system_fingerprint", "service_tier", "provider", "obfuscation", "type":
                count += Self.excess(value, over: Self.longestName)
            case "usage", "x_groq", "timings", "usageMetadata", "usage_metadata", "prompt_filter_results", "error": count += Self.excess(value, over: Self.longestObject)
            case "citations", "search_results", "images", "related_questions", "prompt_logprobs", "prompt_token_ids", "kv_transfer_params", "__verbose":
                count += Self.excess(value, over: Self.longestSources)
            default:
                let size = Self.size(of: value)
                if size == 0 || unknown[name] == value { return }
                count += size
                unknown[name] = value
            }
        }
        return count
    }

    /// Bytes of a choice that are no frame, apart from the field that was read as its content and from its log-probabilities.
    static func bytes(beside read: String?, of choice: JSONObject) -> Int {
        var count = 0
        choice.forEachPair { name, value in
            count += excess(ofName: name)
            if isScalar(value) { return }
            switch name {
            case read, "logprobs": return
            case "index", "finish_reason", "finishReason", "native_finish_reason", "stop_reason", "matched_stop": count += excess(value, over: longestName)
            case "usage", "error", "content_filter_results", "content_filter_result", "content_filter_offsets": count += excess(value, over: longestObject)
            default: count += excess(value, over: 0)
            }
        }
        return count
    }

    private static func isScalar(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .int, .double: true
        default: false
        }
    }

    /// The bytes of a name that is none.
    static func excess(ofName name: String) -> Int { name.utf8.count > longestName ? name.utf8.count : 0 }

    /// What of a value is beyond the bytes that its field has as frame.
    static func excess(_ value: JSONValue, over free: Int) -> Int { max(0, size(of: value) - free) }

    /// Of all texts, numbers and names in it. A number, a truth and nothing alone are frame.
    private static func size(of value: JSONValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .bigInt(let digits): digits.utf8.count
        case .null, .bool, .int, .double: 0
        case .array(let elements): elements.reduce(0) { $0 + size(inside: $1) }
        case .object(let fields):
            {
                var count = 0
                fields.forEachPair { count += $0.utf8.count + 3 + size(inside: $1) }
                return count
            }()
        }
    }

    private static func size(inside value: JSONValue) -> Int {
        switch value {
        case .int, .double: 8
        case .null, .bool: 4
        default: size(of: value) + 2
        }
    }
}
