import WorkflowModel

/// What came of a question.
///
/// Boxed, as it passes through frames of which ten thousand may wait.
indirect enum CallOutcome: Sendable {
    /// The call was made, or stopped after its intent was durable.
    ///
    /// - Parameter answer: `nil` of one that gave none.
    case ended(CallEnded, answer: ModelResponse?)
    /// A cap does not admit it and never will.
    case refused(BudgetRefusal)
    /// More would go on to a further tier than their gate allows.
    case tripped(RateCounted)
    /// It was not made, and nothing is recorded of it: its model is not there, it cannot be bounded, or its run is stopping.
    case notMade(StepFailure)
}
