import Values

/// What was recorded of runs, for those who look on: commands, reports, later a page. Nothing here changes a record.
///
/// Whoever asks may be on an event loop: an implementation reads elsewhere. Lists that may be long have a limit and a place to go on
/// from; see ``forEachRun(_:page:_:)`` and ``forEachEvent(of:_:page:_:)``.
public protocol RunArchive: RunHistory {
    /// Runs, newest first.
    func runs(filter: RunFilter) async throws(JournalError) -> [RunRecord]

    /// - Parameter id: the whole id.
    func run(_ id: String) async throws(JournalError) -> RunRecord?

    /// The run that a user means: a whole id, a beginning or an end of one that no other run shares, or `last`.
    func resolveRunID(_ text: String) async throws(JournalError) -> RunMatch

    /// A run with its steps and calls, in the order in which they began; `nil` when there is no such run.
    ///
    /// - Parameter maxItems: of a `for_each` step at the top with more items, only its failed, its running and its slowest ones are
    ///   read, as ``ItemChoice`` says; what the others add up to is in ``RunTrace/folded``. `nil`: everything.
    func trace(run: String, maxItems: Int?) async throws(JournalError) -> RunTrace?

    /// Events of a run, in order; none of a run that there is not.
    func events(run: String, filter: EventFilter) async throws(JournalError) -> [EventRecord]

    /// What runs asked people, the oldest first, with the answers.
    ///
    /// - Parameters:
    ///   - run: the whole id; `nil`: of all runs.
    ///   - isOpen: only what nobody has answered, of runs that have not ended.
    func approvals(run: String?, isOpen: Bool) async throws(JournalError) -> [ApprovalRecord]

    /// The documents of hashes, as far as there are any.
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]

    /// Facts of a run byte by byte, in order, from the one behind a sequence number on.
    ///
    /// - Parameter most: how many at once.
    func facts(run: String, after sequence: Int, most: Int) async throws(JournalError) -> [RecordedFact]

    /// The price rows of ids as they are kept, as far as there are any.
    func priceRows(_ ids: [String]) async throws(JournalError) -> [(id: String, json: String)]

    /// All that is recorded of a run, to be replayed.
    func transcript(of run: RunRecord) -> any RunTranscript

    // MARK: Batches

    /// Whether there is a batch of that name, also one of which no line began.
    func hasBatch(_ name: String) async throws(JournalError) -> Bool

    /// How many lines of a batch had runs that were removed, with all or without their costs.
    func removedLines(ofBatch name: String) async throws(JournalError) -> Int

    /// The runs of a batch, by their places in it.
    func runs(ofBatch name: String) async throws(JournalError) -> [Int: RunRecord]
}

extension RunArchive {
    public func document(_ hash: ContentHash) async throws(JournalError) -> [UInt8]? { try await documents([hash])[hash] }

    /// A document that is JSON; `nil` when it is not there, or is not.
    public func json(_ hash: ContentHash) async throws(JournalError) -> JSONValue? {
        let bytes = try await document(hash)
        return bytes.flatMap { try? JSONParser.parse($0) }
    }

    /// Hands over runs one after the other, newest first; what is in memory is a page of them.
    ///
    /// Runs that begin meanwhile are not among them.
    public func forEachRun(_ filter: RunFilter = RunFilter(limit: .max), page: Int = 1_000, _ body: (RunRecord) throws -> Void) async throws {
        var (filter, left) = (filter, filter.limit)
        while left > 0 {
            // Of those that can go on, of which there are few, the ledger looks at all in any case.
            filter.limit = filter.isResumable ? left : min(page, left)
            let runs = try await runs(filter: filter)
            for run in runs { try body(run) }
            guard runs.count == filter.limit, let last = runs.last else { return }
            left -= runs.count
            filter.before = last.id
        }
    }

    /// Hands over events of a run one after the other, in order; what is in memory is a page of them.
    public func forEachEvent(
        of run: String, _ filter: EventFilter = EventFilter(), page: Int = 2_000, _ body: (EventRecord) async throws -> Void
    ) async throws {
        var (filter, left) = (filter, filter.limit)
        while left > 0 {
            filter.limit = min(page, left)
            let events = try await events(run: run, filter: filter)
            for event in events { try await body(event) }
            guard events.count == filter.limit, let last = events.last else { return }
            left -= events.count
            filter.after = last.sequence
        }
    }
}
