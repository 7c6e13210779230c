import Economics
import Expressions
import Values
import WorkflowModel

// What checks make of what they were answered, pure.

extension JudgeCheck {
    /// Of a judge's answer.
    func outcome(_ answer: JSONValue) -> CheckOutcome {
        // Without a schema it is a text, in which a model may have written what was asked for all the same.
        let document = answer.stringValue.flatMap { try? AnswerDocument.read($0, rules: .current) } ?? answer
        let score = document["score"]?.doubleValue
        var passed = document["passed"]?.boolValue
        if let minScore {
            guard let score else { return .error("the judge gave no score") }
            passed = score >= minScore
        }
        return CheckOutcome(passed: passed, score: score, threshold: minScore, output: answer)
    }

    /// The same, where the judge is to be sure of it.
    ///
    /// - Parameter least: the probability of the tokens of its verdict.
    func outcome(_ answer: JSONValue, _ logprobs: JSONValue?, of text: String, least: Double) -> CheckOutcome {
        let outcome = outcome(answer)
        guard !outcome.isError else { return outcome }
        guard let logprobs else { return .error("the judge's answer came without log-probabilities, and min_prob is to be held against them") }
        let field = minScore == nil && answer["passed"] != nil ? ["passed"] : answer["score"] != nil ? ["score"] : []
        do throws(AnswerConfidence.Fault) {
            let confidence = try AnswerConfidence(logprobs: logprobs, answer: text, value: answer, field: field, schema: question.schema)
            guard confidence.probability < least else { return outcome }
            let reason = "the judge is not sure: \(confidence.probability.shortText) of at least \(least.shortText)"
            return CheckOutcome(passed: false, score: outcome.score, threshold: outcome.threshold, output: answer, reason: reason)
        } catch {
            return .error("the judge's verdict: \(error.message)")
        }
    }
}

extension VerifierCheck {
    /// Of what came of the program.
    ///
    /// - Throws: `StepFailure` of kind `cancelled`.
    func outcome(_ result: CommandResult) throws(StepFailure) -> CheckOutcome {
        switch result {
        case .failed(let failure):
            if failure.kind == .cancelled { throw failure }
            return .error("\(failure.kind.rawValue): \(failure.message)")
        case .signalled(let signal, _):
            if Task.isCancelled { throw StepFailure(.cancelled, "stopped") }
            return .error("the program was ended by signal \(signal)")
        case .exited(let code, let stdout, let stderr):
            let text = String(decoding: stdout, as: UTF8.self)
            let document = (try? JSONParser.parse(text)).flatMap { $0.objectValue == nil ? nil : $0 }
            if code == 0, let wrong = document.flatMap(Self.wrong) { return .error(wrong) }
            // The exit code is the stronger one.
            let passed = document?["passed"]?.boolValue ?? true
            let reason = code == 0 ? nil : "exit code \(code)" + (stderr.lines.last { !$0.isBlank }.map { ": \($0)" } ?? "")
            return CheckOutcome(passed: passed && code == 0, score: document?["score"]?.doubleValue, output: document ?? .string(text), reason: reason)
        }
    }
}

extension VerifierCheck {
    /// What in the document of a program is not what it is to be: nothing is guessed of it.
    private static func wrong(_ document: JSONValue) -> String? {
        if let passed = document["passed"], passed.boolValue == nil { return "the program's passed is \(passed.jsonText), neither true nor false" }
        if let score = document["score"], score != .null, score.doubleValue == nil { return "the program's score is \(score.jsonText), no number" }
        return nil
    }
}

extension AgreementCheck {
    /// What is asked again of a step.
    func question(of model: ModelStep) -> ModelStep {
        guard let prompt else { return model }
        return ModelStep(
            tier: model.tier, system: model.system, prefixes: model.prefixes, body: .prompt(prompt), bodyStability: model.bodyStability,
            systemStability: model.systemStability, sampling: model.sampling, schema: model.schema, repairs: model.repairs, memo: nil,
            attachments: model.attachments, allowsEmpty: model.allowsEmpty)
    }

    /// How many further answers there may be.
    var mostSamples: Int {
        switch asked {
        case .tier: 1
        case .samples(let count): count
        }
    }

    /// How many of them have to equal the answer at hand, which is a part of the share.
    var neededSamples: Int {
        let all = mostSamples + 1
        return max(0, (minShare.map { Int(($0 * Double(all) - 1e-9).rounded(.up)) } ?? all / 2 + 1) - 1)
    }

    /// How many are asked whatever they come to: fewer can decide nothing.
    var firstWave: Int { min(neededSamples, mostSamples - neededSamples + 1, mostSamples) }
}

/// The answers of an `agree` check, one by one: it ends as soon as the rest can change nothing.
struct Ballot {
    private let on: Expression?
    private let scope: GateScope
    private let own: CELValue
    private let samples: Int
    /// Further answers that have to equal the one at hand.
    private let needed: Int
    private let least: Double?
    private let isOfOne: Bool
    private var taken = 0
    private var equal = 0
    private var lost: [String] = []
    private var other: JSONValue?

    /// - Throws: when the answer at hand has nothing to compare.
    init(_ agree: AgreementCheck, of answer: JSONValue, _ scope: GateScope) throws(EvaluationError) {
        on = agree.on
        self.scope = scope
        samples = agree.mostSamples
        needed = agree.neededSamples
        least = agree.minShare
        isOfOne = samples == 1
        own = try Self.compared(answer, agree.on, scope)
    }

    private static func compared(_ answer: JSONValue, _ on: Expression?, _ scope: GateScope) throws(EvaluationError) -> CELValue {
        guard let on else { return CELValue(answer) }
        return try on.evaluate(GateScope(base: scope.base, tier: scope.tier, checks: scope.checks, output: CELValue(answer)))
    }

    /// The number of the sample that is asked next, from 1; `nil`: it is decided.
    var next: Int? {
        guard taken < samples, equal < needed, equal + lost.count + samples - taken >= needed else { return nil }
        return taken + 1
    }

    /// The numbers of the samples that are asked next, together: as many as it takes to decide at the best, which are asked in any case. None: it is decided.
    var wave: Range<Int> {
        guard next != nil else { return taken..<taken }
        let missing = needed - equal
        return taken + 1..<taken + 1 + min(missing, samples - taken - (missing - lost.count) + 1, samples - taken)
    }

    mutating func take(_ answer: JSONValue) {
        taken += 1
        other = answer
        if (try? Self.compared(answer, on, scope)) == own { equal += 1 }
    }

    /// One that came to nothing: it stays in the share.
    mutating func take(_ failure: CheckOutcome) {
        taken += 1
        if failure.isLost { lost.append(failure.reason ?? "") }
    }

    var outcome: CheckOutcome {
        let passed = equal >= needed
        if !passed, equal + lost.count >= needed, let reason = lost.first { return .lost(reason) }
        let share = Double(equal + 1) / Double(samples + 1)
        return CheckOutcome(
            passed: passed, score: share, threshold: least, output: isOfOne ? other : nil,
            reason: isOfOne ? passed ? nil : "the answers differ" : "\(equal) of \(taken) asked again gave the same" + (taken < samples ? "; \(samples - taken) of \(samples) were not asked" : ""))
    }
}

extension Double {
    /// With four places at most.
    var shortText: String { "\((self * 10_000).rounded() / 10_000)" }
}
