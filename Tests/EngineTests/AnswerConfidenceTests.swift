import JSONSchema
import Testing
import Values
import WorkflowModel

@testable import Engine

/// How sure a model was, aligned on bytes.
@Suite struct AnswerConfidenceTests {
    private static func logprobs(_ tokens: [(String, Double)], others: [[Double]] = []) -> JSONValue {
        let content = tokens.enumerated().map { index, token -> JSONValue in
            var entry: JSONObject = ["token": .string(token.0), "logprob": .double(token.1)]
            if index < others.count { entry["top_logprobs"] = .array(others[index].map { ["token": "x", "logprob": .double($0)] }) }
            return .object(entry)
        }
        return ["content": .array(content)]
    }

    private static func confidence(
        _ tokens: [(String, Double)], _ answer: String, field: [String] = [], schema: JSONValue? = nil, others: [[Double]] = []
    ) throws -> AnswerConfidence {
        let value = (try? JSONParser.parse(answer)) ?? .string(answer)
        return try AnswerConfidence(
            logprobs: logprobs(tokens, others: others), answer: answer, value: value, field: field, schema: try schema.map { try Schema(compiling: $0) })
    }

    private static func fault(_ tokens: [(String, Double)], _ answer: String, field: [String] = []) -> String? {
        do {
            _ = try confidence(tokens, answer, field: field)
            return nil
        } catch {
            return (error as? AnswerConfidence.Fault)?.message ?? "\(error)"
        }
    }

    @Test func theWholeAnswer() throws {
        let sure = try Self.confidence([("a", -0.5), ("b", -1), ("c", -3)], "abc")
        #expect(sure.tokens == 3 && sure.lowest == -3 && sure.mean == -1.5 && sure.p10 == -3 && abs(sure.probability - 0.011109) < 1e-6 && sure.margin == nil)
        // The ceil(n / 10)-th smallest: of eleven the second.
        let many = try Self.confidence((0..<11).map { ("\($0 % 10)", -Double($0) / 10 - 0.1) }, "01234567890")
        #expect(many.p10 == -1.0 && abs(many.lowest + 1.1) < 1e-12)
    }

    @Test func whatServersStripIsLeftOut() throws {
        let sure = try Self.confidence([("```json\n", -9), ("{}", -0.25), ("\n```", -9)], "{}")
        #expect(sure.tokens == 1 && sure.lowest == -0.25)
    }

    @Test func theTokensOfAField() throws {
        let tokens = [("{\"kind", -5.0), ("\": \"", -5), ("ref", -0.5), ("und", -0.25), ("\", \"n\": ", -5), ("12", -1), ("}", -7)]
        let answer = "{\"kind\": \"refund\", \"n\": 12}"
        #expect(try Self.confidence(tokens, answer, field: ["kind"]).lowest == -0.5)
        #expect(try Self.confidence(tokens, answer, field: ["kind"]).tokens == 2)
        #expect(try Self.confidence(tokens, answer, field: ["n"]).tokens == 1)
        // With an enum, up to where one member is left.
        let schema: JSONValue = ["type": "object", "properties": ["kind": ["enum": ["refund", "order"]]]]
        #expect(try Self.confidence(tokens, answer, field: ["kind"], schema: schema).tokens == 1)
        let close: JSONValue = ["type": "object", "properties": ["kind": ["enum": ["refund", "reform"]]]]
        #expect(try Self.confidence(tokens, answer, field: ["kind"], schema: close).tokens == 2)
        #expect(Self.fault(tokens, answer, field: ["other"]) == "the answer has no field other")
    }

    /// What ends the value decides where another member goes on from it.
    @Test(
        arguments: [
            ([("{\"kind\":\"", 0.0), ("order", -0.1), ("\"}", -2)], ["order", "orderly"], -2.1, 2),
            ([("{\"kind\":\"", 0.0), ("order", -0.1), ("\"", -2), ("}", -4)], ["order", "orderly"], -2.1, 2),
            ([("{\"kind\":\"", 0.0), ("order\"}", -0.3)], ["order", "orderly"], -0.3, 1),
            ([("{\"kind\":\"", 0.0), ("order", -0.1), ("ly", -1), ("\"}", -2)], ["order", "orderly"], -1.1, 2),
            ([("{\"kind\":\"", 0.0), ("order", -0.1), ("\"}", -2)], ["order", "complaint"], -0.1, 1),
            ([("{\"kind\":", 0.0), ("1", -0.1), ("}", -2)], [1, 12], -2.1, 2),
            ([("{\"kind\":", 0.0), ("1", -0.1), ("2", -1), ("}", -2)], [1, 12], -1.1, 2),
            ([("{\"kind\":\"", 0.0), ("a", -0.1), ("\\\"", -1), ("b\"}", -2)], ["a\"b", "ac"], -1.1, 2),
        ] as [([(String, Double)], JSONValue, Double, Int)])
    func aMemberThatBeginsAnother(_ tokens: [(String, Double)], _ members: JSONValue, _ logprob: Double, _ count: Int) throws {
        let schema: JSONValue = ["type": "object", "properties": ["kind": ["enum": members]]]
        let sure = try Self.confidence(tokens, tokens.map(\.0).joined(), field: ["kind"], schema: schema)
        #expect(abs(sure.mean * Double(sure.tokens) - logprob) < 1e-9 && sure.tokens == count)
    }

    /// Figures that are no log-probabilities say nothing: a server that sends others is not believed.
    @Test func whatIsAboveCertainIsNoLogProbability() {
        #expect(Self.fault([("a", 30), ("b", -1)], "ab") == "the server sent 30.0 as a log-probability, which is 0 at most")
        #expect(Self.fault([("a", .nan)], "a") != nil && Self.fault([("a", 0)], "a") == nil)
        #expect(throws: AnswerConfidence.Fault.self) { try Self.confidence([("a", -1)], "a", others: [[-1, 0.5]]) }
    }

    @Test func bytesOfTokensCountAndNotTheirText() throws {
        // A character of three bytes in two tokens, whose texts cannot be joined.
        let content: JSONValue = ["content": [["token": "?", "bytes": [0xE2, 0x82], "logprob": -1.0], ["token": "?", "bytes": [0xAC], "logprob": -2.0]]]
        let sure = try AnswerConfidence(logprobs: content, answer: "€", value: "€", field: [], schema: nil)
        #expect(sure.tokens == 2 && sure.lowest == -2)
    }

    @Test func whatIsNotAlignedIsToldSo() {
        #expect(Self.fault([("abc", -1)], "abd") == "unaligned: the answer's text stands not in what its tokens join to")
        #expect(Self.fault([("aa", -1)], "a") == "unaligned: the answer's text stands more than once in what its tokens join to")
        #expect(Self.fault([], "a") == "the log-probabilities name no tokens")
        #expect(Self.fault([("a", -.infinity)], "a") == "a token has no log-probability")
    }

    @Test func boundsHoldTogether() throws {
        let sure = try Self.confidence([("a", -0.5), ("b", -1)], "ab", others: [[-0.5, -2], [-1, -1.25]])
        #expect(sure.margin == 0.25)
        func outcome(_ bounds: LogprobCheck) -> CheckOutcome { sure.outcome(bounds) }
        func bounds(prob: Double? = nil, p10: Double? = nil, lowest: Double? = nil, mean: Double? = nil, margin: Double? = nil) -> LogprobCheck {
            LogprobCheck(field: [], minProbability: prob, minP10: p10, minLowest: lowest, minMean: mean, minMargin: margin)
        }
        #expect(outcome(bounds(prob: 0.2, lowest: -1, mean: -0.75, margin: 0.25)).passed == true)
        #expect(outcome(bounds(lowest: -0.9)).passed == false && outcome(bounds(mean: -0.7)).passed == false && outcome(bounds(p10: -0.5)).passed == false)
        #expect(outcome(bounds(prob: 0.5)).reason == "probability 0.2231, at least 0.5" && outcome(bounds(prob: 0.5)).threshold == 0.5)
        let bare = try Self.confidence([("a", -0.5)], "a")
        #expect(bare.outcome(bounds(margin: 1)).isError)
    }

    @Test func fieldsStandWhereTheyStand() {
        func text(_ path: [String], _ source: String) -> String? {
            guard let document = try? JSONParser.parse(String(source.drop { $0 != "{" })) else { return "no document" }
            return DocumentPlaces.range(of: path, in: Array(source.utf8), document: document).map { String(decoding: Array(source.utf8)[$0], as: UTF8.self) }
        }
        #expect(text(["a"], #"{"a": "x"}"#) == "x")
        #expect(text(["b", "c"], #"{"a": {"c": 1}, "b": {"c" : [1, "}"] }}"#) == #"[1, "}"]"#)
        #expect(text(["a\"b"], #"{"a\"b": true}"#) == "true")
        #expect(text(["a"], #"{"a": "" }"#) == "\"\"")
        #expect(text(["n"], #"{ "n" : -1.5e3 }"#) == "-1.5e3")
        #expect(text(["x"], #"so {"x": "a \" b"}"#) == #"a \" b"#)
        #expect(text(["y"], #"{"x": 1}"#) == nil && text(["x", "z"], #"{"x": 1}"#) == nil)
    }
}
