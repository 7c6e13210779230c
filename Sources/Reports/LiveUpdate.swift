import Economics
import Values
import WorkflowModel

/// What a live picture of a run is told.
public enum LiveUpdate: Sendable {
    /// A step of the run, as it is known before anything starts.
    public struct Step: Sendable, Hashable {
        /// Its path, `review/draft`; what stands inside of a step follows it.
        public let id: String
        public let kind: String
        /// Paths of steps beside it.
        public let dependsOn: [String]

        public init(id: String, kind: String, dependsOn: [String] = []) {
            self.id = id
            self.kind = kind
            self.dependsOn = dependsOn
        }
    }

    /// - Parameter steps: `nil`: they are not known, and show as something is told of them.
    case runStarted(id: String, workflow: String, steps: [Step]?, budget: Money?)
    /// Of a step or an item, `summarise[3]`, wherever it stands: `review[2]/polish[1]/draft`.
    case stepState(path: String, NodeStatus, model: String? = nil, tier: String? = nil)
    case itemsExpanded(step: String, count: Int)
    /// - Parameters:
    ///   - model: who is asked.
    ///   - tier: the one that is being decided.
    ///   - isReplaced: whether another tier is asked in its place.
    ///   - part: empty for the step's own question, else the check that asks: its model is not the step's.
    case callStarted(path: String, call: String, model: String? = nil, tier: String? = nil, isReplaced: Bool = false, part: String = "", held: Money?)
    /// Of a step with several answers, the tier whose answer is the step's; `nil`: none's, a person gave one.
    case taken(path: String, tier: String?)
    /// - Parameters:
    ///   - held: what the call counts against caps from now on.
    ///   - isEstimate: its cost is one, though the state alone does not say so.
    case callEnded(path: String, call: String, state: CallState, inputTokens: Int?, outputTokens: Int?, cost: Money?, held: Money?, isEstimate: Bool = false)
    /// Why a node was skipped or waits, in one line.
    case reason(path: String, String)
    /// A call for a node came to nothing, which may be tried again.
    ///
    /// - Parameters:
    ///   - call: which has ended; of one that asked for a part of the step it is no try of the step.
    ///   - kind: of its failure, `rate_limit`, with what belongs to it: `server_error, HTTP 500`.
    ///   - text: what the server said.
    case tryFailed(path: String, call: String = "", kind: String, text: String)
    /// A node failed, for good.
    ///
    /// - Parameter endsRun: whether its run is likely to end with it, and to be told with this text.
    case failed(path: String, text: String, endsRun: Bool = false)
    /// A person, or the clock, answered what a node asked; `text` says who and how.
    case decided(path: String, isApproved: Bool, String)
    /// Another process goes on: of calls that are in flight nobody knows the end.
    case resumed
    /// What is odd about a call of a node: worth a line the first time that it is said.
    case remark(path: String, String)
    /// The budget has come to a band; `text` says by what.
    case entered(BudgetBand.Name, String)
    case ended(RunStatus)
}
