import Values
import WorkflowModel

/// Who goes on when every task waits.
extension ReplayConductor {
    /// Lets somebody go on so that a fact is made.
    ///
    /// - Returns: whether there is anybody.
    func release(_ index: Int) -> Bool {
        let fact = record.facts[index]
        let path = record.path(index)
        switch fact.kind {
        case "call_ended":
            guard let number = fact.payload["call"]?.intValue, let waiter = waiters.call(Int(number)) else { return wake(path, for: index) }
            if isCancelled(fact), passDeadline(path) { return true }
            return answer(waiter, by: index)
        case "approval_decided": return decide(index, path)
        case "interrupt_requested":
            return feed(index) { $0.interrupt(.graceful) } || answerRequests([])
        case "cancel_requested":
            let by = fact.payload["by"]?.stringValue ?? ""
            return feed(index) { $0.cancel(by: by) } || answerRequests([])
        case "deadline_passed": return passTime(path) { $0.isDeadline }
        case "run_ended":
            if letGo() { return true }
            return answerRequests([])
        case "shadow_ended": return endShadow(index, path)
        default: return wake(path, for: index)
        }
    }

    private func isCancelled(_ fact: EventRecord) -> Bool { fact.payload["failure"]?["kind"] == "cancelled" }

    // MARK: Whoever waits at a node

    /// Lets one go on who waits at a node, as far as the record tells what comes next there.
    private func wake(_ path: Int, for index: Int) -> Bool {
        let here = waiters.at(path)
        if here.isEmpty { return false }
        if passDeadline(path) { return true }
        for waiter in here {
            switch waiter.asked {
            case .recall(let continuation):
                waiters.remove(waiter)
                continuation.resume(returning: remembered(path))
                return true
            case .time(.retry, let continuation):
                guard here.count == 1 || isRetry(waiter, index) else { continue }
                waiters.remove(waiter)
                continuation.resume(returning: true)
                return true
            case .program(let attempt, let continuation):
                waiters.remove(waiter)
                continuation.resume(returning: program(path, attempt))
                return true
            case .verifier(let tier, let check, let continuation):
                waiters.remove(waiter)
                continuation.resume(returning: outcome(path, tier, check))
                return true
            case .line(let site, let continuation):
                // Behind those of its node that were begun before.
                guard record.first() == index, record.ahead(path, where: { _, fact in fact.kind == "call_started" }) == record.start(at: site) else { continue }
                waiters.remove(waiter)
                continuation.resume()
                return true
            case .intent, .call, .count, .time, .requests: continue
            }
        }
        for waiter in here where waiter.intent != nil { if decide(waiter, path, index) { return true } }
        // Nobody else can be meant.
        for waiter in here {
            guard case .time(.retry, let continuation) = waiter.asked else { continue }
            waiters.remove(waiter)
            continuation.resume(returning: true)
            return true
        }
        return false
    }

    /// Whether the next fact of its node is of the question that waits to be tried again.
    private func isRetry(_ waiter: ReplayWaiter, _ index: Int) -> Bool {
        guard case .retry(let site)? = waiter.time, record.facts[index].kind == "call_started", let next = CallSite(record.facts[index].payload) else { return false }
        return next.tier == site.tier && next.part == site.part
    }

    // MARK: Intents

    /// Answers the intent of a call as its journal did then.
    private func decide(_ waiter: ReplayWaiter, _ path: Int, _ index: Int) -> Bool {
        guard case .intent(let call, let entry, let continuation) = waiter.asked else { return false }
        let site = call.site
        let start = record.start(at: site)
        // What its node comes to next, behind what goes with the intent.
        let next = start == index ? index : record.ahead(path) { _, fact in !["step_started", "input_trimmed", "prefix_released"].contains(fact.kind) }
        func reply(_ reply: JournalReply) -> Bool {
            waiters.remove(waiter)
            continuation.resume(returning: .success(reply))
            return true
        }
        guard let next else {
            // Its process died before.
            return false
        }
        let fact = record.facts[next]
        switch fact.kind {
        case "rate_counted":
            guard entry.rate != nil, case .rateCounted(let counted)? = try? record.event(next) else { break }
            if counted.isTripped { return reply(.tripped(counted)) }
            guard let start, record.isAhead(start) else { break }
            let check = entry.rate!
            take(JournaledEvent(.rateCounted(check.counted(answered: counted.answered, escalated: counted.escalated)), at: now), in: entry)
            take(entry)
            return difference == nil ? reply(.counted(counted)) : false
        case "call_refused":
            guard case .callRefused(_, let refusal)? = try? record.event(next) else { break }
            // Of several of one gate it is one that is never begun, and that holds as much.
            let others = waiters.at(path).filter { other in other !== waiter && other.intent.map { FactComparison.unlike(refusal, $0) == nil } == true }
            if record.isAhead(start), others.contains(where: { !record.isAhead(record.start(at: $0.intent!.site)) }) { return false }
            if let wrong = FactComparison.unlike(refusal, call) {
                if !others.isEmpty { return false }
                note(ReplayFinding(.decision, at: next, wrong, path: call.path))
                return false
            }
            return reply(.refused(refusal))
        case "call_started":
            guard next == start else {
                // Its tokens were counted, as it did not fit.
                if let other = CallSite(fact.payload), other.part == CallSite.countPart(of: site.part), other.tier == site.tier, waiter.refusals == 0 {
                    return reply(.refused(refusal(path) ?? .unknown))
                }
                // Another question of the same gate is the next.
                return false
            }
            // What was not recorded: it did not fit with what it would write to a cache.
            if call.cache?.marks.isEmpty == false, let told = plan(at: site), told.marks.isEmpty, told.cached == 0, !told.isHeldOut, refusedPlans.insert(site).inserted {
                return reply(.refused(.unknown))
            }
            take(entry)
            return difference == nil ? reply(.written) : false
        default:
            if fact.isEndOfNode || fact.kind == "gate_ended" || fact.kind == "check_ended" || fact.kind == "tier_decided" || fact.kind == "shadow_ended" {
                // It was not begun any more: whoever stops finds that out by itself.
                guard !record.isAhead(start), postponed.insert(site).inserted else { break }
                return reply(.postponed)
            }
        }
        return false
    }

    /// What a cap will say of a call at a node.
    private func refusal(_ path: Int) -> BudgetRefusal? {
        guard let index = record.ahead(path, where: { _, fact in fact.kind == "call_refused" }), case .callRefused(_, let refusal)? = try? record.event(index) else { return nil }
        return refusal
    }

    // MARK: Time

    /// A node's time is over, where the record says that it failed by that.
    private func passDeadline(_ path: Int) -> Bool {
        guard waiters.at(path).contains(where: \.isDeadline), let end = record.ahead(path, where: { _, fact in fact.isEndOfNode }), record.facts[end].failure?.kind == .deadline else { return false }
        // What stands before its end is what came of being stopped.
        let before = record.ahead(path) { index, fact in
            index != end && !(fact.kind == "call_ended" && isCancelled(fact)) && !["step_started", "command_ended", "gate_ended", "tier_decided", "check_ended", "shadow_drawn"].contains(fact.kind)
        }
        if let before, before < end { return false }
        return passTime(path) { $0.isDeadline }
    }

    private func passTime(_ path: Int, _ matches: (ReplayWaiter) -> Bool) -> Bool {
        guard let waiter = waiters.at(path).first(where: matches), case .time(_, let continuation) = waiter.asked else { return false }
        waiters.remove(waiter)
        continuation.resume(returning: true)
        return true
    }

    // MARK: People

    private func decide(_ index: Int, _ path: Int) -> Bool {
        if record.facts[index].payload["timeout"] == true, passTime(path, { $0.isQuestion }) { return true }
        // Answers that were taken together.
        var answers: [(path: String, decision: ApprovalDecision)] = []
        var next = index
        while record.life.facts.contains(next), record.facts[next].kind == "approval_decided", record.facts[next].payload["timeout"] != true,
            case .approvalDecided(let path, let decision)? = try? record.event(next)
        {
            answers.append((path, decision))
            next += 1
        }
        let given = answers
        if let requests = waiters.at(0).first(where: { if case .requests = $0.asked { true } else { false } }), case .requests(let continuation) = requests.asked {
            waiters.remove(requests)
            continuation.resume(returning: given.map { .decided(record.run, path: $0.path, $0.decision) })
            return true
        }
        return feed(index) { $0.take(given) }
    }

    /// - Returns: whether somebody asked what others want of the run.
    private func answerRequests(_ requests: [RunRequest]) -> Bool {
        guard let waiter = waiters.at(0).first(where: { if case .requests = $0.asked { true } else { false } }), case .requests(let continuation) = waiter.asked else { return false }
        waiters.remove(waiter)
        continuation.resume(returning: requests)
        return true
    }

    // MARK: What no step needs

    /// What only writes to a cache and has not begun does not begin any more.
    func letGo() -> Bool {
        for waiter in waiters.everyone {
            guard case .intent(let call, _, let continuation) = waiter.asked, call.purpose.isAside else { continue }
            waiters.remove(waiter)
            continuation.resume(returning: .success(.postponed))
            return true
        }
        return false
    }

    private func endShadow(_ index: Int, _ path: Int) -> Bool {
        let fact = record.facts[index]
        for waiter in waiters.at(path) {
            guard case .intent(let call, _, let continuation) = waiter.asked, call.purpose == .shadow, call.tier == fact.payload["tier"]?.stringValue else { continue }
            guard !record.isAhead(record.start(at: call.site)) else { break }
            waiters.remove(waiter)
            continuation.resume(returning: .success(fact.payload["result"] == "refused" ? .refused(.unknown) : .postponed))
            return true
        }
        if fact.payload["result"] == "unknown" { return leave(index) }
        return wake(path, for: index)
    }
}

extension CallStarted {
    var site: CallSite { CallSite(path: path, tier: tier, part: part, ordinal: ordinal) }
}

extension BudgetRefusal {
    /// One of which the record has nothing, as what followed from it took its place.
    static let unknown = BudgetRefusal(scope: runScope, cap: .zero, spent: .zero, asked: .zero)
}
