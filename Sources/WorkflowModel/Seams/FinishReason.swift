/// Why an answer ended.
public enum FinishReason: String, Sendable, Hashable {
    case stop
    /// At the token cap: not a success.
    case length
    case contentFilter = "content_filter"
    case toolCalls = "tool_calls"
    /// A word that is not known, or none.
    case other
}
