import Economics
import Expressions
import Glibc
import Values
import WorkflowModel

/// Decides recorded answers as a step's gate would have: the machine and the terms are those of a run, and nothing is asked.
///
/// What is computed of an answer is computed here (`expr`, `logprob` of the recorded signals, `agree` of the other tiers' answers and of the samples);
/// what only a call can tell comes from the row. Where that says nothing, both ways are followed, so that what they come to is bounded.
public struct GateSimulator {
    let terms: GateTerms
    let escalation: Escalation
    private let model: ModelStep
    /// `nil`: it is computed, and a row says where it began.
    private let start: Int?
    private let keepsCut: Bool
    /// By which rows know the tiers: those of the gate, then those that only checks ask.
    let names: [String]
    private let helpers: TextTable<Int>
    public private(set) var result: GateSimulation

    /// - Parameters:
    ///   - model: the step.
    ///   - escalation: its gate.
    ///   - graph: its workflow.
    ///   - keepsCut: whether an answer that was cut is one, by the limits of the step.
    ///   - names: by which rows know tiers that they know by another name.
    public init(_ model: ModelStep, _ escalation: Escalation, in graph: WorkflowGraph, keepsCut: Bool = false, names: TextTable<String> = [:]) {
        self.model = model
        self.escalation = escalation
        self.keepsCut = keepsCut
        terms = GateTerms(escalation, in: graph)
        start = if case .position(let position) = escalation.start { position } else { nil }
        var all = escalation.tiers
        var helpers: TextTable<Int> = [:]
        for check in escalation.checks {
            guard case .agreement(let agreement) = check.kind, case .tier(let name) = agreement.asked, helpers[name] == nil else { continue }
            if let known = all.firstIndex(of: name) { helpers[name] = known } else { helpers[name] = all.count; all.append(name) }
        }
        self.helpers = helpers
        self.names = all.map { names[$0] ?? $0 }
        result = GateSimulation(tiers: escalation.tiers)
    }

    /// Takes in one row.
    public mutating func add(_ row: JSONValue) throws(RecordedAnswersError) {
        let recorded = try RecordedAnswers(row, tiers: names)
        // What another tier said in place of one says nothing of the gate.
        if terms.tiers.indices.contains(where: { recorded.answers[$0]?.isReplaced == true }) {
            result.replaced += 1
            return
        }
        let missing = terms.tiers.indices.first { recorded.answers[$0] == nil }
        // A row of a run has the tiers that were asked, and is one as long as no other is needed.
        if let missing, recorded.asked == nil {
            result.leftOut[names[missing], default: 0] += 1
            return
        }
        let courses = courses(of: recorded, from: try start(of: recorded))
        if let unknown = courses.first(where: \.isCounted)!.unknown {
            result.leftOut[names[unknown], default: 0] += 1
            return
        }
        result.rows += 1
        let isComplete = missing == nil
        if isComplete {
            result.complete.rows += 1
            for tier in terms.tiers.indices { result.singles[tier].take(recorded.answers[tier]!) }
        }
        count(courses, isComplete: isComplete)
        guard isComplete, let own = courses.first(where: \.isCounted)!.isCorrect else { return }
        for tier in terms.tiers.indices {
            guard let single = recorded.answers[tier]!.isCorrect else { continue }
            result.complete.judged[tier].rows += 1
            if own { result.complete.judged[tier].gate += 1 }
            if single { result.complete.judged[tier].single += 1 }
        }
    }

    func start(of row: RecordedAnswers) throws(RecordedAnswersError) -> Int {
        if let start { return start }
        guard let first = row.asked?.first, let place = terms.tiers.indices.first(where: { names[$0].hasSameBytes(as: first) }) else {
            throw RecordedAnswersError(
                "'start' is computed, and the row does not say in 'asked' where it began; simulate with a copy of the workflow whose start is one of the tiers")
        }
        return place
    }

    // MARK: One row

    /// Ways of one row that are followed: six checks that no row tells of, each of them either way.
    private static let mostCourses = 64

    /// One way that a row can go.
    struct Course {
        var asked: [Int] = []
        var cost = MoneySum.zero
        var isUnpriced = false
        /// What it may cost beyond ``cost``, of answers and outcomes that nobody asked for.
        var slack = MoneySum.zero
        /// Tiers whose answers are not recorded and taken to be either way.
        var assumed: [Int] = []
        /// Behind the first tier and the checks of its answer.
        var further = MoneySum.zero
        var helpersAsked = TextSet()
        var end: GateEnd?
        var isCorrect: Bool?
        /// Checks without an outcome that were taken as a yes or a no.
        var missing: [String] = []
        /// Whether each of them was taken as a no.
        var isCounted = true
        /// Why no further tier could be asked, a stable word.
        var stopped: String?
        /// A tier that would have been asked, of which the row has no answer.
        var unknown: Int?

        /// Asks a tier of whose answer nothing is known but what it may cost.
        ///
        /// - Parameter checks: what each check of it that is paid may cost at the most; none may be run.
        mutating func assume(_ tier: Int, _ more: MoneySum, _ checks: [Money?]) {
            assumed.append(tier)
            slack = slack + more
            for check in checks {
                if let check { slack = slack + MoneySum(check) } else { isUnpriced = true }
            }
        }

        mutating func pay(_ amount: MoneySum?) {
            guard let amount else {
                isUnpriced = true
                return
            }
            cost = cost + amount
            if asked.count > 1 { further = further + amount }
        }
    }

    /// Each way that a row can go; the one that is counted takes what is missing as a no.
    func courses(of row: RecordedAnswers, from start: Int) -> [Course] {
        var done: [Course] = []
        let first = GateMachine(terms, start: start, scope: RecordedScope(values: row.values))
        var open: [(machine: GateMachine, event: GateMachine.Event, course: Course)] = [(first, .started, Course())]
        while var (machine, event, course) = open.popLast() {
            following: while true {
                switch machine.apply(event) {
                case .ask(let tier):
                    // Also where the next one was asked for comparison.
                    if let stop = row.stop, let last = course.asked.last, names[last].hasSameBytes(as: stop.tier) {
                        course.stopped = stop.cause
                        event = .refused(Self.cause(stop.cause))
                        continue
                    }
                    guard let answer = row.answers[tier] else {
                        course.unknown = tier
                        course.isUnpriced = true
                        done.append(course)
                        break following
                    }
                    course.asked.append(tier)
                    course.pay(answer.cost.map { MoneySum($0) })
                    if let assumed = answer.assumed {
                        // It may be taken, or be no answer that is.
                        course.assume(tier, assumed, terms.checks.filter(\.isPaid).map { row.assumedChecks[$0.name]?.most })
                        var taken = course
                        (taken.end, taken.isCounted) = (.accepted(tier: tier), false)
                        done.append(taken)
                        event = .failed(StepFailure(.outputInvalid, "not recorded"))
                        continue
                    }
                    if answer.isLowerBound { course.isUnpriced = true }
                    // What an export tells of calls that no check has, asked early among them.
                    if let extra = answer.extraCost { course.pay(MoneySum(extra)) } else if course.asked.count == 1 { payEarly(row, answer, start, &course) }
                    event = self.event(of: answer)
                case .check(let check):
                    let tier = course.asked.last!
                    switch found(check, at: tier, in: row, machine.scope, &course) {
                    case .outcome(let outcome): event = .checked(outcome)
                    case .missing where machine.decisions.count == course.asked.count:
                        // It is run for the record alone.
                        event = .checked(.lost("not recorded"))
                    case .missing:
                        course.missing.append(terms.checks[check].name)
                        if let assumed = row.assumedChecks[terms.checks[check].name] {
                            course.pay(MoneySum(assumed.least))
                            course.slack = course.slack + (MoneySum(assumed.most) - MoneySum(assumed.least))
                        }
                        if open.count + done.count < Self.mostCourses {
                            var other = course
                            other.isCounted = false
                            open.append((machine, .checked(CheckOutcome(passed: true, score: .greatestFiniteMagnitude)), other))
                        }
                        event = .checked(CheckOutcome(passed: false, score: -.greatestFiniteMagnitude))
                    }
                case .end(let end):
                    course.end = end
                    course.isCorrect = isCorrect(end, course, row)
                    done.append(course)
                    break following
                }
            }
        }
        return done
    }

    /// Of a word that a row has: a kind of failure, `max_rate`, `band`, or another.
    private static func cause(_ word: String) -> GateCause {
        let text = "no further tier could be asked"
        return FailureKind(rawValue: word).map { .refused(StepFailure($0, text)) } ?? .band(text)
    }

    /// Whether the step's answer is right; `nil`: nothing says so. What a person chose is known of a run that asked the same tiers.
    private func isCorrect(_ end: GateEnd, _ course: Course, _ row: RecordedAnswers) -> Bool? {
        if let tier = Self.taken(end) { return row.answers[tier]!.isCorrect }
        guard case .ask = end else { return false }
        guard let taken = row.taken, let asked = row.asked, asked.elementsEqual(course.asked.map { names[$0] }) else { return nil }
        return course.asked.first { names[$0].hasSameBytes(as: taken) }.flatMap { row.answers[$0]!.isCorrect }
    }

    /// The tier whose answer the step has.
    static func taken(_ end: GateEnd) -> Int? {
        switch end {
        case .accepted(let tier), .best(let tier, _): tier
        case .ask, .failed: nil
        }
    }

    /// What is always looked at first.
    private func event(of answer: RecordedAnswers.Answer) -> GateMachine.Event {
        if let failure = answer.failure { return .failed(StepFailure(failure, "there was no answer")) }
        switch answer.finish {
        case .contentFilter: return .failed(StepFailure(.refusal, "the model declined"))
        case .length where !keepsCut: return .failed(StepFailure(.truncated, "the answer stopped at its cap"))
        default: break
        }
        guard let output = answer.output else { return .answered(nil) }
        if let text = output.stringValue, text.allSatisfy(\.isWhitespace), !model.allowsEmpty { return .failed(StepFailure(.emptyAnswer, "the answer is empty")) }
        guard let schema = model.schema else { return .answered(output) }
        let document = document(output)!
        return schema.isValid(document) ? .answered(document) : .failed(StepFailure(.outputInvalid, "the answer does not match its schema"))
    }

    // MARK: Checks

    private enum Found {
        case outcome(CheckOutcome)
        case missing
    }

    private func found(_ index: Int, at tier: Int, in row: RecordedAnswers, _ scope: GateScope, _ course: inout Course) -> Found {
        let check = escalation.checks[index]
        let answer = row.answers[tier]!
        let recorded = answer.checks[check.name]
        switch check.kind {
        case .expression(let expression):
            // What reads more than the answer is in no row, but for what came of it.
            if let holds = holds(expression, scope) { return holds }
            return recorded.map { told($0, check, &course) } ?? .missing
        case .logprob(let bounds):
            if let signals = recorded?.signals, case .outcome(let outcome) = Self.logprob(bounds, signals) { return .outcome(outcome) }
            return recorded.map { told($0, check, &course) } ?? Self.logprob(bounds, answer.signals)
        case .agreement, .judge, .command: break
        }
        if let recorded { return told(recorded, check, &course) }
        switch check.kind {
        case .agreement(let agreement):
            switch agreement.asked {
            case .tier(let name): return agrees(agreement, with: name, answer, row, scope, &course)
            case .samples(let samples): return agrees(agreement, samples: samples, answer, scope, &course)
            }
        case .judge, .command, .expression, .logprob: return .missing
        }
    }

    /// What a row says of a check that it does not have the parts of.
    private func told(_ recorded: RecordedAnswers.Check, _ check: GateCheck, _ course: inout Course) -> Found {
        var passed = recorded.passed
        if passed == nil, let score = recorded.score {
            switch check.kind {
            case .judge(let judge): passed = judge.minScore.map { score >= $0 }
            case .agreement(let agreement): passed = agreement.minShare.map { score >= $0 } ?? (score > 0.5)
            case .expression, .logprob, .command: break
            }
        }
        passed = passed ?? recorded.output?["passed"]?.boolValue
        if recorded.isLowerBound { course.isUnpriced = true }
        if recorded.isLost {
            course.pay(recorded.cost.map { MoneySum($0) })
            return .outcome(.lost("it was lost"))
        }
        guard passed != nil || recorded.score != nil || recorded.output != nil else { return .missing }
        // Conditions and log-probabilities come with the answer.
        switch check.kind {
        case .expression, .logprob: break
        case .agreement, .judge, .command: course.pay(recorded.cost.map { MoneySum($0) })
        }
        return .outcome(CheckOutcome(passed: passed, score: recorded.score, output: recorded.output))
    }

    /// `nil`: it reads what a row does not tell.
    private func holds(_ expression: Expression, _ scope: GateScope) -> Found? {
        let prospect = expression.prospect(scope)
        switch prospect.verdict {
        case .holds: return .outcome(CheckOutcome(passed: true, output: true))
        case .fails: return .outcome(CheckOutcome(passed: false, output: prospect.failure == nil ? false : nil))
        case .open: return nil
        }
    }

    /// Bounds on what rows call `logprob_min`, `logprob_mean`, `logprob_p10`, `logprob_margin` and `logprob_sum`, of the tokens that decide.
    private static func logprob(_ bounds: LogprobCheck, _ signals: TextTable<Double>) -> Found {
        func signal(_ name: String) -> Double? { signals["logprob_\(name)"] }
        let (lowest, mean) = (signal("min"), signal("mean"))
        // Of a single token all of them are the same.
        let sum = signal("sum") ?? (lowest != nil && lowest == mean ? lowest : nil)
        var passed = true
        for (bound, value) in [
            (bounds.minProbability, sum.map(exp)), (bounds.minLowest, lowest), (bounds.minMean, mean), (bounds.minP10, signal("p10")), (bounds.minMargin, signal("margin")),
        ] {
            guard let bound else { continue }
            guard let value else { return .missing }
            if value < bound { passed = false }
        }
        return .outcome(CheckOutcome(passed: passed, score: sum.map(exp)))
    }

    // MARK: Agreement

    private func agrees(
        _ agreement: AgreementCheck, with name: String, _ answer: RecordedAnswers.Answer, _ row: RecordedAnswers, _ scope: GateScope, _ course: inout Course
    ) -> Found {
        guard let other = row.answers[helpers[name]!] else { return .missing }
        payHelper(name, other, &course)
        if other.assumed != nil { return .missing }
        return .outcome(ballot(agreement, answer, scope) { _ in other.output })
    }

    /// A helper is asked once for a row, whatever tiers it is compared with.
    private func payHelper(_ name: String, _ answer: RecordedAnswers.Answer, _ course: inout Course) {
        guard course.helpersAsked.insert(name).inserted else { return }
        course.pay(answer.cost.map { MoneySum($0) })
        if let assumed = answer.assumed { course.slack = course.slack + assumed }
    }

    private func payEarly(_ row: RecordedAnswers, _ answer: RecordedAnswers.Answer, _ start: Int, _ course: inout Course) {
        for check in terms.early(from: start) {
            guard answer.checks[escalation.checks[check].name] == nil, case .agreement(let agreement) = escalation.checks[check].kind,
                case .tier(let name) = agreement.asked, let other = row.answers[helpers[name]!]
            else { continue }
            payHelper(name, other, &course)
        }
    }

    private func agrees(_ agreement: AgreementCheck, samples: Int, _ answer: RecordedAnswers.Answer, _ scope: GateScope, _ course: inout Course) -> Found {
        var (asked, isShort) = (0, false)
        let outcome = ballot(agreement, answer, scope) { number in
            guard number <= answer.samples.count else {
                isShort = true
                return nil
            }
            asked = number
            return answer.samples[number - 1]
        }
        // What one of them cost is its share of what all of them did.
        if asked == answer.samples.count, asked > 0 {
            course.pay(answer.sampleCost.map { MoneySum($0) })
        } else if asked > 0 {
            course.pay(answer.sampleCost.map { MoneySum(Money(picoDollars: $0.picoDollars / Int64(answer.samples.count)), times: Int64(asked)) })
        }
        return isShort ? .missing : .outcome(outcome)
    }

    /// The answers of an agreement, each asked for by its number from 1; `nil`: it was not recorded and equals none.
    private func ballot(
        _ agreement: AgreementCheck, _ answer: RecordedAnswers.Answer, _ scope: GateScope, _ sample: (Int) -> JSONValue?
    ) -> CheckOutcome {
        guard let output = document(answer.output), var ballot = try? Ballot(agreement, of: output, scope) else {
            // There is nothing to compare; what is compared with is asked all the same.
            for number in 1...max(1, agreement.mostSamples) { _ = sample(number) }
            return .error("the answer has nothing to compare")
        }
        while let next = ballot.next {
            if let other = document(sample(next)) { ballot.take(other) } else { ballot.take(CheckOutcome.error("not recorded")) }
        }
        return ballot.outcome
    }

    /// As the step's output has it: rows of other programs have the text that the model wrote.
    private func document(_ output: JSONValue?) -> JSONValue? {
        guard let output, output != .null else { return nil }
        return model.schema == nil ? output : output.stringValue.flatMap { try? AnswerDocument.read($0, rules: .current) } ?? output
    }

    // MARK: Totals

    /// - Parameter isComplete: whether the row has an answer of every tier, so that the gate may be compared with each of them.
    private mutating func count(_ courses: [Course], isComplete: Bool) {
        let counted = courses.first(where: \.isCounted)!
        for name in counted.missing { result.missingChecks[name, default: 0] += 1 }
        if counted.isCorrect == true { result.gate.correct += 1 }
        if counted.isCorrect == nil { result.gate.unjudged += 1 }
        result.gate.cost = result.gate.cost + counted.cost
        if counted.isUnpriced { result.gate.unpriced += 1 }
        if counted.asked.count > 1 { result.escalated += 1 }
        result.furtherCost = result.furtherCost + counted.further
        result.firstCost = result.firstCost + (counted.cost - counted.further)
        let most = courses.contains { $0.isCorrect != false } ? 1 : 0
        if isComplete {
            if counted.isCorrect == true { result.complete.gate.correct += 1 }
            if counted.isUnpriced { result.complete.gate.unpriced += 1 }
            result.complete.gate.cost = result.complete.gate.cost + counted.cost
            if counted.asked.count > 1 { result.complete.escalated += 1 }
            result.complete.mostCorrect += most
            result.complete.firstCost = result.complete.firstCost + (counted.cost - counted.further)
            result.complete.furtherCost = result.complete.furtherCost + counted.further
        }
        switch counted.end! {
        case .accepted(let tier): result.acceptedBy[tier] += 1
        case .best(_, nil): result.undecided += 1
        case .best(_, let cause?), .ask(_, let cause):
            result.exhausted += 1
            result.causes[counted.missing.isEmpty ? counted.stopped ?? cause.word : "not_recorded", default: 0] += 1
        case .failed(let failure):
            result.exhausted += 1
            result.causes[counted.stopped ?? failure.kind.rawValue, default: 0] += 1
        }
        // What nothing says the outcome of may have been right.
        result.correct.least += courses.allSatisfy { $0.isCorrect == true } ? 1 : 0
        result.correct.most += most
        result.cost.least = result.cost.least + courses.map(\.cost).min()!
        result.cost.most = result.cost.most + courses.map(\.cost).max()!
    }
}

extension GateSimulation.Tally {
    fileprivate mutating func take(_ answer: RecordedAnswers.Answer) {
        switch answer.isCorrect {
        case true?: correct += 1
        case false?: break
        case nil: unjudged += 1
        }
        if let paid = answer.cost { cost.add(paid) }
        if answer.cost == nil || answer.isLowerBound { unpriced += 1 }
    }
}

/// What a row tells beside its answers; of everything else nothing is known.
private struct RecordedScope: Bindings, Sendable {
    let values: JSONObject

    func value(named name: String) -> CELValue? { values[name].map { CELValue($0) } ?? .unknown }

    var names: [String] { values.keys.map { String($0) } }
}
