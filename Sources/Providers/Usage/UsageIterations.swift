import Economics
import Values

/// Anthropic's `usage.iterations`: what each model did of an answer that several worked on.
///
/// By the types of the SDK (`beta_usage.py` and `beta_*_iteration_usage.py` of anthropic 2.14): the counts at the top are of entries `message` and
/// `fallback_message`; those of a `compaction` and of an `advisor_message` stand beside them. The attempt of a model that declined is a `message`
/// without output in front of a `fallback_message`, and is not billed.
struct UsageIterations {
    /// Without what is not billed, in their order.
    private(set) var shares: [UsageShare] = []
    /// Of the ones whose tokens are in the counts at the top: what is not billed included.
    private(set) var inside = Sum()
    /// Of the shares.
    private(set) var charged = Sum()
    private(set) var doubt: String?
    /// Of the shares, those that stand beside the counts at the top.
    private(set) var beside = Sum()

    struct Sum: Hashable {
        private(set) var input = 0
        private(set) var output = 0
        private(set) var cacheRead: Int?
        private(set) var cacheWrite: Int?
        private(set) var cacheWriteLong: Int?

        mutating func add(_ usage: TokenUsage) {
            func sum(_ a: Int?, _ b: Int?) -> Int? { a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0) }
            input += usage.totalInput
            output += usage.totalOutput
            cacheRead = sum(cacheRead, usage.cacheRead)
            cacheWrite = sum(cacheWrite, usage.totalCacheWrite)
            cacheWriteLong = sum(cacheWriteLong, usage.cacheWriteLong)
        }
    }

    /// An answer has some; a server that sends more sends anything.
    private static let most = 256

    /// - Returns: `nil`: there are none.
    init?(_ list: [JSONValue], limit: Int64) {
        guard !list.isEmpty else { return nil }
        if list.count > Self.most { doubt = "it has \(list.count) iterations" }
        let list = list.prefix(Self.most)
        let hasFallback = list.contains { $0["type"]?.stringValue == "fallback_message" }
        for entry in list {
            guard let object = UsageObject(entry, UsageConvention(cachedInput: .excluded), limit: limit), let usage = object.counts.usage else {
                doubt = doubt ?? "an iteration of it does not count its tokens"
                continue
            }
            doubt = doubt ?? object.doubt
            let kind = entry["type"]?.stringValue ?? ""
            let isInside = kind == "message" || kind == "fallback_message"
            if !isInside, kind != "compaction", kind != "advisor_message" { doubt = doubt ?? "an iteration of it is of an unknown kind" }
            if isInside { inside.add(usage) }
            if hasFallback, kind == "message", usage.totalOutput == 0 { continue }
            if !isInside { beside.add(usage) }
            charged.add(usage)
            // The name at the top is that of the model that took over.
            let unnamed: UsageShare.Model = hasFallback && kind == "message" ? .asked : .served
            shares.append(UsageShare(entry["model"]?.stringValue.map { .named($0.beginning(bytes: 256)) } ?? unnamed, usage))
        }
        if shares.isEmpty { doubt = doubt ?? "none of its iterations is billed" }
    }
}
