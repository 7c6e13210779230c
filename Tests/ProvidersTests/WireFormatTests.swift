import Foundation
import HTTP
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers
@testable import WorkflowLoading

/// A format is a file: what is HTTP, what opens an API and what is settled know nothing of chat completions.
@Suite(.timeLimit(.minutes(5))) struct WireFormatTests {
    /// An API that nobody has: the prompt goes in a query of bytes, and the answer is text up to a full stop.
    private struct Telegram: WireFormat {
        let headers = [("Content-Type", "text/plain"), ("x-version", "1")]

        func header(ofKey key: String) -> (String, String) { ("x-key", key) }
        func path(of request: WireRequest) -> String { "/telegrams/\(request.modelID)" }
        func encode(_ request: WireRequest) -> [UInt8] { bytes(request.request.segments.map(\.text).joined(separator: " STOP ")) }
        func reader(_ answer: ExpectedAnswer) -> any WireReader { Reader() }
        func mostBytes(of answer: ExpectedAnswer) -> Int { 4096 + answer.maxOutputTokens }
        func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) { (CallFailure(.quota, "no stamps"), .notBilled) }
        func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound { throw RawBodyError("telegrams are paid by the word") }

        struct Reader: WireReader {
            private var text = ""
            private var isWhole = false

            mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
                text += String(decoding: bytes, as: UTF8.self)
                isWhole = text.hasSuffix(".")
                return true
            }

            mutating func end(isCut: Bool) {}
            var hasBegun: Bool { !text.isEmpty }
            mutating func takePieces() -> [AnswerPiece] { [] }

            func told(after transport: CallFailure?) -> WireAnswer {
                var usage = UsageReader()
                if isWhole { usage.take(["input_tokens": 3, "output_tokens": 4]) }
                return WireAnswer(
                    outcome: isWhole ? .success(ModelResponse(text: text, finishReason: .stop)) : .failure(transport ?? CallFailure(.malformedResponse, "no stop")),
                    isWhole: isWhole, usage: usage, outputBytes: text.utf8.count, receivedBytes: text.utf8.count, bytesBehindUsage: 0, modelServed: nil, otherModelsServed: [], notes: [],
                    hasAnswer: isWhole, partialText: text)
            }
        }
    }

    /// Says another word each time it is asked, and sees what will be sent.
    private final class Tokens: Credential {
        let seen = Mutex<[HTTPRequest]>([])

        func headers(for request: HTTPRequest) async throws(StepFailure) -> [(String, String)] {
            let number = seen.withLock { seen in
                seen.append(request)
                return seen.count
            }
            await Task.yield()
            if number == 3 { throw StepFailure(.authentication, "the token was taken back") }
            return [("x-token", "t\(number)"), ("x-signature", "\(request.body.count)")]
        }
    }

    private func endpoint(_ server: StubModelServer, _ credential: (any Credential)?) -> Endpoint {
        let configuration = ProviderConfiguration(name: "post", api: .openAIChat, baseURL: server.rootURL, apiKey: nil, headers: [("x-last", "yes")])
        return Endpoint(configuration: configuration, model: nil, modelID: "m1", format: Telegram(), baseURL: server.rootURL, credential: credential)
    }

    @Test func anotherFormatTakesTheSameRoad() async throws {
        let server = try StubModelServer(script: { request in
            request.number == 1 ? .text("it rains.") : request.number == 2 ? .text("it rai") : .error(500, "we are out", type: "t")
        })
        defer { server.stop() }
        let loop = try EventLoop()
        defer { loop.stop() }
        let http = HTTPClient(loop: loop)
        var results: [ModelCallResult] = []
        for _ in 0..<3 {
            let exchange = try await Exchange.make(.sample("post/m1", "how is it"), at: endpoint(server, APIKey("k", in: Telegram())))
            await http.perform(exchange.transfer)
            results.append(exchange.result())
        }
        #expect(results[0].text == "it rains." && results[0].billing == .reported && results[0].counts.output == 4)
        #expect(results[1].failure?.message == "post/m1: no stop" && results[1].partialText == "it rai" && results[1].billing == .unknown)
        #expect(results[2].failure?.kind == .quota && results[2].billing == .notBilled)
        let sent = server.requests[0]
        #expect(sent.path == "/telegrams/m1" && sent.body == bytes("how is it"))
        let names = String(decoding: sent.headerLines, as: UTF8.self).split(separator: "\r\n").map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(names.filter { $0.hasPrefix("x-") || $0 == "content-type" } == ["content-type", "x-version", "x-key", "x-agentctl-call-id", "x-last"])
    }

    @Test func aCredentialIsAskedAnewEachTimeAndSeesTheBytes() async throws {
        let server = try StubModelServer(script: { _ in .text("yes.") })
        defer { server.stop() }
        let tokens = Tokens()
        let endpoint = endpoint(server, tokens)
        for number in 1...2 {
            let exchange = try await Exchange.make(.sample("post/m1", "how is it"), at: endpoint)
            let headers = exchange.transfer.request.headers
            #expect(headers.map(\.0) == ["Content-Type", "x-version", "x-token", "x-signature", "x-agentctl-call-id", "x-last"])
            #expect(headers[2].1 == "t\(number)" && headers[3].1 == "9")
        }
        #expect(tokens.seen.withLock { $0.map(\.url) } == Array(repeating: server.rootURL + "/telegrams/m1", count: 2))
        await #expect(throws: StepFailure.self) { _ = try await Exchange.make(.sample("post/m1"), at: endpoint) }
        #expect(server.requests.isEmpty)
    }

    /// Nothing but the list of formats names one: another is a folder, a case and a line.
    @Test(arguments: ["OpenAIChat", "AnthropicMessages", "OpenAIResponses"]) func noOtherFileKnows(format: String) throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/Providers")
        let own = try FileManager.default.contentsOfDirectory(atPath: sources.appending(path: format).path).map { $0.prefix { $0 != "." && $0 != "+" } }
        #expect(own.contains { $0 == format })
        for case let file as String in FileManager.default.enumerator(atPath: sources.path)! where file.hasSuffix(".swift") && !file.hasPrefix(format + "/") {
            if file == "ModelAPI+Format.swift" { continue }
            // What a comment says of a server is no use of the code.
            let code = try String(contentsOf: sources.appending(path: file), encoding: .utf8).split(separator: "\n").filter { !$0.contains("//") }.joined(separator: "\n")
            let words = Set(code.split { !$0.isLetter && !$0.isNumber }.map(String.init))
            for type in own { #expect(!words.contains(String(type)), "\(file) names \(type)") }
        }
    }

    // MARK: Dialects

    /// What is declared for project files is what the code reads, with the same defaults and the same words.
    @Test func everyDeclaredKeyOfADialectMeansSomething() throws {
        for key in LanguageMapping.dialect.keys {
            let words: [JSONValue]
            switch key.shape {
            case .boolean: words = [false, true]
            case .words(let list): words = list.map(JSONValue.string)
            case .text: words = [.string(key.defaultText ?? ""), "other"]
            default: words = [.string(key.defaultText ?? ""), "other", .null]
            }
            let meanings = words.map { Dialect(DialectSettings([(key.name, $0)].reduce(into: JSONObject()) { $0[$1.0] = $1.1 })) }
            #expect(Set(meanings).count == words.count, "\(key.name)")
            let standard = try #require(key.defaultText.flatMap { text in words.first { $0 == .string(text) || $0.jsonText == text } }, "\(key.name)")
            #expect(meanings[words.firstIndex(of: standard)!] == Dialect(), "\(key.name)")
        }
    }

    // MARK: Bodies of others

    private func bound(_ body: String) -> Result<RawBodyBound, RawBodyError> {
        Result { () throws(RawBodyError) in try OpenAIChat().bound(ofRaw: bytes(body)) }
    }

    @Test(arguments: RecordedRequestTests.cases.filter { $0.name != "attachments" })
    func ourOwnBodiesHaveTheBoundOfTheirRequest(test: RecordedRequestTests.Case) throws {
        let request = test.request()
        let wire = WireRequest(request: request, modelID: "m", dialect: Dialect(test.settings))
        let bound = try OpenAIChat().bound(ofRaw: OpenAIChat().encode(wire))
        #expect(bound.modelID == "m" && bound.outputTokens == request.maxOutputTokens && bound.answers == 1)
        #expect(bound.isStreaming == wire.isStreaming && bound.hasLogprobs == (request.sampling.logprobs == true))
        #expect(bound.asksForUsage == (!wire.isStreaming || wire.dialect.streamUsage))
        #expect(bound.inputTokens > request.segments.reduce(0) { $0 + $1.text.utf8.count } + (request.schema?.source.jsonText.utf8.count ?? 0) * (wire.dialect.structuredOutput == .jsonSchema ? 1 : 0))
    }

    @Test func aRawBodyIsBoundedByAllThatItAsksFor() throws {
        let body = try bound(#"{"model":"m","n":3,"max_tokens":10,"max_completion_tokens":40,"messages":[{"role":"user","content":"hi"}]}"#).get()
        #expect(body.outputTokens == 120 && body.answers == 3)
        #expect(try bound(#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#).get().outputTokens == nil)
        // Six characters of an escape may be thirty-three bytes of what a tokenizer reads.
        let escaped = try bound(#"{"model":"m","messages":[{"role":"user","content":"\ufdfa\ufdfa\ufdfa\ufdfa"}]}"#).get()
        #expect(escaped.inputTokens > 4 * 33)
    }

    @Test(arguments: [
        ("[]", "no JSON object"), (#"{"messages":[{"content":"x"}]}"#, "no model"), (#"{"model":"m"}"#, "no messages"), (#"{"model":"m","messages":[7]}"#, "no object"),
        (#"{"model":"m","messages":[{"content":"x"}],"prediction":{"type":"content","content":"y"}}"#, "'prediction'"),
        (#"{"model":"m","messages":[{"content":"x"}],"service_tier":"priority"}"#, "'service_tier'"),
        (#"{"model":"m","messages":[{"content":[{"type":"image_url","image_url":{"url":"data:"}}]}]}"#, "'image_url'"),
        (#"{"model":"m","messages":[{"content":[{"type":"text","text":"x","image_url":"y"}]}]}"#, "'text'"),
        (#"{"model":"m","messages":[{"role":"assistant","audio":{"id":"a"}}]}"#, "'audio'"), (#"{"model":"m","messages":[{"content":"x"}],"tools":[{"type":"web_search"}]}"#, "'web_search'"),
        (#"{"model":"m","messages":[{"content":"x"}],"n":0}"#, "'n'"), (#"{"model":"m","messages":[{"content":"x"}],"max_tokens":"9"}"#, "'max_tokens'"), (#"{"model":"m","messages":[{"content":7}]}"#, "content"),
    ])
    func whatHasNoBoundSaysWhy(body: String, says: String) {
        guard case .failure(let error) = bound(body) else {
            Issue.record("\(body) has a bound")
            return
        }
        #expect(error.description.contains(says), "\(error)")
    }

    @Test func aRawAnswerTellsItsUsage() {
        let usage = #""usage":{"prompt_tokens":7,"completion_tokens":2}"#
        let document = OpenAIChat().read(raw: bytes(#"{"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],\#(usage)}"#), ExpectedAnswer(maxOutputTokens: 9))
        let stream = OpenAIChat().read(
            raw: bytes(#"data: {"model":"m","choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"# + "\n\ndata: {\"choices\":[],\(usage)}\n\ndata: [DONE]\n\n"), ExpectedAnswer(maxOutputTokens: 9))
        for answer in [document, stream] {
            let reading = answer.usage.reading(promptBytes: 8, outputBytes: answer.outputBytes, missingCacheIsUnknown: true)
            #expect(reading.isFinal && answer.isWhole && reading.counts.input == 7 && reading.counts.output == 2 && answer.modelServed == "m")
        }
        let cut = OpenAIChat().read(raw: bytes(#"data: {"choices":[{"delta":{"content":"hi"}}]}"# + "\n\n"), ExpectedAnswer(maxOutputTokens: 9), isCut: true)
        #expect(!cut.isWhole && cut.outputBytes == 2 && cut.partialText == "hi")
    }
}
