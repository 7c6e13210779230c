import Values
import WorkflowModel

/// The calls of a run that only write what later prompts begin with to a cache: once for each step, which has not begun.
struct WarmUpState {
    /// Under way, by their numbers.
    private(set) var calls: [Int: CallStarted] = [:]
    /// The steps that they are for.
    private(set) var steps: TextSet = []

    /// - Returns: whether it is the step's first.
    mutating func begin(_ call: CallStarted) -> Bool {
        guard steps.insert(call.path).inserted else { return false }
        calls[call.id.number] = call
        return true
    }

    mutating func end(_ call: CallID) -> CallStarted? { calls.removeValue(forKey: call.number) }

    /// The process that asked is gone.
    mutating func lose() -> [CallStarted] {
        if calls.isEmpty { return [] }
        let lost = calls.values.sorted { $0.id.number < $1.id.number }
        calls = [:]
        return lost
    }
}

/// The facts of warm-ups.
extension RunState {
    /// Takes a fact of one.
    ///
    /// - Returns: `false` for all others.
    /// - Throws: for one that is not of a model step of the workflow itself, or a step's second.
    func takeWarmUp(_ fact: RunEvent, at moment: Timestamp) throws(IllegalFact) -> Bool {
        switch fact {
        case .callStarted(let call) where call.purpose == .warm:
            guard course != .new, !hasConcluded else { throw IllegalFact("the run is not under way") }
            guard let step = graph.body.index(of: call.path), graph.body.steps[step].modelStep != nil else { throw IllegalFact("'\(call.path)' is no model step of the workflow") }
            guard call.id.run == run, call.ordinal == 0, call.part == CallSite.warmPart, (0..<CallNumbers.most).contains(call.tokens?.held ?? 0), numbers.record(call.id.number) else {
                throw IllegalFact("call \(call.id) cannot be a warm-up")
            }
            guard warmUps.begin(call) else { throw IllegalFact("'\(call.path)' is warmed up twice") }
            prefixes.take(call)
        case .callEnded(let end) where !warmUps.calls.isEmpty && warmUps.calls[end.id.number] != nil:
            guard !hasConcluded, end.isPossible, let call = warmUps.end(end.id), call.path == end.path else { throw IllegalFact("the end of call \(end.id) cannot be true") }
            if end.failure == nil || end.isOutage { answering.insert(call.model) }
            money.settle(call, end, caps: call.caps)
        default: return false
        }
        lastFactAt = moment
        return true
    }
}
