/// What a price row charges for.
public enum PriceUnit: String, Sendable, Hashable, CaseIterable {
    case input
    case cacheRead = "cache_read"
    case cacheWrite = "cache_write"
    /// For the longer of the life times that a vendor's cache has: Anthropic's hour, OpenAI's twelve.
    case cacheWriteLong = "cache_write_long"
    case audioInput = "audio_input"
    case output
    case reasoning
    case audioOutput = "audio_output"
    /// A fee for each request.
    case request
    /// A fee for each search of the web that the server makes for an answer.
    case webSearch = "web_search"
    /// An hour of a machine that we keep on, charged by the millisecond that a call kept it busy.
    case machineHour = "machine_hour"

    /// Whether it counts tokens.
    public var isToken: Bool {
        switch self {
        case .request, .webSearch, .machineHour: false
        default: true
        }
    }

    /// The class whose price stands in where this one has no row; `nil` where there is none.
    var fallback: PriceUnit? {
        switch self {
        case .cacheRead, .cacheWrite, .audioInput: .input
        case .cacheWriteLong: .cacheWrite
        case .reasoning, .audioOutput: .output
        default: nil
        }
    }

    /// Where it stands among all.
    var index: Int {
        switch self {
        case .input: 0
        case .cacheRead: 1
        case .cacheWrite: 2
        case .cacheWriteLong: 3
        case .audioInput: 4
        case .output: 5
        case .reasoning: 6
        case .audioOutput: 7
        case .request: 8
        case .webSearch: 9
        case .machineHour: 10
        }
    }
}
