import Values

/// Ways in which a server is wrong about what an answer cost, or keeps to nothing that was agreed.
public enum StubHostility: String, CaseIterable, Sendable {
    /// A million characters, whatever the cap of output, and no usage.
    case flood
    /// No usage.
    case quiet
    /// Usage of nothing for an answer with text.
    case zero
    /// Usage of ten times what there was.
    case over
    /// Usage of a million million tokens in each direction.
    case absurd
    /// Usage objects that contradict one another; in a stream, before, between and behind the text, the last one of nothing.
    case drift
    /// A stream that names usage of a million tokens in each direction and is cut then; whole, a body that is cut.
    case usageCut = "usage-cut"

    /// Those after which a step has its answer, and its cost stays small.
    public static let mild: [StubHostility] = [.quiet, .zero, .over, .drift]
}

extension StubResponse {
    /// A chat completion that says `text`, and what it is charged as in the given way.
    ///
    /// - Parameter floodBytes: how long a flood is.
    public static func hostile(
        _ way: StubHostility, of request: JSONValue, number: Int, saying text: String, floodBytes: Int = 1_000_000
    ) -> StubResponse {
        let flood = text + String(repeating: " long", count: max(0, floodBytes - text.utf8.count) / 5)
        var completion = StubCompletion(request: request, number: number, content: way == .flood ? flood : text, keepsCap: way != .flood)
        func usage(_ input: Int64, _ output: Int64) -> JSONValue {
            ["prompt_tokens": .int(input), "completion_tokens": .int(output), "total_tokens": .int(input + output)]
        }
        let (input, output) = completion.tokenCounts
        switch way {
        case .flood, .quiet: completion.hasUsage = false
        case .zero: completion.reported = [usage(0, 0)]
        case .over: completion.reported = [usage(input * 10, output * 10)]
        case .absurd: completion.reported = [usage(1_000_000_000_000, 1_000_000_000_000)]
        case .drift: completion.reported = [usage(input, 1), usage(input, output), usage(input / 2, output + 1), usage(0, 0)]
        case .usageCut: completion.reported = [usage(1_000_000, 1_000_000)]
        }
        let isStream = request["stream"]?.boolValue == true
        if way == .usageCut {
            guard isStream else {
                let body = completion.body()
                return StubResponse(body: .bytes(body), ending: .cut(afterBytes: body.count - 3))
            }
            let events = completion.events()
            return StubResponse(contentType: "text/event-stream", body: .chunks(Array(events.prefix(2)) + [events[events.count - 2]]), ending: .cut(afterBytes: 0))
        }
        guard isStream else { return StubResponse(body: .bytes(completion.body())) }
        return StubResponse(contentType: "text/event-stream", body: .chunks(completion.events()))
    }

    /// The same answer, cut at some byte of its body.
    public func cut(at share: Double) -> StubResponse {
        var copy = self
        switch body {
        case .bytes(let bytes): copy.ending = .cut(afterBytes: Int(Double(bytes.count) * share))
        case .chunks(let chunks, let interval):
            let bytes = Array(chunks.joined())
            copy.body = .chunks([Array(bytes.prefix(max(1, Int(Double(bytes.count) * share))))], interval: interval)
            copy.ending = .cut(afterBytes: 0)
        case .endless: break
        }
        return copy
    }
}
