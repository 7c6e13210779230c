import Economics
import PromptCaching
import Values
import WorkflowModel

/// A call on its way down the one road: what it is made under, and what has come of it so far. Confined to whoever makes it.
final class PlacedCall {
    let question: Question
    let site: CallSite
    let request: ModelRequest
    /// `nil`: the model has no price.
    let sheet: PriceSheet?
    let held: Money?
    /// `nil`: no cap on tokens is in force.
    let tokens: TokenHold?
    let promptBytes: Int
    /// Of its provider, where that has a bound.
    let limiter: ConcurrencyLimiter?
    /// What is planned of its server's cache; `nil`: nothing.
    let cache: CachedPrompt?
    let manifest: Blob
    /// The price rows that it is held by.
    let priceRows: [String]
    let started: CallStarted

    /// What is known of the tokens of its prompt by counting; `nil`: they were not counted.
    let known: KnownCount?
    /// Whether the bytes of its prompt could be more tokens than its model reads, so that its whole window is held.
    let exceedsWindow: Bool
    /// Whether the fact in front of its own is in the record already.
    var isPrefaceWritten = false

    /// Its place in front of calls that share a prefix with it; `nil`: nobody waits for it.
    var leading: PrefixLeaders.Place?
    /// What it waited for.
    var released: PrefixReleased?
    /// The request with its answer in pieces, where others wait for the first one.
    var streamed: ModelRequest?
    var sent: ModelRequest { streamed ?? request }

    /// When its intent was written.
    var startedAt: Timestamp?
    var refusal: BudgetRefusal?
    /// What was counted before it: with its intent, or in its place.
    var rate: RateCounted?
    /// `nil` when it was stopped before it was sent.
    var result: ModelCallResult?

    /// - Parameters:
    ///   - held: what is reserved for it; `bound`: what would be had no bill gone beyond its bound. Likewise `tokens`, with the caps on them.
    init(
        _ question: Question, at site: CallSite, _ request: ModelRequest, sheet: PriceSheet?, held: Money?, bound: Money?, tokens: TokenHold? = nil, promptBytes: Int,
        limiter: ConcurrencyLimiter?, known: KnownCount? = nil, exceedsWindow: Bool = false, cache: CachedPrompt? = nil
    ) {
        self.question = question
        self.site = site
        self.request = request
        self.sheet = sheet
        self.held = held
        self.tokens = tokens
        self.promptBytes = promptBytes
        self.limiter = limiter
        self.known = known
        self.exceedsWindow = exceedsWindow
        self.cache = cache
        manifest = Blob(request.manifest)
        priceRows = sheet?.usualRows ?? []
        started = CallStarted(
            id: request.id, path: site.path, tier: site.tier, part: site.part, askedTier: question.askedTier, model: request.model, purpose: question.purpose, ordinal: site.ordinal,
            request: manifest.hash, held: held, retryOf: question.retryOf, tags: question.tags, caps: question.caps.money,
            bound: bound == held ? nil : bound, room: held == nil ? nil : question.room?.money, tokens: tokens, trimmed: question.trimmed, priceRows: priceRows, cache: cache?.plan)
    }

    /// What it waited for, as told of the call that it becomes.
    func released(as call: CallID) -> PrefixReleased? {
        released.map { PrefixReleased(call: call, path: $0.path, by: $0.by, prefix: $0.prefix, waited: $0.waited, cause: $0.cause) }
    }

    /// The entry that makes it durable before anything is sent.
    func intent(at moment: Timestamp) -> JournalEntry {
        startedAt = moment
        let intent = JournalEntry(run: request.id.run)
        intent.rate = question.rate
        if !isPrefaceWritten, let preface = question.preface { _ = intent.append(preface.fact, at: preface.at) }
        _ = intent.append(.callStarted(started), at: moment)
        if let released { _ = intent.append(.prefixReleased(released), at: moment) }
        intent.blobs.reserveCapacity(request.segments.count + 1)
        for segment in request.segments {
            intent.blobs.append(segment.attachment.map { Blob($0.bytes, hash: $0.hash) } ?? Blob(text: segment.text, hash: segment.hash))
        }
        intent.blobs.append(manifest)
        return intent
    }
}
