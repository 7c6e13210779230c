/// Whether a server's counts include others, as its entry says it. Where nothing is said, totals and names decide, object by object.
struct UsageConvention: Sendable, Hashable {
    enum Place: String, Sendable, Hashable, CaseIterable { case unknown, included, excluded }

    /// Of cached tokens, in those of the prompt.
    var cachedInput = Place.unknown
    /// Of reasoning, in the tokens of the answer.
    var reasoning = Place.unknown

    static let unknown = UsageConvention()
}
