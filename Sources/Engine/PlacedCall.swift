import Economics
import Values
import WorkflowModel

/// A call on its way down the one road: what it is made under, and what has come of it so far. Confined to its run's actor.
final class PlacedCall {
    let call: StepStateMachine.Call
    let tries: ModelTries
    let request: ModelRequest
    /// `nil`: the model has no price.
    let sheet: PriceSheet?
    let held: Money?
    /// What would be held had no bill gone beyond its bound.
    let bound: Money?
    let promptBytes: Int
    /// Of its provider, where that has a bound.
    let limiter: ConcurrencyLimiter?
    /// Of the model that is asked.
    let profile: ModelProfile
    /// Where it is asked.
    var server: String { profile.server }
    let manifest: Blob
    /// The price rows that it is held by.
    let priceRows: [String]
    let started: RunEvent

    /// When its intent was written.
    var startedAt: Timestamp?
    var refusal: BudgetRefusal?
    /// `nil` when it was stopped before it was sent.
    var result: ModelCallResult?
    var end: CallEnded?

    init(
        call: StepStateMachine.Call, tries: ModelTries, request: ModelRequest, sheet: PriceSheet?, held: Money?, bound: Money?, promptBytes: Int,
        limiter: ConcurrencyLimiter?, profile: ModelProfile
    ) {
        self.call = call
        self.tries = tries
        self.request = request
        self.sheet = sheet
        self.held = held
        self.bound = bound
        self.promptBytes = promptBytes
        self.limiter = limiter
        self.profile = profile
        manifest = Blob(request.manifest)
        priceRows = sheet?.usualRows ?? []
        started = .callStarted(CallStarted(
            id: request.id, path: tries.path, tier: tries.tier.name, model: request.model, purpose: call.purpose, ordinal: call.ordinal,
            request: manifest.hash, held: held, retryOf: call.retryOf, tags: tries.tags, caps: tries.caps,
            bound: bound == held ? nil : bound, trimmed: tries.trimmed, priceRows: priceRows))
    }
}
