import Economics
import PromptCaching
import Values
import WorkflowModel

/// What the engine asks of a record in place of the world.
extension ReplayConductor {
    @discardableResult
    func wait(at path: Int, _ asked: ReplayWaiter.Asked) -> ReplayWaiter { waiters.add(path, asked) }

    /// Its task was stopped.
    func stopWaiting(_ waiter: ReplayWaiter) {
        guard case .time(_, let continuation) = waiter.asked, waiters.at(waiter.path).contains(where: { $0 === waiter }) else { return }
        waiters.remove(waiter)
        continuation.resume(returning: false)
    }

    /// Sends one away, as nothing more comes.
    func dismiss(_ waiter: ReplayWaiter) {
        waiters.remove(waiter)
        let over = StepFailure(.cancelled, "the replay of this process is over")
        switch waiter.asked {
        case .intent(_, _, let continuation): continuation.resume(returning: .failure(JournalError(.other, over.message)))
        case .call(_, let continuation): continuation.resume()
        case .count(_, let continuation): continuation.resume(returning: TokenCountResult(.failure(CallFailure(.cancelled, over.message)), total: .milliseconds(0)))
        case .time(_, let continuation): continuation.resume(returning: false)
        case .recall(let continuation): continuation.resume(returning: nil)
        case .program(_, let continuation): continuation.resume(returning: .failed(over))
        case .verifier(_, _, let continuation): continuation.resume(returning: nil)
        case .requests(let continuation): continuation.resume(returning: [])
        case .line(_, let continuation): continuation.resume()
        }
    }

    // MARK: Beginnings

    /// The run's first fact, with what the outside said of it. A run keeps the rules that it was begun under.
    func beginning(of made: RunStarted) -> RunStarted {
        let own = isOfOtherWorkflow ? started : made
        return RunStarted(
            workflow: own.workflow, file: started.file, graph: own.graph, sources: own.sources, meaning: started.meaning == nil ? nil : own.meaning, inputs: made.inputs,
            maxCost: made.maxCost, maxTokens: made.maxTokens, encoder: started.encoder, program: started.program, facts: started.facts, rules: started.rules,
            owner: made.owner, tags: made.tags, decision: made.decision, batch: made.batch, batchIndex: made.batchIndex, origin: started.origin, kind: started.kind,
            purpose: started.purpose, parent: started.parent, holdout: made.holdout, fork: made.fork, models: started.models)
    }

    /// `nil`: none is recorded.
    func draw(at path: String) -> Int64? {
        if path.isEmpty { return started.holdout?.draw ?? 0 }
        let index = record.ahead(record.number(of: path)) { _, fact in fact.kind == "shadow_drawn" }
        return index.flatMap { record.facts[$0].payload["draw"]?.intValue } ?? 0
    }

    // MARK: Calls

    /// The number of the call at a site; `nil`: there is none.
    func number(at site: CallSite) -> Int? {
        record.start(at: site).flatMap { record.facts[$0].payload["call"]?.intValue }.map(Int.init)
    }

    func plan(at site: CallSite) -> CachePlan? { record.start(at: site).flatMap { record.facts[$0].payload["cache"] }.flatMap(CachePlan.init(json:)) }

    /// Why a node failed, or what was done in its place; `nil`: it did not fail.
    func failure(at path: String) -> StepFailure? {
        record.ahead(record.number(of: path)) { _, fact in fact.kind == "step_failed" || fact.kind == "step_recovered" }.flatMap { record.facts[$0].failure }
    }

    /// What keeps a call from being made without a fact of its own: its model's server did not come up, its key was not there, its prompt held a secret.
    private static let obstacles: Set<FailureKind> = [.secret, .configuration, .connection, .timeout, .serverError, .authentication]

    /// - Throws: where the outside kept the call from being made.
    func checkIsMade(at site: CallSite) throws(StepFailure) {
        if record.start(at: site) != nil { return }
        let path = record.number(of: site.path)
        // Of its model nothing was known, and another one was asked.
        let later = record.ahead(path) { _, fact in
            guard fact.kind == "call_started", let other = CallSite(fact.payload) else { return false }
            return other.tier == site.tier && other.part == site.part && other.ordinal > site.ordinal
        }
        if later != nil { throw StepFailure(.configuration, "its model was not there") }
        let next = record.ahead(path) { _, fact in !["step_started", "input_trimmed"].contains(fact.kind) }
        guard let next, let failure = record.facts[next].failure, Self.obstacles.contains(failure.kind) else { return }
        throw failure
    }

    /// What a call waited for then, with others of the same beginning; it is prepared anew behind that.
    ///
    /// - Returns: whether it waited.
    func stands(_ call: PlacedCall) async -> Bool {
        guard let released = released(call) else { return false }
        await withUnsafeContinuation { wait(at: record.number(of: call.site.path), .line(call.site, $0)) }
        call.released = released
        return true
    }

    private func released(_ call: PlacedCall) -> PrefixReleased? {
        guard let start = record.start(at: call.site) else { return nil }
        let next = record.ahead(record.path(start)) { index, fact in index > start && fact.kind == "prefix_released" && fact.payload["call"]?.intValue == Int64(call.request.id.number) }
        guard let next, case .prefixReleased(let released)? = try? record.event(next) else { return nil }
        return released
    }

    /// The end of a call, which is what the outside said of it: what the record has, with what follows from that held against what is made of it.
    func settle<Run: CallRecorder>(_ call: PlacedCall, _ run: isolated Run) -> CallOutcome {
        guard let index = record.end(of: call.request.id.number), case .callEnded(let end)? = try? record.event(index) else {
            // Nobody knows it, as its process died.
            let lost = CallEnded(
                id: call.request.id, path: call.site.path, state: .unknown, cost: nil, usage: nil, finishReason: nil, response: nil,
                failure: CallFailure(.cancelled, "nothing is known of its end"), jitter: 0)
            run.record(.callEnded(lost), at: now)
            return .ended(lost, answer: nil)
        }
        let text = documents.json(end.response)?.stringValue
        var answer: ModelResponse?
        if let reason = end.finishReason {
            let response = ModelResponse(
                text: text ?? "", finishReason: reason, finishWord: end.finishWord, refusal: end.failure.flatMap(AnswerVerdict.refusal), logprobs: documents.json(end.logprobs))
            answer = response
            check(AnswerVerdict.failure(of: response, to: call.question.purpose, call.question.terms, cap: call.question.outputCap), of: end, index)
        }
        check(costOf: end, call, index)
        run.record(.callEnded(end), at: now, text.map { .value(.string($0)) } ?? .none)
        return .ended(end, answer: answer)
    }

    /// What an answer is worth, by the rules of its run.
    private func check(_ verdict: CallFailure?, of end: CallEnded, _ index: Int) {
        if documents.isRedacted(end.response) { return }
        // Which tools were asked for, and whether there was reasoning, is in no record.
        if verdict?.kind == .emptyAnswer, end.failure?.kind == .emptyAnswer { return }
        guard verdict != end.failure else { return }
        note(
            ReplayFinding(
                .decision, at: index, "what the answer to call \(end.id.number) is worth is decided otherwise", path: end.path,
                expected: end.failure?.json.jsonText ?? "an answer", found: verdict?.json.jsonText ?? "an answer"))
    }

    /// A final cost is what its rows make of what was used.
    private func check(costOf end: CallEnded, _ call: PlacedCall, _ index: Int) {
        if end.state == .void, let cost = end.cost, cost != .zero {
            return note(
                ReplayFinding(.decision, at: index, "call \(end.id.number) owes nothing, and has a cost", path: end.path, expected: cost.decimalText, found: Money.zero.decimalText))
        }
        guard end.state == .settled || end.state == .overrun, end.detail.basis == nil, let usage = end.usage, let cost = end.cost, let total = end.total, let sheet = call.sheet,
            end.newPriceRows.isEmpty, usage.terms == nil, end.detail.list == nil
        else { return }
        let made = sheet.cost(of: usage, busy: total)
        // Charged by other rows: of another model, at another hour.
        guard made.priceRows.hasSameBytes(as: end.priceRows ?? call.priceRows), made.total != cost else { return }
        note(
            ReplayFinding(
                .decision, at: index, "call \(end.id.number) costs otherwise by the price rows and the usage that are recorded with it", path: end.path,
                expected: cost.decimalText, found: made.total.decimalText))
    }

    /// Answers whoever asked with what the record has.
    func answer(_ waiter: ReplayWaiter, by index: Int) -> Bool {
        waiters.remove(waiter)
        switch waiter.asked {
        case .call(_, let continuation): continuation.resume()
        case .count(_, let continuation): continuation.resume(returning: counted(index))
        default: return false
        }
        return true
    }

    private func counted(_ index: Int) -> TokenCountResult {
        guard case .callEnded(let end)? = try? record.event(index) else {
            return TokenCountResult(.failure(CallFailure(.malformedResponse, "its end cannot be read")), total: .milliseconds(0))
        }
        let total = end.total ?? .milliseconds(0)
        if let failure = end.failure { return TokenCountResult(.failure(failure), httpStatus: end.httpStatus, total: total) }
        guard let count = documents.json(end.response).flatMap(TokenCount.init(json:)) else {
            return TokenCountResult(.failure(CallFailure(.malformedResponse, "what was counted is not in the record")), httpStatus: end.httpStatus, total: total)
        }
        return TokenCountResult(.success(count), httpStatus: end.httpStatus, total: total)
    }

    // MARK: Memory

    func recall(at path: String) async -> (answer: RememberedAnswer, how: MemoHit.How)? {
        let hit = await withUnsafeContinuation { wait(at: record.number(of: path), .recall($0)) }
        return hit
    }

    /// The answer that a node took, if that is what comes next of it.
    func remembered(_ path: Int) -> (answer: RememberedAnswer, how: MemoHit.How)? {
        let next = record.ahead(path) { _, fact in !["step_started", "input_trimmed"].contains(fact.kind) }
        guard let next, case .memoHit(let hit)? = try? record.event(next), let document = documents[hit.output] else { return nil }
        return (RememberedAnswer(call: hit.call, output: hit.output, document: document, at: now, cost: hit.saved), hit.how)
    }

    // MARK: Programs

    func program(at path: String, attempt: Int) async -> CommandResult {
        let result = await withUnsafeContinuation { wait(at: record.number(of: path), .program(attempt: attempt, $0)) }
        return result
    }

    /// What came of a program that a step ran.
    func program(_ path: Int, _ attempt: Int) -> CommandResult {
        let next = record.ahead(path) { _, fact in fact.kind == "command_ended" || fact.isEndOfNode }
        guard let next else { return .failed(StepFailure(.command, "the record does not hold what the program did")) }
        if case .commandEnded(_, let made, let code, let stdout, let stderr, _)? = try? record.event(next) {
            // Those before it took too long, which is told by their number alone.
            if attempt < made { return .failed(StepFailure(.timeout, "the program took too long")) }
            guard let output = documents[stdout] else { return .failed(StepFailure(.command, "what the program wrote is not in the record")) }
            return .exited(code: code, stdout: output, stderr: stderr.flatMap { documents[$0] }.map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
        return .failed(record.facts[next].failure ?? StepFailure(.cancelled, "stopped"))
    }

    /// - Throws: where its run is stopping.
    func verified(at path: String, tier: String, check: String) async throws(StepFailure) -> CheckOutcome {
        let outcome = await withUnsafeContinuation { wait(at: record.number(of: path), .verifier(tier: tier, check: check, $0)) }
        guard let outcome else { throw StepFailure(.cancelled, "stopped") }
        return outcome
    }

    /// What a check found that ran a program; `nil`: it was stopped.
    func outcome(_ path: Int, _ tier: String, _ check: String) -> CheckOutcome? {
        let next = record.ahead(path) { _, fact in fact.kind == "check_ended" || fact.isEndOfNode }
        guard let next, case .checkEnded(let end)? = try? record.event(next), end.check == check, end.tier == tier else { return nil }
        return CheckOutcome(GateRecord.Check(end: end, output: documents.json(end.output)))
    }

    // MARK: Files

    func attachments(at path: String) -> any AttachmentSource { ReplayAttachments(conductor: self, path: path) }
}

extension AnswerVerdict {
    private static let declined = "the model declined: "

    /// What a model said by declining, as a failure tells it.
    static func refusal(_ failure: CallFailure) -> String? {
        guard failure.kind == .refusal, failure.message.utf8.starts(with: declined.utf8) else { return nil }
        return String(Substring(failure.message.utf8.dropFirst(declined.utf8.count)))
    }
}
