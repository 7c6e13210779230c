import Expressions
import Values

/// The steps that a step works through.
public struct StepContainer: Sendable {
    public let body: StepGraph
    /// What runs behind them.
    public let finally: StepGraph?
    /// Whether it goes through them again and again, each time with names of their own: `review[2]/draft`.
    public let hasPasses: Bool
    /// Whether they are another workflow's.
    public let isOtherFile: Bool

    package init(body: StepGraph, finally: StepGraph? = nil, hasPasses: Bool = false, isOtherFile: Bool = false) {
        self.body = body
        self.finally = finally
        self.hasPasses = hasPasses
        self.isOtherFile = isOtherFile
    }
}

/// A step that repeats its body until a condition holds, a number of passes is reached, or the next pass is not affordable.
public final class LoopStep: Sendable {
    public let body: StepGraph
    /// Asked after each pass, with the body's steps and `pass` in scope; `nil`: every pass runs.
    public let until: Expression?
    /// The most passes.
    public let max: Int

    package init(body: StepGraph, until: Expression?, max: Int) {
        self.body = body
        self.until = until
        self.max = max
    }
}

/// A step that runs another workflow with `with` as its inputs. Its budget draws on that of the run.
public final class SubworkflowStep: Sendable {
    public let graph: WorkflowGraph

    package init(graph: WorkflowGraph) { self.graph = graph }
}

/// A step that waits for a person.
public final class ApprovalStep: Sendable {
    /// What happens when nobody answered in time.
    public enum OnTimeout: String, Sendable, Hashable, CaseIterable {
        case fail, approve, reject
    }

    public let message: Template
    /// `nil`: waits for ever.
    public let timeout: TimeSpan?
    public let onTimeout: OnTimeout

    package init(message: Template, timeout: TimeSpan?, onTimeout: OnTimeout) {
        self.message = message
        self.timeout = timeout
        self.onTimeout = onTimeout
    }
}
