/// Whether a call may have been billed.
public enum BillingEvidence: Sendable, Hashable {
    /// Final usage was reported: a count that can be true, of an answer whose end was announced.
    case reported
    /// It did not reach the server, or the server refused it before any work.
    case notBilled
    /// It may have been billed and nobody said how much, or what was said is no more than a lower bound.
    case unknown
}
