import Economics
import Expressions
import Values
import WorkflowModel

/// A row that is no record of answers, and what is wrong with it.
public struct RecordedAnswersError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What each of several tiers answered to one input, and what is known of it: a row of `gate simulate`.
///
/// A key that is not there says nothing: an output that was not recorded is not empty and equals no other, and a check without an outcome may have had either.
struct RecordedAnswers: Sendable {
    struct Answer: Sendable {
        /// `nil`: not recorded.
        var output: JSONValue?
        var isCorrect: Bool?
        /// Whether another tier gave it.
        var isReplaced: Bool
        /// `nil`: not recorded.
        var cost: Money?
        var finish: FinishReason?
        /// Whether there is more to one of its amounts than is recorded.
        var isLowerBound = false
        /// Why there was no answer, for a reason that lies outside of it: a server that was away, an account.
        var failure: FailureKind?
        /// What was paid at it beside its answer and its checks.
        var extraCost: Money?
        /// Those of log-probabilities.
        var signals: TextTable<Double>
        var checks: TextTable<Check>
        /// Further answers of the same model to the same input.
        var samples: [JSONValue]
        /// Of all of them together.
        var sampleCost: Money?
        /// Of one that nobody gave, and of which nothing is known but what it may cost: how much more than ``cost`` that is at the most.
        var assumed: MoneySum?
    }

    /// What a check found.
    struct Check: Sendable {
        var passed: Bool?
        var score: Double?
        var output: JSONValue?
        /// `nil`: not recorded.
        var cost: Money?
        /// Whether there is more to that than is recorded.
        var isLowerBound = false
        /// Whether nothing is known of it for no fault of the answer.
        var isLost = false
        /// Of log-probabilities, those of what it looks at.
        var signals: TextTable<Double> = [:]
    }

    let answers: [Answer?]
    /// The names of the tiers that were asked, in order; `nil`: the row has an answer of every tier, whether it was asked or not.
    let asked: [String]?
    /// Behind which tier no further one could be asked, and why.
    let stop: (tier: String, cause: String)?
    /// The tier whose answer the step had, where the row says so.
    let taken: String?
    /// What checks may cost of which no outcome is recorded, by name.
    let assumedChecks: TextTable<(least: Money, most: Money)>
    /// What expressions read beside the answer, by name.
    let values: JSONObject

    /// - Parameters:
    ///   - tiers: the names by which the row knows them; those that it may lack are `nil` in ``answers``.
    /// - Throws: when what is there is not of the form that it has to have.
    init(_ row: JSONValue, tiers: [String]) throws(RecordedAnswersError) {
        guard let recorded = row["tiers"]?.objectValue else { throw RecordedAnswersError("'tiers' is missing: an object with an answer for each tier") }
        var answers: [Answer?] = []
        answers.reserveCapacity(tiers.count)
        for tier in tiers {
            guard let answer = recorded[tier], answer != .null else {
                answers.append(nil)
                continue
            }
            answers.append(try Answer(answer, of: tier))
        }
        self.answers = answers
        switch row["asked"] {
        case nil, .null: asked = nil
        case .array(let names): asked = names.compactMap(\.stringValue)
        default: throw RecordedAnswersError("'asked' is no list of tiers")
        }
        switch row["stopped_after"] {
        case nil, .null: stop = nil
        case let value?:
            guard let tier = value["tier"]?.stringValue else { throw RecordedAnswersError("'stopped_after.tier' is no text") }
            stop = (tier, value["cause"]?.stringValue ?? "not_recorded")
        }
        taken = row["taken"]?.stringValue
        var assumed: TextTable<(least: Money, most: Money)> = [:]
        for (name, value) in row["assumed_checks"]?.objectValue ?? [:] {
            if let least = value["cost_usd"]?.stringValue.flatMap(Money.init(decimal:)), let most = value["most_cost_usd"]?.stringValue.flatMap(Money.init(decimal:)) { assumed[name] = (least, most) }
        }
        assumedChecks = assumed
        var values = JSONObject()
        for name in ["inputs", "with"] {
            if let value = row[name] { values[name] = value }
        }
        self.values = values
    }
}

extension RecordedAnswers.Answer {
    fileprivate init(_ answer: JSONValue, of tier: String) throws(RecordedAnswersError) {
        guard answer.objectValue != nil else { throw RecordedAnswersError("'tiers.\(tier)' is no object") }
        func wrong(_ key: String, _ expected: String) -> RecordedAnswersError { RecordedAnswersError("'tiers.\(tier).\(key)' is no \(expected)") }
        // A literal nil would be the JSON null.
        if let told = answer["output"], told != .null { output = told } else { output = Optional.none }
        switch answer["correct"] {
        case nil, .null: isCorrect = nil
        case .bool(let flag): isCorrect = flag
        default: throw wrong("correct", "true or false")
        }
        switch answer["asked_tier"] {
        case nil, .null: isReplaced = false
        case .string(let name): isReplaced = !name.hasSameBytes(as: tier)
        default: throw wrong("asked_tier", "text")
        }
        cost = try Self.amount(answer["cost_usd"]) { wrong("cost_usd", "amount in dollars of at most 12 decimals") }
        switch answer["finish_reason"] {
        case nil, .null: finish = nil
        // The words of other programs' records beside those of ours.
        case .string(let word): finish = FinishReason(rawValue: word) ?? Self.words[word] ?? .other
        default: throw wrong("finish_reason", "text")
        }
        switch answer["failure"] {
        case nil, .null: failure = nil
        case .string(let word):
            guard let kind = FailureKind(rawValue: word) else { throw wrong("failure", "kind of failure") }
            failure = kind
        default: throw wrong("failure", "kind of failure")
        }
        extraCost = try Self.amount(answer["extra_cost_usd"]) { wrong("extra_cost_usd", "amount in dollars of at most 12 decimals") }
        isLowerBound = try Self.flag(answer["cost_is_lower_bound"]) { wrong("cost_is_lower_bound", "true or false") }
        signals = try Self.signals(answer["signals"], "signals", wrong)
        checks = [:]
        for (name, value) in try Self.object(answer["checks"], { wrong("checks", "object") }) where value != .null { checks[name] = try RecordedAnswers.Check(value, "checks.\(name)", wrong) }
        switch answer["samples"] {
        case nil, .null: samples = []
        case .array(let all): samples = all
        default: throw wrong("samples", "list")
        }
        sampleCost = try Self.amount(answer["sample_cost_usd"]) { wrong("sample_cost_usd", "amount in dollars of at most 12 decimals") }
        if try Self.flag(answer["assumed"], { wrong("assumed", "true or false") }) {
            let most = try Self.amount(answer["most_cost_usd"]) { wrong("most_cost_usd", "amount in dollars of at most 12 decimals") }
            assumed = most.map { MoneySum($0) - MoneySum(cost ?? .zero) } ?? .zero
        }
    }

    fileprivate static func signals(
        _ value: JSONValue?, _ key: String, _ wrong: (String, String) -> RecordedAnswersError
    ) throws(RecordedAnswersError) -> TextTable<Double> {
        var signals: TextTable<Double> = [:]
        for (name, value) in try object(value, { wrong(key, "object") }) where name.hasPrefix("logprob_") && value != .null {
            let isDistance = name.hasSuffix("_margin")
            guard let number = value.doubleValue, isDistance ? number >= 0 : number <= 0 else {
                throw wrong("\(key).\(name)", isDistance ? "distance" : "log-probability: a number up to 0")
            }
            signals[name] = number
        }
        return signals
    }

    private static let words: [String: FinishReason] = [
        "refusal": .contentFilter, "safety": .contentFilter, "max_tokens": .length, "max_output_tokens": .length, "end_turn": .stop, "stop_sequence": .stop, "tool_use": .toolCalls,
    ]

    fileprivate static func object(_ value: JSONValue?, _ error: () -> RecordedAnswersError) throws(RecordedAnswersError) -> JSONObject {
        guard let value, value != .null else { return [:] }
        guard let object = value.objectValue else { throw error() }
        return object
    }

    fileprivate static func flag(_ value: JSONValue?, _ error: () -> RecordedAnswersError) throws(RecordedAnswersError) -> Bool {
        switch value {
        case nil, .null: return false
        case .bool(let flag): return flag
        default: throw error()
        }
    }

    /// A decimal, as text as all amounts are written, or as a number that was written as one.
    static func amount(_ value: JSONValue?, _ error: () -> RecordedAnswersError) throws(RecordedAnswersError) -> Money? {
        switch value {
        case nil, .null: return nil
        case .string(let text):
            guard let amount = Money(decimal: text) else { throw error() }
            return amount
        case .int(let number):
            guard number >= 0, let amount = Money(decimal: "\(number)") else { throw error() }
            return amount
        case .double(let number):
            guard let amount = Money(decimal: "\(number)") else { throw error() }
            return amount
        default: throw error()
        }
    }
}

extension RecordedAnswers.Check {
    fileprivate init(_ check: JSONValue, _ name: String, _ wrong: (String, String) -> RecordedAnswersError) throws(RecordedAnswersError) {
        guard check.objectValue != nil else { throw wrong(name, "object") }
        switch check["passed"] {
        case nil, .null: passed = nil
        case .bool(let flag): passed = flag
        default: throw wrong("\(name).passed", "true or false")
        }
        switch check["score"] {
        case nil, .null: score = nil
        case let value?:
            guard let number = value.doubleValue else { throw wrong("\(name).score", "number") }
            score = number
        }
        if let told = check["output"], told != .null { output = told } else { output = Optional.none }
        cost = try RecordedAnswers.Answer.amount(check["cost_usd"]) { wrong("\(name).cost_usd", "amount in dollars of at most 12 decimals") }
        isLost = try RecordedAnswers.Answer.flag(check["lost"]) { wrong("\(name).lost", "true or false") }
        isLowerBound = try RecordedAnswers.Answer.flag(check["cost_is_lower_bound"]) { wrong("\(name).cost_is_lower_bound", "true or false") }
        signals = try RecordedAnswers.Answer.signals(check["signals"], "\(name).signals", wrong)
    }
}
