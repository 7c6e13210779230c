import Economics
import Values

/// An answer that was taken: what stands in place of a call.
public final class MemoHit: Sendable {
    public enum How: String, Sendable, Hashable, CaseIterable {
        /// It was given before.
        case memo
        /// The same was being asked, and its answer was waited for.
        case flight
    }

    /// The path of the node.
    public let path: String
    /// The call that gave the answer.
    public let call: String
    public let output: ContentHash
    /// A fact before form 3 names neither a tier nor a model.
    public let tier: String
    public let model: ModelReference?
    /// What that call cost; `nil`: unpriced.
    public let saved: Money?
    public let tags: JSONObject?
    public let how: How

    public init(path: String, call: String, output: ContentHash, tier: String, model: ModelReference?, saved: Money?, tags: JSONObject?, how: How = .memo) {
        self.path = path
        self.call = call
        self.output = output
        self.tier = tier
        self.model = model
        self.saved = saved
        self.tags = tags
        self.how = how
    }
}

/// An accepted answer that is kept for the same question.
public final class MemoKept: Sendable {
    /// The path of the node that asked.
    public let path: String
    public let question: ContentHash
    /// The call that gave it.
    public let call: CallID
    public let output: ContentHash
    /// What that call and those before it for the same node cost; `nil`: unpriced.
    public let cost: Money?

    public init(path: String, question: ContentHash, call: CallID, output: ContentHash, cost: Money?) {
        self.path = path
        self.question = question
        self.call = call
        self.output = output
        self.cost = cost
    }
}
