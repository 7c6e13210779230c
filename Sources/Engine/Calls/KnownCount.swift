import Economics
import Values
import WorkflowModel

/// What asking a server for the tokens of a request came to.
struct KnownCount: Sendable {
    /// Of the request.
    let request: ContentHash
    /// `nil`: there is none, and the request is not counted again.
    let count: TokenCount?
    /// It did not come to its end: the request may be counted anew.
    var isLost = false

    /// The longest that a call waits for a count: a server that takes longer is slow, and the call's own time should not go by.
    static let longest = TimeSpan.seconds(30)
}

extension TokenCount {
    /// As it is kept with the call that asked for it.
    var json: JSONValue { ["input_tokens": .int(Int64(tokens)), "basis": .string(basis.rawValue)] }

    /// `nil`: it is none.
    init?(json: JSONValue) {
        guard let tokens = json["input_tokens"]?.intValue, tokens > 0, tokens < Self.most, let basis = json["basis"]?.stringValue.flatMap(Reservation.Basis.init(rawValue:)) else { return nil }
        self.init(tokens: Int(tokens), basis: basis)
    }
}
