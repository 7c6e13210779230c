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

/// A change of what is remembered, written with the fact that it belongs to.
public enum MemoUpdate: Sendable {
    /// A step accepted this answer.
    case kept(MemoEntry)
    /// A step took an answer in place of a call.
    case taken(MemoHit)
}

/// An answer to keep.
public final class MemoEntry: Sendable {
    public let question: ContentHash
    public let call: CallID
    public let output: ContentHash
    public let cost: Money?
    public let at: Timestamp

    public init(question: ContentHash, call: CallID, output: ContentHash, cost: Money?, at: Timestamp) {
        self.question = question
        self.call = call
        self.output = output
        self.cost = cost
        self.at = at
    }
}

/// An answer that was taken: what stands in place of a call.
public final class MemoHit: Sendable {
    public let path: String
    public let step: String
    public let tier: String
    public let provider: String
    public let modelAsked: String
    /// The call that gave the answer.
    public let call: String
    /// What that call cost; `nil`: unpriced.
    public let saved: Money?
    public let tags: JSONObject?
    public let at: Timestamp

    public init(
        path: String, step: String, tier: String, provider: String, modelAsked: String, call: String, saved: Money?, tags: JSONObject?, at: Timestamp
    ) {
        self.path = path
        self.step = step
        self.tier = tier
        self.provider = provider
        self.modelAsked = modelAsked
        self.call = call
        self.saved = saved
        self.tags = tags
        self.at = at
    }
}
