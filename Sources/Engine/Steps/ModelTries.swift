import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The tries of one model node: their machine and what they work with. What they come to is the run's state. Confined to its run's actor.
final class ModelTries {
    let node: Node
    let step: Step
    let model: ModelStep
    /// Who is asked.
    private(set) var tier: ModelTier
    /// Those whose first call a cap refused.
    private(set) var refusedTiers: [String] = []
    /// Of a gate, which of its questions it is; `nil`: the step's only one.
    let place: QuestionPlace?
    /// What the facts tell of the node.
    let state: OpenNode
    private(set) var sampling: Sampling
    private(set) var outputCap: Int
    let limits: StepLimits
    let timeout: TimeSpan
    /// The caps that its calls draw on.
    let caps: CallCaps
    /// Of the run.
    let rules: Rules
    var machine: TryMachine
    /// Whether it began before: with calls of a process that is gone, or up to a question that is answered now.
    let isResumed: Bool
    /// Nobody needs its answer any more: no further call is made.
    var isGivenUp = false
    /// What the machine asks for.
    var next = TryMachine.Command.checkOutput
    /// Whether an answer of an earlier call would do.
    var isMemoAsked = false
    /// The question as it was rendered.
    var segments: [PromptSegment] = []
    /// The files that go with it.
    var attached: [PromptSegment] = []
    /// Of the step and of those around it, for each of its calls.
    var tags: JSONObject?
    /// What the question is rendered from, where it may be cut to fit.
    var trimmableScope: RunScope?
    private(set) var trimmed: [TrimmedValue] = []
    /// What was recorded before as cut and is not cut again yet, in its order.
    var recordedCuts: ArraySlice<[TrimmedValue]> = []
    /// With `memo`, the question of the first try.
    var asked: [PromptSegment] = []
    /// The call that gave the last answer.
    var answered: (id: CallID, model: ModelReference)?
    // The last answer, with what continued it, and what came of it.
    private(set) var answer = ""
    /// Of a gate's question, the log-probabilities of its last answer, where they came in this process.
    var logprobs: JSONValue?
    /// Of a gate's question, the last text that came in this process, also of an answer that is none.
    var told: (text: String, finish: String?)?
    var value = JSONValue.null
    var violations: [String] = []
    /// The answer that a repair mends, and what is wrong with it.
    private var rejected: (answer: String, violations: [String])?
    /// Whether the last answer stopped at its cap of tokens.
    private(set) var isCut = false
    /// Whether its answer is kept for the same question.
    var isKept = false
    /// With `memo`, where it leads those who ask the same.
    var flight: AnswerFlights.Place?
    /// Whether the last answer came in more than one piece.
    private(set) var isContinued = false
    /// Whether the journal's queue has the node's start.
    var isStartRecorded: Bool {
        // A count may have taken it along before its call came to nothing.
        get { hasRecordedStart || !state.counts.isEmpty }
        set { hasRecordedStart = newValue }
    }
    private var hasRecordedStart: Bool
    /// What was counted of its prompts.
    var counts: [KnownCount] {
        if state.counts.isEmpty { return [] }
        return state.counts.map { KnownCount(request: $0.started.request, count: $0.count, isLost: $0.isLost || $0.ended?.failure?.kind == .cancelled) }
    }

    var path: String { node.path }

    init(
        node: Node, step: Step, model: ModelStep, tier: ModelTier, state: OpenNode, isResumed: Bool, caps: CallCaps, rules: Rules,
        place: QuestionPlace? = nil
    ) {
        self.node = node
        self.step = step
        self.model = model
        self.tier = tier
        self.state = state
        self.isResumed = isResumed
        hasRecordedStart = isResumed || place != nil
        self.place = place
        limits = place?.limits ?? step.limits
        timeout = place?.timeout ?? step.timeout
        self.rules = rules
        machine = TryMachine(step, model, tier, limits: limits, rules: rules)
        self.caps = caps
        sampling = Self.sampling(model, tier, place)
        outputCap = min(limits.maxOutputTokens, sampling.maxOutputTokens ?? .max)
    }

    private static func sampling(_ model: ModelStep, _ tier: ModelTier, _ place: QuestionPlace?) -> Sampling {
        let usual = model.sampling.over(tier.sampling)
        return place?.sampling(over: usual) ?? usual
    }

    /// The tier that is being decided: another may be asked for it.
    var decidedTier: String { place?.tier ?? model.tier }

    /// Whether the node has asked nobody yet, but for calls of which nothing is known.
    var isFirstCall: Bool { place?.part.isEmpty != false && state.calls.allSatisfy { $0.isLost || !$0.started.part.isEmpty } }

    /// Whether a gate goes on to its tier with it.
    var isClimb: Bool { place.map { $0.part.isEmpty && !$0.mayAskForMoney } == true && recorded.isEmpty }

    /// Another tier is asked from its beginning, as a cap refused the first call.
    func degrade(to other: ModelTier) {
        refusedTiers.append(tier.name)
        tier = other
        sampling = Self.sampling(model, tier, place)
        outputCap = min(limits.maxOutputTokens, sampling.maxOutputTokens ?? .max)
        machine = TryMachine(step, model, tier, limits: limits, rules: rules)
        next = machine.apply(.started)
    }

    /// Takes an answer: all of one, or the next piece.
    func take(_ text: String, of purpose: CallPurpose, isCut: Bool) {
        self.isCut = isCut
        isContinued = purpose == .continuation
        answer = isContinued ? answer + text : text
    }

    /// The answer is held against its schema.
    func judge(_ value: JSONValue, _ violations: [String]) {
        (self.value, self.violations) = (value, violations)
        rejected = violations.isEmpty ? nil : (answer, violations)
    }

    /// A repair is asked with the answer that it mends, and so are its retries; the rest of an answer with what there is of it.
    private func dressed(_ question: [PromptSegment], for call: TryMachine.Call) -> [PromptSegment] {
        var segments = question
        if let rejected { segments = PromptRenderer.repair(segments, answer: rejected.answer, violations: rejected.violations) }
        return call.purpose == .continuation ? PromptRenderer.continuation(segments, answer: answer) : segments
    }

    /// The messages of a call, cut where they are too long and the step lets values be cut.
    ///
    /// - Returns: also whether something was cut for this call.
    /// - Parameter attachedTokens: what is attached takes its part of the limit.
    func fitted(
        for call: TryMachine.Call, attachedTokens: Int, in graph: WorkflowGraph
    ) throws(StepFailure) -> (segments: [PromptSegment], isCut: Bool) {
        let whole = dressed(segments, for: call)
        guard let scope = trimmableScope, let trimmer = PromptTrimmer(limits, attachedTokens: attachedTokens) else { return (whole, false) }
        let renderer = PromptRenderer(graph: graph)
        let cut = try StepFailure.evaluating { () throws(EvaluationError) in
            try trimmer.fit(whole, scope) { scope throws(EvaluationError) in
                dressed(try renderer.segments(model, scope: scope, attached: attached, frame: place?.frame), for: call)
            }
        }
        guard let cut else { return (whole, false) }
        trimmed = cut.values
        segments = Array(cut.segments.dropLast(whole.count - segments.count))
        return (cut.segments, true)
    }

    /// Whether what was cut is in the record already, as a process before cut the same.
    func takesUpCut() -> Bool {
        guard recordedCuts.first == trimmed else { return false }
        recordedCuts.removeFirst()
        return true
    }

    /// The most tokens of the answer to a call.
    func outputCap(of call: TryMachine.Call, _ profile: ModelProfile) -> Int {
        call.isRaised ? max(outputCap, min(outputCap * 2, profile.contextWindow ?? .max)) : outputCap
    }

    /// What comes after a wait that is over, or after a suspension.
    func waited(_ command: TryMachine.Command) -> TryMachine.Command {
        switch command {
        case .wait: return machine.apply(.waited)
        case .suspend:
            machine.forgetOutage()
            return machine.apply(.waited)
        default: return command
        }
    }

    func request(_ id: CallID, to reference: ModelReference, _ segments: [PromptSegment]) -> ModelRequest {
        ModelRequest(
            id: id, model: reference, segments: segments, sampling: sampling, maxOutputTokens: outputCap, schema: model.schema, schemaName: step.id,
            timeout: timeout)
    }

    /// Its calls that are in the record.
    var recorded: [OpenNode.Call] {
        guard let place else { return state.calls }
        return state.calls.filter { $0.started.part == place.part && (place.isAskedOnce || $0.started.tier == place.tier) }
    }

    /// What is to be counted before its next call.
    var uncounted: RateCheck? { place?.rate.flatMap { state.gate?.rate == nil ? $0 : nil } }

    /// Who identifies its next call.
    func site(_ ordinal: Int) -> CallSite { CallSite(path: path, tier: decidedTier, part: place?.part ?? "", ordinal: ordinal) }

    /// Where the text of the last call is kept.
    var response: ContentHash? { state.calls.last(where: { $0.ended != nil })?.ended?.response }

    /// What a prompt is beyond its limit, which a count may say otherwise.
    func excess(_ segments: [PromptSegment], attachedTokens: Int) -> Question.Excess? {
        guard let limit = limits.maxInputTokens else { return nil }
        let estimate = TokenBound.estimate(bytes: segments.reduce(attachedTokens * 4) { $0 + $1.text.utf8.count })
        guard estimate > limit else { return nil }
        let cut = limits.trim.isEmpty ? "" : " even without \(limits.trim.joined(separator: " and "))"
        return Question.Excess(
            limit: limit, cut: cut, failure: StepFailure(.inputLimit, "the prompt has about \(estimate) tokens\(cut), limits.max_input_tokens is \(limit)"))
    }
}
