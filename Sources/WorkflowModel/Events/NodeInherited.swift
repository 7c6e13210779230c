import Values

/// What another run has of a node, taken in place of running it: the recorded part of a fork.
///
/// A class, as the other larger facts are.
public final class NodeInherited: Sendable {
    /// The path of the step or item.
    public let path: String
    /// The run that ran it; of a fork of a fork the first one.
    public let from: String
    /// `succeeded`, `failed` where that was tolerated, or `skipped`.
    public let status: NodeStatus
    /// `nil`: it has none.
    public let output: ContentHash?
    /// Why it failed; also where it succeeded, as `on_error` gave it its output.
    public let failure: StepFailure?
    /// Why it was skipped.
    public let reason: SkipReason?
    /// What expressions read of it, as it was recorded, with null for its output: `status`, `accepted`, `tier`, `attempts`, `cost_usd`, `tokens`.
    /// Of an item only what its step's lists tell.
    public let facts: JSONObject

    public init(path: String, from: String, status: NodeStatus, output: ContentHash? = nil, failure: StepFailure? = nil, reason: SkipReason? = nil, facts: JSONObject = [:]) {
        self.path = path
        self.from = from
        self.status = status
        self.output = output
        self.failure = failure
        self.reason = reason
        self.facts = facts
    }
}
