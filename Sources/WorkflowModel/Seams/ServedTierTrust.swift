/// What a server's word on its service tier is worth for the price of a call.
public enum ServedTierTrust: String, Sendable, Hashable, CaseIterable {
    /// The tier that served is the one that is charged.
    case trusted
    /// The one that was asked for is, whatever the answer says.
    case asked
    /// The dearer of both is.
    case dearest
}
