import Economics
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
    let promptBytes: Int
    /// Of its provider, where that has a bound.
    let limiter: ConcurrencyLimiter?
    let manifest: Blob
    /// The price rows that it is held by.
    let priceRows: [String]
    let started: CallStarted

    /// When its intent was written.
    var startedAt: Timestamp?
    var refusal: BudgetRefusal?
    /// `nil` when it was stopped before it was sent.
    var result: ModelCallResult?

    /// - Parameters:
    ///   - held: what is reserved for it; `bound`: what would be had no bill gone beyond its bound.
    init(
        _ question: Question, at site: CallSite, _ request: ModelRequest, sheet: PriceSheet?, held: Money?, bound: Money?, promptBytes: Int,
        limiter: ConcurrencyLimiter?
    ) {
        self.question = question
        self.site = site
        self.request = request
        self.sheet = sheet
        self.held = held
        self.promptBytes = promptBytes
        self.limiter = limiter
        manifest = Blob(request.manifest)
        priceRows = sheet?.usualRows ?? []
        started = CallStarted(
            id: request.id, path: site.path, tier: site.tier, part: site.part, askedTier: question.askedTier, model: request.model, purpose: question.purpose, ordinal: site.ordinal,
            request: manifest.hash, held: held, retryOf: question.retryOf, tags: question.tags, caps: question.caps,
            bound: bound == held ? nil : bound, trimmed: question.trimmed, priceRows: priceRows)
    }

    /// The entry that makes it durable before anything is sent.
    func intent(at moment: Timestamp) -> JournalEntry {
        startedAt = moment
        let intent = JournalEntry(run: request.id.run)
        if let preface = question.preface { _ = intent.append(preface.fact, at: preface.at) }
        _ = intent.append(.callStarted(started), at: moment)
        intent.blobs.reserveCapacity(request.segments.count + 1)
        for segment in request.segments {
            intent.blobs.append(segment.attachment.map { Blob($0.bytes, hash: $0.hash) } ?? Blob(text: segment.text, hash: segment.hash))
        }
        intent.blobs.append(manifest)
        return intent
    }
}
