import Economics
import Values

/// Where answers are kept for steps with `memo`, so that the same question is not paid for twice.
public protocol AnswerMemory: Sendable {
    /// The answer to a question, if it was given at `since` or later. What was handed to the journal before is seen, also when
    /// it is not durable yet.
    func recall(_ question: ContentHash, since: Timestamp) async throws(JournalError) -> RememberedAnswer?
}

/// An accepted answer of an earlier call.
public final class RememberedAnswer: Sendable {
    /// The call that gave it.
    public let call: String
    public let output: ContentHash
    /// The output as it is stored: JSON.
    public let document: [UInt8]
    public let at: Timestamp
    /// What the call and those before it for the same node cost; `nil`: unpriced.
    public let cost: Money?

    public init(call: String, output: ContentHash, document: [UInt8], at: Timestamp, cost: Money?) {
        self.call = call
        self.output = output
        self.document = document
        self.at = at
        self.cost = cost
    }
}
