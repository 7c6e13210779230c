import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The checks of a gate, a kind each.
extension ModelRunner {
    /// What a check finds in the last answer, or found before.
    func outcome(of index: Int, _ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> CheckOutcome {
        let check = gate.escalation.checks[index]
        if let known = gate.record.check(check.name, of: gate.tier) { return CheckOutcome(known) }
        gate.checkBegan = run.environment.clock.now()
        switch check.kind {
        case .expression(let expression): return Self.outcome(of: expression, gate)
        case .logprob(let bounds):
            let logprobs = await logprobs(of: gate.tries!, run)
            return Self.outcome(of: bounds, logprobs, gate)
        case .judge(let judge): return try await outcome(of: judge, check.name, gate, run)
        case .agreement(let agree): return try await outcome(of: agree, check.name, gate, run)
        case .command(let verifier): return try await outcome(of: verifier, check.name, gate, run)
        }
    }

    func record(_ outcome: CheckOutcome, of index: Int, _ gate: GateRun, _ run: isolated RunExecution) {
        let check = gate.escalation.checks[index]
        guard gate.record.check(check.name, of: gate.tier) == nil else { return }
        let at = run.environment.clock.now()
        let output = outcome.output.map { run.store($0).hash }
        let took = at.since(gate.checkBegan ?? at)
        let end = CheckEnded(
            path: gate.path, tier: gate.tier, check: check.name, kind: check.kind.name, result: outcome.result, score: outcome.score,
            value: outcome.value, threshold: outcome.threshold, output: output, reason: outcome.reason.map { run.environment.secrets.redactor.redact($0) },
            cost: gate.cost(of: check.name), time: took, gate: gate.escalation.hash)
        run.record(.checkEnded(end), outcome.output.map { .value($0) } ?? .none)
    }

    // MARK: Expressions

    private static func outcome(of expression: Expression, _ gate: GateRun) -> CheckOutcome {
        do throws(EvaluationError) {
            switch try expression.evaluate(gate.machine.scope) {
            case .bool(let passed): return CheckOutcome(passed: passed, output: .bool(passed))
            case .unknown: return .lost("it reads a check that is lost")
            case let other: return .error("its value is of type \(other.type.rawValue) and no bool")
            }
        } catch {
            return .error(error.message)
        }
    }

    // MARK: Log-probabilities

    /// Those of the last answer: of this process, or of the record.
    func logprobs(of tries: ModelTries, _ run: isolated RunExecution) async -> JSONValue? {
        if let logprobs = tries.logprobs { return logprobs }
        guard let hash = tries.recorded.last(where: { $0.ended?.failure == nil })?.ended?.logprobs else { return nil }
        run.outbox.flush()
        let documents = try? await run.outbox.journal.documents([hash])
        return documents?[hash].flatMap { try? JSONParser.parse($0) }
    }

    private static func outcome(of bounds: LogprobCheck, _ logprobs: JSONValue?, _ gate: GateRun) -> CheckOutcome {
        let tries = gate.tries!
        guard let logprobs else { return .error("the answer came without log-probabilities: its model or its server gives none") }
        do throws(AnswerConfidence.Fault) {
            let confidence = try AnswerConfidence(logprobs: logprobs, answer: tries.answer, value: tries.value, field: bounds.field, schema: gate.model.schema)
            return confidence.outcome(bounds)
        } catch {
            return .error(error.message)
        }
    }

    // MARK: Judges

    private func outcome(of judge: JudgeCheck, _ name: String, _ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> CheckOutcome {
        let asker = ModelRunner(model: judge.question)
        let tries = tries(of: judge, name, gate)
        if tries.recorded.isEmpty, let band = run.state.bandAgainst(judge.question.tier) { return .lost(band) }
        do throws(StepFailure) {
            try asker.prepare(tries, run)
            _ = try await asker.go(tries, run)
        } catch {
            return try .failed(error)
        }
        guard let least = judge.minProbability else { return judge.outcome(tries.value) }
        let logprobs = await logprobs(of: tries, run)
        return judge.outcome(tries.value, logprobs, of: tries.answer, least: least)
    }

    @inline(never)
    private func tries(of judge: JudgeCheck, _ name: String, _ gate: GateRun) -> ModelTries {
        let answer = gate.machine.scope
        let judged = RunScope.Judged(question: gate.question, output: answer.output, tier: answer.tier, checks: answer.checks)
        let frame = judge.needsFrame ? PromptRenderer.frame(question: judged.question, answer: gate.answers[gate.machine.tier] ?? .null) : nil
        return gate.tries(
            judge.question, gate.graph.tier(named: judge.question.tier)!,
            QuestionPlace(
                tier: gate.tier, part: name, limits: judge.limits, timeout: judge.timeout ?? gate.step.timeout, purpose: .judge,
                scope: gate.scope.judging(judged), frame: frame, wantsLogprobs: judge.minProbability != nil))
    }

    // MARK: Agreement

    private func outcome(of agree: AgreementCheck, _ name: String, _ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> CheckOutcome {
        var ballot: Ballot
        do throws(EvaluationError) {
            ballot = try Ballot(agree, of: gate.answers[gate.machine.tier] ?? .null, gate.machine.scope)
        } catch {
            return .error("the answer has no value to compare: \(error.message)")
        }
        while case let wave = ballot.wave, !wave.isEmpty {
            let sides = wave.map { asked(agree, $0, name, gate) }
            if let band = band(against: agree, run), sides.allSatisfy({ $0.task == nil && $0.tries.recorded.isEmpty }) {
                for _ in sides { ballot.take(.lost(band)) }
                continue
            }
            if sides.count == 1, sides[0].task == nil {
                await ask(sides[0], run)
            } else {
                start(sides, run)
                await wait(for: sides)
            }
            // By their numbers, whichever came first.
            for side in sides {
                if let failure = side.failure { ballot.take(try .failed(failure)) } else { ballot.take(side.tries.value) }
            }
        }
        return ballot.outcome
    }

    /// Why a band keeps a helper from being asked.
    func band(against agree: AgreementCheck, _ run: isolated RunExecution) -> String? {
        guard case .tier(let other) = agree.asked else { return nil }
        return run.state.bandAgainst(other)
    }

    /// A sample that was asked early, or is asked now.
    private func asked(_ agree: AgreementCheck, _ sample: Int, _ name: String, _ gate: GateRun) -> SideQuestion {
        let new = side(agree, sample, name, gate)
        let place = new.tries.place!
        return gate.beside.first { $0.tries.place!.part == place.part && (place.isAskedOnce || $0.tries.place!.tier == place.tier) } ?? new
    }

    @inline(never)
    func side(_ agree: AgreementCheck, _ sample: Int, _ name: String, _ gate: GateRun) -> SideQuestion {
        let asker = ModelRunner(model: agree.question(of: model))
        let tries = tries(agree, asker.model, sample, name, gate)
        if !model.attachments.isEmpty { tries.attached = gate.attached ?? [] }
        return SideQuestion(tries, by: asker)
    }

    @inline(never)
    private func tries(_ agree: AgreementCheck, _ model: ModelStep, _ sample: Int, _ name: String, _ gate: GateRun) -> ModelTries {
        let tier: ModelTier
        let isAskedOnce: Bool
        switch agree.asked {
        case .tier(let other): (tier, isAskedOnce) = (gate.graph.tier(named: other)!, true)
        // The model that answered.
        case .samples: (tier, isAskedOnce) = ((gate.tries?.tier ?? gate.first)!, false)
        }
        return gate.tries(
            model, tier,
            QuestionPlace(
                tier: gate.tier, part: isAskedOnce ? name : "\(name)#\(sample)", limits: gate.step.limits, timeout: gate.step.timeout, purpose: .agree,
                temperature: agree.temperature, isAskedOnce: isAskedOnce))
    }

    // MARK: Programs

    private func outcome(of verifier: VerifierCheck, _ name: String, _ gate: GateRun, _ run: isolated RunExecution) async throws(StepFailure) -> CheckOutcome {
        let runner = CommandRunner(command: verifier.command)
        let invocation: CommandInvocation
        do throws(StepFailure) {
            invocation = try runner.invocation(gate.step, gate.machine.scope, stdin: [], timeout: verifier.timeout ?? gate.step.timeout, run)
        } catch {
            return try .failed(error)
        }
        guard await run.road.acquire(run.engine.programLimiter, run) else { throw StepFailure(.cancelled, "stopped while waiting for a free place") }
        defer { run.engine.programLimiter.release() }
        try await run.commit()
        if let replay = run.engine.services.replay { return try await replay.verified(at: gate.path, tier: gate.tier, check: name) }
        run.work.beginEffect(gate.node)
        let result = await run.environment.tools.run(invocation)
        run.work.endEffect(gate.node)
        return try verifier.outcome(result)
    }
}

extension CheckOutcome {
    init(_ known: GateRecord.Check) {
        let end = known.end
        let passed: Bool? =
            switch end.result {
            case .passed: true
            case .failed, .error: false
            case .scored, .lost: nil
            }
        self.init(
            passed: passed, score: end.score, value: end.value, threshold: end.threshold, output: known.output, reason: end.reason, isLost: end.result == .lost,
            isError: end.result == .error)
    }

    var result: CheckEnded.Result { isLost ? .lost : isError ? .error : passed.map { $0 ? .passed : .failed } ?? .scored }

    /// What a question that came to nothing makes of the check which asked it.
    ///
    /// - Throws: the failure, where the run is stopping.
    static func failed(_ failure: StepFailure) throws(StepFailure) -> CheckOutcome {
        if failure.kind == .cancelled { throw failure }
        return lostKinds.contains(failure.kind) ? .lost(failure.message) : .error("\(failure.kind.rawValue): \(failure.message)")
    }

    /// Transport, account and caps.
    private static let lostKinds: Set<FailureKind> = [
        .rateLimit, .timeout, .serverError, .connection, .malformedResponse, .quota, .authentication, .modelNotFound, .budget,
    ]
}
