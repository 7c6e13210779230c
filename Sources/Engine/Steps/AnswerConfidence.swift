import Glibc
import JSONSchema
import Values
import WorkflowModel

/// How sure a model was of an answer, or of a field of it, by the log-probabilities of its tokens.
///
/// Tokens are aligned with the answer on bytes: servers strip fences and thinking, and a token's text may be a part of a character. The
/// answer has to stand in what the tokens join to exactly once; then those count that overlap the value which is looked at, of an enum
/// until one member is left.
struct AnswerConfidence: Sendable, Hashable {
    /// Why nothing can be said.
    struct Fault: Error {
        let message: String
    }

    /// Of all tokens together.
    let sum: Double
    let lowest: Double
    let mean: Double
    /// The ceil(n / 10)-th smallest of n.
    let p10: Double
    /// The least distance of a token to the next likely one; `nil`: the server told of no others.
    let margin: Double?
    let tokens: Int

    /// From 0 to 1.
    var probability: Double { exp(sum) }

    var summary: AnswerSignals.Logprobs { AnswerSignals.Logprobs(sum: sum, lowest: lowest, mean: mean, p10: p10, margin: margin, tokens: tokens) }

    private struct Token {
        let bytes: [UInt8]
        let logprob: Double
        let margin: Double?
    }

    /// The tokens of an answer, aligned with its text: several things may be looked at in it.
    struct Aligned {
        private let tokens: [Token]
        private let content: [UInt8]
        private let joined: [UInt8]
        /// Of the text in what the tokens join to.
        private let start: Int

        /// - Parameters:
        ///   - logprobs: as the server sent them.
        ///   - answer: the text that came.
        init(_ logprobs: JSONValue, answer: String) throws(Fault) {
            tokens = try AnswerConfidence.tokens(logprobs)
            content = Array(answer.utf8)
            joined = tokens.flatMap(\.bytes)
            let starts = AnswerConfidence.places(of: content, in: joined)
            guard starts.count == 1, !content.isEmpty else {
                throw Fault(message: "unaligned: the answer's text stands \(starts.isEmpty ? "not" : "more than once") in what its tokens join to")
            }
            start = starts[0]
        }

        /// - Parameters:
        ///   - field: the path of the field; empty: all of the answer.
        ///   - value: what was read of the answer.
        ///   - schema: of the answer.
        func confidence(in field: [String] = [], of value: JSONValue, schema: Schema?) throws(Fault) -> AnswerConfidence {
            var range = start..<start + content.count
            if !field.isEmpty {
                guard let found = DocumentPlaces.range(of: field, in: content, document: value) else {
                    throw Fault(message: "the answer has no field \(field.joined(separator: "."))")
                }
                range = found.lowerBound + start..<found.upperBound + start
                range = AnswerConfidence.deciding(range, joined, tokens, members: AnswerConfidence.members(of: field, in: schema))
            }
            return try AnswerConfidence.figures(AnswerConfidence.overlapping(range, tokens))
        }
    }

    /// - Parameters:
    ///   - logprobs: as the server sent them.
    ///   - answer: the text that came.
    ///   - value: what was read of it.
    ///   - field: the path of the field in it; empty: all of the answer.
    ///   - schema: of the answer.
    init(logprobs: JSONValue, answer: String, value: JSONValue, field: [String], schema: Schema?) throws(Fault) {
        self = try Aligned(logprobs, answer: answer).confidence(in: field, of: value, schema: schema)
    }

    private init(sum: Double, lowest: Double, mean: Double, p10: Double, margin: Double?, tokens: Int) {
        self.sum = sum
        self.lowest = lowest
        self.mean = mean
        self.p10 = p10
        self.margin = margin
        self.tokens = tokens
    }

    private static func figures(_ tokens: [Token]) throws(Fault) -> AnswerConfidence {
        guard !tokens.isEmpty else { throw Fault(message: "no token is of what is looked at") }
        let sorted = tokens.map(\.logprob).sorted()
        let sum = sorted.reduce(0, +)
        let margins = tokens.compactMap(\.margin)
        return AnswerConfidence(
            sum: sum, lowest: sorted[0], mean: sum / Double(sorted.count), p10: sorted[(sorted.count + 9) / 10 - 1],
            margin: margins.count == tokens.count ? margins.min() : nil, tokens: tokens.count)
    }

    // MARK: Bounds

    /// What a check finds by its bounds.
    func outcome(_ bounds: LogprobCheck) -> CheckOutcome {
        var misses: [String] = []
        var isUntold = false
        // The first bound that is written is what its values are compared by.
        var measure: (value: Double?, least: Double)?
        func hold(_ name: String, _ figure: Double?, _ least: Double?) {
            guard let least else { return }
            if measure == nil { measure = (figure, least) }
            guard let figure else {
                isUntold = true
                return misses.append("\(name) is not known: the server tells of no other tokens")
            }
            if !(figure >= least) { misses.append("\(name) \(figure.shortText), at least \(least.shortText)") }
        }
        hold("probability", probability, bounds.minProbability)
        hold("p10", p10, bounds.minP10)
        hold("lowest", lowest, bounds.minLowest)
        hold("mean", mean, bounds.minMean)
        hold("margin", margin, bounds.minMargin)
        var figures: JSONObject = ["p10": .double(p10), "lowest": .double(lowest), "mean": .double(mean), "tokens": .int(Int64(tokens))]
        figures["margin"] = margin.map(JSONValue.double)
        return CheckOutcome(
            passed: misses.isEmpty, score: probability, value: bounds.minProbability == nil ? measure?.value : nil, threshold: measure?.least, output: .object(figures),
            reason: misses.isEmpty ? nil : misses.joined(separator: "; "), isError: isUntold)
    }

    // MARK: Tokens

    private static func tokens(_ logprobs: JSONValue) throws(Fault) -> [Token] {
        guard let content = logprobs["content"]?.arrayValue, !content.isEmpty else { throw Fault(message: "the log-probabilities name no tokens") }
        var tokens: [Token] = []
        tokens.reserveCapacity(content.count)
        for entry in content {
            guard let logprob = entry["logprob"]?.doubleValue else { throw Fault(message: "a token has no log-probability") }
            try hold(logprob)
            let bytes: [UInt8]
            if let list = entry["bytes"]?.arrayValue {
                bytes = list.compactMap { $0.intValue.flatMap(UInt8.init(exactly:)) }
            } else {
                bytes = Array((entry["token"]?.stringValue ?? "").utf8)
            }
            let likely = (entry["top_logprobs"]?.arrayValue ?? []).compactMap { $0["logprob"]?.doubleValue }.sorted(by: >)
            for other in likely { try hold(other) }
            tokens.append(Token(bytes: bytes, logprob: logprob, margin: likely.count > 1 ? likely[0] - likely[1] : nil))
        }
        return tokens
    }

    /// Nothing is likelier than certain: figures with another meaning say nothing of how sure a model was.
    private static func hold(_ logprob: Double) throws(Fault) {
        guard logprob.isFinite else { throw Fault(message: "a token has no log-probability") }
        guard logprob <= 0 else { throw Fault(message: "the server sent \(logprob) as a log-probability, which is 0 at most") }
    }

    /// Where it stands, at most two of them.
    private static func places(of part: [UInt8], in whole: [UInt8]) -> [Int] {
        var places: [Int] = []
        guard !part.isEmpty, part.count <= whole.count else { return [] }
        var start = 0
        while start + part.count <= whole.count, places.count < 2 {
            if whole[start] == part[0], whole[start..<start + part.count].elementsEqual(part) { places.append(start) }
            start += 1
        }
        return places
    }

    private static func overlapping(_ range: Range<Int>, _ tokens: [Token]) -> [Token] {
        var start = 0
        return tokens.filter { token in
            let end = start + token.bytes.count
            defer { start = end }
            return start < range.upperBound && end > range.lowerBound
        }
    }

    // MARK: Enums

    private static func members(of field: [String], in schema: Schema?) -> [String]? {
        var document = schema?.source
        for name in field { document = document?["properties"]?[name] }
        let members = document?["enum"]?.arrayValue?.compactMap(Self.written)
        return members?.isEmpty == false ? members : nil
    }

    /// A member as it stands in an answer, a text without its quotes.
    private static func written(_ member: JSONValue) -> String? {
        let text = member.jsonText
        guard member.stringValue != nil else { return text }
        return String(text.dropFirst().dropLast())
    }

    /// The part of an enum's value up to the token with which one member is left.
    ///
    /// Where another member begins with the whole value, it is what ends the value that decides: the quote, the comma or the brace behind it.
    private static func deciding(_ range: Range<Int>, _ joined: [UInt8], _ tokens: [Token], members: [String]?) -> Range<Int> {
        guard let members, members.count > 1, !range.isEmpty else { return range }
        func isLast(_ written: ArraySlice<UInt8>) -> Bool { members.count { $0.utf8.starts(with: written) } == 1 }
        var start = 0
        for token in tokens {
            let end = start + token.bytes.count
            defer { start = end }
            guard end > range.lowerBound, end < range.upperBound else { continue }
            if isLast(joined[range.lowerBound..<end]) { return range.lowerBound..<end }
        }
        let goesOn = members.contains { $0.utf8.count > range.count && $0.utf8.starts(with: joined[range]) }
        return goesOn && range.upperBound < joined.count ? range.lowerBound..<range.upperBound + 1 : range
    }
}
