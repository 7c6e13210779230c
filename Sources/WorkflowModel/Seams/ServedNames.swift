/// What the `model` of an answer says of its price, where it is not the one that was asked for.
public enum ServedNames: String, Sendable, Hashable, CaseIterable {
    /// A name with a known price is charged; any other is a name of the server's own, such as a file or a group.
    case any
    /// So is a name with a known price; with any other it is not known what the call cost.
    case known
    /// As `any`, and caps count what the model that answered costs, also where that is less.
    case trusted
}
