import TestSupport
import Values

/// What the models of random workflows answer: by what they are asked alone, so that runs can be compared however often
/// they were interrupted.
///
/// Some first requests of a question fail, by its content and how often its run has asked it; failures are fewer than the
/// tries that a step has. A question with `REFUSED` in it is a wrong request, and the model `down` never works.
final class CrashModel: Sendable {
    /// What it tells of the cost of its answers.
    enum Word: Sendable {
        case honest
        /// Some answers say nothing of it, nothing that can be true, or ten times as much.
        case doubtful
        /// Some are far longer than they may be, or say that they cost a fortune.
        case hostile
    }

    private let word: Word

    init(_ word: Word = .honest) { self.word = word }

    private struct State {
        var callIDs: [String] = []
        var asked: [String: Int] = [:]
        var counts = 0
    }

    private let state = Mutex(State())

    /// The calls that were asked for, in order of arrival.
    var callIDs: [String] { state.withLock { $0.callIDs } }
    var requestCount: Int { state.withLock { $0.callIDs.count } }
    /// Of all calls, those that counted a prompt.
    var countRequests: Int { state.withLock { $0.counts } }
    /// As if none had been asked for; that some have failed is remembered.
    func forgetCalls() { state.withLock { $0.callIDs = [] } }

    /// Every prompt has one to four tokens.
    private func count(_ request: StubRequest) -> StubResponse? {
        guard let json = request.json, let input = json["input"], let callID = request.callID else { return nil }
        state.withLock { state in
            state.callIDs.append(callID)
            state.counts += 1
        }
        let draw = Self.draw(input.jsonText)
        var response: StubResponse = .json(["object": "response.input_tokens", "input_tokens": .int(Int64(1 + draw / 8 % 4))])
        response.latency = Int(2 + draw % 7)
        return response
    }

    func respond(to request: StubRequest) -> StubResponse? {
        if request.path == "/v1/responses/input_tokens" { return count(request) }
        guard let json = request.json, let messages = json["messages"]?.arrayValue, let callID = request.callID else { return nil }
        let model = json["model"]?.stringValue ?? ""
        let texts = messages.map { $0["content"]?.stringValue ?? "" }
        let question = texts.joined(separator: "\u{1}")
        let draw = Self.draw(question)
        // The run's part of the id: each run meets the same failures.
        let run = callID.prefix { $0 != "." }
        let before = state.withLock { state in
            state.callIDs.append(callID)
            defer { state.asked["\(run) \(model) \(question)", default: 0] += 1 }
            return state.asked["\(run) \(model) \(question)", default: 0]
        }
        var response = answer(json, request.number, messages: messages, question: question, model: model, draw: draw, before: before)
        response.latency = Int(2 + draw % 11)
        return response
    }

    private func answer(
        _ json: JSONValue, _ number: Int, messages: [JSONValue], question: String, model: String, draw: UInt64, before: Int
    ) -> StubResponse {
        if question.contains("REFUSED") { return .error(400, "this is refused", type: "invalid_request_error") }
        let soon = [("retry-after-ms", "\(3 + draw % 9)")]
        if model == "down" { return .error(503, "out of order", type: "server_error", headers: soon) }
        let previous = messages.last { $0["role"]?.stringValue == "assistant" }?["content"]?.stringValue
        var text = "(\(String(draw, radix: 36)))"
        if json["response_format"] != nil {
            let good = #"{"score": \#(draw % 10), "word": "\#(String(draw, radix: 36))"}"#
            switch previous {
            case nil: text = draw % 3 == 0 ? "no JSON" : good
            case "no JSON": text = draw % 2 == 0 ? #"{"score": "high"}"# : good
            default: text = good
            }
        }
        if model != "spare", previous == nil, draw % 4 == 0, before < 1 + Int(draw / 4 % 2) {
            switch draw / 8 % (word == .honest ? 3 : 4) {
            // Cut at any byte, whatever it says then of its cost. What is whole before the cut is the answer.
            case 3:
                let way: StubHostility? = draw / 32 % 2 == 0 ? nil : .usageCut
                let whole = way.map { StubResponse.hostile($0, of: json, number: number, saying: text) } ?? .completion(of: json, number: number, saying: text)
                return word == .doubtful && way != nil ? .error(500, "try again", type: "server_error", headers: soon) : whole.cut(at: Double(draw / 64 % 97) / 100)
            case 0: return .error(429, "slow down", type: "requests", code: "rate_limit_exceeded", headers: soon)
            case 1: return .error(500, "try again", type: "server_error", headers: soon)
            default: return .error(529, "overloaded", type: "server_error", headers: soon)
            }
        }
        switch word {
        case .doubtful where draw / 256 % 3 == 0:
            return .hostile(StubHostility.mild[Int(draw / 1024 % 4)], of: json, number: number, saying: text)
        case .hostile where draw / 256 % 4 == 0:
            let ways = StubHostility.mild + [.flood, .absurd]
            return .hostile(ways[Int(draw / 1024 % 6)], of: json, number: number, saying: text, floodBytes: 20_000)
        default: return .completion(of: json, number: number, saying: text)
        }
    }

    /// FNV-1a and a last mixing: the same in every process.
    private static func draw(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var generator = SeededGenerator(seed: hash)
        return generator.next()
    }
}
