import Values

/// The clock agrees with those of the servers: the ledger's times, dated prices and TLS rest on it.
enum ClockCheck {
    static let tolerance = TimeSpan.seconds(60)
    /// Before this the clock was never set.
    static let earliest = Timestamp(rfc3339: "2026-01-01")!

    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        let time = "\(facts.now.shortText) UTC"
        let hint = "set the clock, for example by turning time synchronisation on: timedatectl set-ntp true"
        if facts.now < earliest { return [HealthFinding("clock", .problem, "\(time): it was never set", hint: hint)] }
        // One server may be wrong; the one that agrees best decides.
        let leads = facts.providers.flatMap(\.endpoints).compactMap { endpoint -> (url: String, lead: TimeSpan)? in
            guard case .status(_, _, let lead?) = endpoint.answer else { return nil }
            return (endpoint.url, lead)
        }
        guard let best = leads.min(by: { abs($0.lead.milliseconds) < abs($1.lead.milliseconds) }) else {
            return [HealthFinding("clock", .ok, "\(time), not compared: no server told its time")]
        }
        let off = TimeSpan(milliseconds: abs(best.lead.milliseconds))
        guard off > tolerance else { return [HealthFinding("clock", .ok, "\(time), as \(best.url) says")] }
        let direction = best.lead.milliseconds > 0 ? "behind" : "ahead of"
        return [HealthFinding("clock", .warning, "\(time) is \(off) \(direction) the clock of \(best.url)", hint: hint)]
    }
}
