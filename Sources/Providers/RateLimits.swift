import HTTP
import Values
import WorkflowModel

/// Until when servers said that they take nothing more. Asked before a request is sent, so that it is no 429 which costs a try.
final class RateLimits: Sendable {
    private let pauses = Mutex<[ModelReference: ContinuousClock.Instant]>([:])

    /// What is left to wait for a model; `nil`: nothing.
    func pause(before model: ModelReference, now: ContinuousClock.Instant = .now) -> TimeSpan? {
        pauses.withLock { pauses in
            if pauses.isEmpty { return nil }
            guard let end = pauses[model] else { return nil }
            if end > now { return .milliseconds((end - now).wholeMilliseconds + 1) }
            pauses[model] = nil
            return nil
        }
    }

    /// Takes what an answer says of the limits.
    func note(_ headers: HTTPHeaders?, of model: ModelReference) {
        guard let headers, headers.mention("ratelimit"), let pause = Self.pause(toldBy: headers, now: .now()) else { return }
        let end = ContinuousClock.now + .milliseconds(pause.milliseconds)
        pauses.withLock { $0[model] = max($0[model] ?? end, end) }
    }

    /// Longer waits are left to the retries, as those that a 429 asks for.
    private static let longest = TimeSpan.seconds(120)

    /// How long a server takes nothing more, where one of its counters is used up.
    ///
    /// Source: "Rate limits" of Anthropic's documentation (`anthropic-ratelimit-requests-remaining`, `-reset` as RFC 3339) and of OpenAI's
    /// (`x-ratelimit-remaining-requests`, `x-ratelimit-reset-requests` as `6m0s`). Azure sends -1 for what it does not know.
    static func pause(toldBy headers: HTTPHeaders, now: Timestamp) -> TimeSpan? {
        var longest: TimeSpan?
        for counter in ["requests", "tokens", "input-tokens", "output-tokens"] {
            let told = [
                ("anthropic-ratelimit-\(counter)-remaining", "anthropic-ratelimit-\(counter)-reset"), ("x-ratelimit-remaining-\(counter)", "x-ratelimit-reset-\(counter)"),
            ]
            for (remaining, reset) in told {
                guard headers[remaining].flatMap(Int.init) == 0, let text = headers[reset], let span = span(text, now: now) else { continue }
                if span > .milliseconds(0), span <= Self.longest { longest = max(longest ?? span, span) }
            }
        }
        return longest
    }

    private static func span(_ text: String, now: Timestamp) -> TimeSpan? {
        if let moment = Timestamp(rfc3339: text) { return moment.since(now) }
        // As Go writes durations; a bare number is seconds.
        var milliseconds = 0.0
        var number = ""
        var unit = ""
        func length(_ unit: String) -> Double? { ["h": 3_600_000, "m": 60_000, "s": 1000, "": 1000, "ms": 1, "us": 0.001, "µs": 0.001, "ns": 0.000001][unit] }
        for character in text + "0" {
            if character.isNumber || character == "." {
                if !unit.isEmpty {
                    guard let value = Double(number), let length = length(unit) else { return nil }
                    milliseconds += value * length
                    (number, unit) = ("", "")
                }
                number.append(character)
            } else {
                unit.append(character)
            }
        }
        // The digit that closed it, behind a number without a unit.
        if number.count > 1 {
            guard milliseconds == 0, let value = Double(number.dropLast()) else { return nil }
            milliseconds = value * 1000
        }
        return milliseconds < 1e9 ? .milliseconds(Int64(milliseconds.rounded(.up))) : nil
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
