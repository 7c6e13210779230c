import Values

/// How long to wait before a call is tried again.
public enum RetryDelay {
    /// Nine to twelve minutes in all.
    static let mostOutages = 27

    /// For a server that is to come back: two seconds doubling with each try up to half a minute, minus up to a quarter at random.
    ///
    /// - Parameter outage: from 1.
    static func delay(outage: Int, jitter: Double) -> TimeSpan {
        .milliseconds(Int64(min(30_000.0, 1000.0 * Double(1 << min(outage, 10))) * (1 - 0.25 * jitter)))
    }

    /// What the server asked for; else half a second doubling with each failure up to eight seconds, minus up to a quarter
    /// at random. The policy of the OpenAI and Anthropic clients.
    ///
    /// - Parameters:
    ///   - failure: from 1.
    ///   - jitter: 0 ..< 1.
    public static func delay(failure: Int, retryAfter: TimeSpan?, jitter: Double) -> TimeSpan {
        if let retryAfter { return retryAfter }
        let base = min(8000.0, 500.0 * Double(1 << min(max(failure - 1, 0), 10)))
        return .milliseconds(Int64(base * (1 - 0.25 * jitter)))
    }
}
