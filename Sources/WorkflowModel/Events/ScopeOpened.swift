import Values

/// A scope of steps, as it was opened.
public struct ScopeOpened: Sendable {
    /// The path of the step whose steps they are; `nil` for the run's own `finally`.
    public let node: String?
    /// Whether they are the `finally` of the workflow that the node, or the run, works through.
    public let isFinally: Bool
    /// Of a loop, from 0.
    public let pass: Int
    /// Of the workflow that is run.
    public let inputs: ContentHash?

    public init(node: String?, isFinally: Bool = false, pass: Int = 0, inputs: ContentHash? = nil) {
        self.node = node
        self.isFinally = isFinally || node == nil
        self.pass = pass
        self.inputs = inputs
    }
}

/// What follows from a pass of a loop.
public enum PassVerdict: String, Sendable, Hashable {
    case again
    /// `until` holds.
    case done
    /// It was the last that `max` allows.
    case exhausted
    /// What is left of the budget would not carry another.
    case unaffordable

    /// Why there was no other pass; `nil` where there is one.
    public func reason(pass: Int) -> String? {
        let passes = pass == 0 ? "1 pass" : "\(pass + 1) passes"
        switch self {
        case .again: return nil
        case .done: return "\(passes), until holds"
        case .exhausted: return "\(passes), the most"
        case .unaffordable: return "the budget is short of another pass"
        }
    }
}
