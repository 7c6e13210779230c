import Economics
import Engine
import PromptCaching
import Values
import WorkflowModel

/// A prompt cache that takes marks as a server does: what a request marks is written when it is asked, and found by those that mark it too, until it was not used for its lifetime.
///
/// Four bytes are a token.
public final class ScriptedCache: Sendable {
    private struct State {
        var entries: [String: (from: Timestamp, until: Timestamp, lifetime: TimeSpan)] = [:]
    }

    private let clock: any EngineClock
    private let leastTokens: Int
    private let state = Mutex(State())

    public init(clock: any EngineClock, leastTokens: Int = 100) {
        self.clock = clock
        self.leastTokens = leastTokens
    }

    /// What is in it is gone.
    public func clear() { state.withLock { $0.entries.removeAll() } }

    /// The classes of a request's prompt.
    ///
    /// - Parameter delay: until its answer begins, from when on others find what it writes.
    public func usage(of request: ModelRequest, output: Int = 5, beginningAfter delay: TimeSpan = .milliseconds(0)) -> TokenUsage {
        let now = clock.now()
        var prefixes: [(key: String, tokens: Int)] = []
        // What stands before a prompt belongs to it.
        var (key, bytes) = ("\(request.model) \(request.sampling.reasoning ?? "") \(request.schema?.source.jsonText ?? "")", 0)
        for segment in request.segments {
            key += "|\(segment.role.rawValue) \(segment.startsMessage) \(segment.text)"
            bytes += segment.text.utf8.count + (segment.startsMessage ? 0 : PromptSegment.joiner.utf8.count)
            prefixes.append((key, (bytes + 3) / 4))
        }
        let total = prefixes.last?.tokens ?? 0
        return state.withLock { state in
            var (read, written, long) = (0, 0, 0)
            let marks = request.cache?.marks ?? []
            precondition(marks.count <= 4, "the fifth mark is refused")
            for (first, second) in zip(marks, marks.dropFirst()) { precondition(first.lifetime >= second.lifetime && first.segment < second.segment, "marks out of order") }
            for mark in marks {
                if let entry = state.entries[prefixes[mark.segment].key], entry.from <= now, now < entry.until { read = max(read, prefixes[mark.segment].tokens) }
            }
            // A use of a prefix is one of what stands within it.
            for prefix in prefixes where prefix.tokens <= read {
                if let entry = state.entries[prefix.key], entry.from <= now, now < entry.until { state.entries[prefix.key]!.until = now.adding(entry.lifetime) }
            }
            for mark in marks where prefixes[mark.segment].tokens >= leastTokens {
                let (key, tokens) = prefixes[mark.segment]
                if tokens > read + written + long {
                    if mark.lifetime > .seconds(300) { long += tokens - read - written - long } else { written += tokens - read - written - long }
                }
                let old = state.entries[key].flatMap { now < $0.until ? $0 : nil }
                let lifetime = max(old?.lifetime ?? mark.lifetime, mark.lifetime)
                state.entries[key] = (min(old?.from ?? now.adding(delay), now.adding(delay)), now.adding(lifetime), lifetime)
            }
            return TokenUsage(plainInput: total - read - written - long, cacheRead: read, cacheWrite: written, cacheWriteLong: long > 0 ? long : nil, plainOutput: output)
        }
    }
}
