import Economics
import HTTP
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// The whole road to a server and back, over a real socket.
@Suite(.timeLimit(.minutes(5)))
struct RegistryTests {
    @Test(arguments: [false, true]) func success(stream: Bool) async throws {
        try await withStub { registry, server in
            let result = await registry.call(.sample { $0.stream = stream })
            #expect(result.text == "hello")
            #expect(result.finishReason == .stop)
            #expect(result.billing == .reported)
            #expect(result.usage == TokenUsage(plainInput: 2, cacheRead: 0, plainOutput: 2, reasoning: 0))
            #expect(result.usageRaw.map(json)?["total_tokens"] == 4)
            #expect(result.modelServed == "stub-echo")
            #expect(result.httpStatus == 200)
            #expect((result.timeToFirstToken != nil) == stream)
            let request = try #require(server.requests.first)
            #expect(request.path == "/v1/chat/completions")
            #expect(request.header("content-type") == "application/json")
            #expect(request.callID == "20261121-094815-k3f9q2ab.7")
            #expect(request.header("authorization") == nil)
        }
    }

    @Test func aStreamIsReadToItsEndAndItsConnectionKept() async throws {
        try await withStub { registry, server in
            for _ in 0..<3 { #expect(await registry.call(.sample { $0.stream = true }).text == "hello") }
            #expect(server.counters.connections == 1)
            #expect(server.counters.abandoned == 0)
        }
    }

    @Test(arguments: [false, true]) func theCapOfOutputTokens(stream: Bool) async throws {
        try await withStub { registry, _ in
            let result = await registry.call(.sample("stub/stub-echo", "a long answer to give", maxOutputTokens: 2) { $0.stream = stream })
            #expect(result.finishReason == .length)
            #expect(result.usage?.totalOutput == 2)
        }
    }

    @Test func structuredOutputAndLogprobs() async throws {
        try await withStub { registry, _ in
            let schema = #"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}"#
            let result = await registry.call(.sample("stub/stub-schema", schema: schema) { $0.logprobs = true })
            #expect(result.text.map(json)?["a"]?.intValue != nil)
            let streamed = await registry.call(.sample("stub/stub-schema", schema: schema) { ($0.logprobs, $0.stream) = (true, true) })
            guard case .success(let whole) = result.outcome, case .success(let gathered) = streamed.outcome else {
                Issue.record("no answer")
                return
            }
            #expect(whole.logprobs?["content"]?.arrayValue?.isEmpty == false)
            #expect(gathered.logprobs?["content"] == whole.logprobs?["content"])
        }
    }

    struct Failing: Sendable, CustomTestStringConvertible {
        let model: String
        let kind: FailureKind
        let billing: BillingEvidence
        let status: Int?
        let says: String
        var streams = [false, true]

        var testDescription: String { model }

        init(_ model: String, _ kind: FailureKind, _ billing: BillingEvidence, _ status: Int?, _ says: String, streams: [Bool] = [false, true]) {
            (self.model, self.kind, self.billing, self.status, self.says, self.streams) = (model, kind, billing, status, says, streams)
        }
    }

    static let failing: [Failing] = [
        Failing("stub-400", .badRequest, .notBilled, 400, "stub error 400"),
        Failing("stub-401", .authentication, .notBilled, 401, "no key was sent"),
        Failing("stub-403", .authentication, .notBilled, 403, "stub error 403"),
        Failing("stub-404", .modelNotFound, .notBilled, 404, "http://127.0.0.1:"),
        Failing("stub-408", .timeout, .unknown, 408, "408"),
        Failing("stub-413", .contextLength, .notBilled, 413, "413"),
        Failing("stub-429", .rateLimit, .notBilled, 429, "Rate limit reached"),
        Failing("stub-quota", .quota, .notBilled, 429, "exceeded your current quota"),
        Failing("stub-500", .serverError, .notBilled, 500, "stub error 500"),
        Failing("stub-502", .serverError, .unknown, 502, "stub error 502"),
        Failing("stub-503", .serverError, .notBilled, 503, "stub error 503"),
        Failing("stub-529", .serverError, .notBilled, 529, "stub error 529"),
        Failing("stub-html", .malformedResponse, .unknown, 200, "a web page, not JSON; is base_url the address of the API?"),
        Failing("stub-malformed", .malformedResponse, .unknown, 200, "not JSON"),
        Failing("stub-error-200", .serverError, .unknown, 200, "The model is overloaded"),
        Failing("stub-truncated", .connection, .unknown, 200, "response truncated"),
        Failing("stub-close", .connection, .unknown, nil, "connection lost"),
        Failing("stub-error-stream", .serverError, .unknown, 200, "The model is overloaded", streams: [true]),
        Failing("stub-truncated-stream", .malformedResponse, .unknown, 200, "ended before its end was announced", streams: [true]),
        Failing("stub-cut-stream", .connection, .unknown, 200, "response truncated", streams: [true]),
    ]

    @Test(arguments: failing) func failures(_ failing: Failing) async throws {
        try await withStub { registry, server in
            for stream in failing.streams {
                let result = await registry.call(.sample("stub/\(failing.model)") { $0.stream = stream })
                let failure = try #require(result.failure, "\(stream)")
                #expect(failure.kind == failing.kind, "\(failure)")
                #expect(result.billing == failing.billing)
                #expect(result.httpStatus == failing.status)
                #expect(result.usage == nil)
                #expect(failure.message.hasPrefix("stub/\(failing.model): "))
                #expect(failure.message.contains(failing.says), "\(failure.message)")
            }
            // A provider asks once: only the engine tries again.
            #expect(server.requestCount == failing.streams.count)
        }
    }

    @Test func theTimeToWaitComesWithTheFailure() async throws {
        try await withStub { registry, _ in
            #expect(await registry.call(.sample("stub/stub-429")).failure?.retryAfter == .milliseconds(20))
            #expect(await registry.call(.sample("stub/stub-503")).failure?.retryAfter == .seconds(1))
            #expect(await registry.call(.sample("stub/stub-500")).failure?.retryAfter == nil)
            #expect(await registry.call(.sample("stub/stub-html")).failure?.shouldRetry == false)
        }
    }

    @Test func `T24 an answer that its caller leaves may have been billed`() async throws {
        try await withStub { registry, server in
            let call = Task { await registry.call(.sample("stub/stub-silent")) }
            await server.waitForRequests(1)
            call.cancel()
            let result = await call.value
            #expect(result.failure?.kind == .cancelled)
            #expect(result.billing == .unknown)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func `T24 a stream that breaks off keeps no count for final`() async throws {
        let chunk = #"data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}"# + "\n\n"
        for ending in [StubResponse.Ending.complete, .cut(afterBytes: 0)] {
            try await withStub(script: { _ in
                StubResponse(contentType: "text/event-stream", body: .chunks([bytes(chunk)]), ending: ending)
            }) { registry, _ in
                let result = await registry.call(.sample { $0.stream = true })
                #expect(result.failure != nil)
                #expect(result.billing == .unknown)
                #expect(result.usage == TokenUsage(plainInput: 7, plainOutput: 1))
                #expect(result.timeToFirstToken != nil)
            }
        }
    }

    @Test func `T25 the model of a broken stream is the one that served`() async throws {
        try await withStub { registry, _ in
            let result = await registry.call(.sample("stub/stub-cut-stream") { $0.stream = true })
            #expect(result.failure != nil)
            #expect(result.modelServed == "stub-cut-stream")
        }
    }

    @Test(arguments: [false, true]) func `T26 a success without usage is unknown and not free`(stream: Bool) async throws {
        try await withStub { registry, _ in
            let result = await registry.call(.sample("stub/stub-no-usage") { $0.stream = stream })
            #expect(result.text == "hello")
            #expect(result.usage == nil)
            #expect(result.usageRaw == nil)
            #expect(result.billing == .unknown)
        }
    }

    @Test func `T27 a stream may lose its usage and still be an answer`() async throws {
        let chunks = [#"{"choices":[{"delta":{"content":"ok"}}]}"#, #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#]
        try await withStub(script: { _ in
            StubResponse(
                contentType: "text/event-stream", body: .chunks(chunks.map { bytes("data: \($0)\n\n") }), ending: .cut(afterBytes: 0))
        }) { registry, _ in
            let result = await registry.call(.sample { $0.stream = true })
            #expect(result.text == "ok")
            #expect(result.billing == .unknown)
        }
    }

    @Test func `T28 a failed attempt is a result with its own evidence`() async throws {
        try await withStub { registry, server in
            let first = await registry.call(.sample("stub/stub-503-once"))
            let second = await registry.call(.sample("stub/stub-503-once"))
            #expect(first.failure?.kind == .serverError)
            #expect(first.httpStatus == 503)
            #expect(second.text == "hello")
            #expect(server.requestCount == 2)
        }
    }

    @Test func `T28 a timeout without a body may have been billed`() async throws {
        try await withStub { registry, _ in
            let result = await registry.call(.sample("stub/stub-silent", timeout: .milliseconds(1500)))
            #expect(result.failure?.kind == .timeout)
            #expect(result.billing == .unknown)
            #expect(result.total == .milliseconds(1500))
            #expect(result.httpStatus == nil)
            let stalled = await registry.call(.sample("stub/stub-stall", timeout: .milliseconds(1500)) { $0.stream = true })
            #expect(stalled.failure?.kind == .timeout)
            #expect(stalled.billing == .unknown)
        }
    }

    @Test func `T31 the call's own id goes out with it and the server's is not used`() async throws {
        try await withStub { registry, server in
            _ = await registry.call(.sample())
            #expect(server.requestCount(callID: "20261121-094815-k3f9q2ab.7") == 1)
        }
        try await withStub(dialect: ["call_id_header": nil]) { registry, server in
            _ = await registry.call(.sample())
            #expect(server.requests.first?.callID == nil)
        }
    }

    @Test func `T34 a model without a price has a profile and no invented price`() async throws {
        try await withStub { registry, _ in
            let profile = try registry.profile(of: ModelReference(text: "stub/anything")!)
            #expect(profile.servedID == "anything")
            #expect(profile.contextWindow == nil)
            #expect(PriceBook(catalogue: .shipped).sheet(provider: "stub", model: profile.servedID, at: .now()) == nil)
        }
    }

    @Test func anEndlessStreamIsLeft() async throws {
        let piece = bytes(#"data: {"choices":[{"delta":{"content":"\#(String(repeating: "x", count: 8192))"}}]}"# + "\n\n")
        try await withStub(script: { _ in StubResponse(contentType: "text/event-stream", body: .endless(piece, interval: 1)) }) { registry, server in
            let result = await registry.call(.sample { $0.stream = true })
            #expect(result.failure?.kind == .malformedResponse)
            #expect(result.billing == .unknown)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func aStreamThatComesWhole() async throws {
        let body = json(#"{"model":"m","choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#)
        try await withStub(script: { _ in .json(body) }) { registry, _ in
            let result = await registry.call(.sample { $0.stream = true })
            #expect(result.text == "ok")
            #expect(result.billing == .reported)
            #expect(result.usage?.totalInput == 3)
        }
    }

    @Test(arguments: [false, true]) func anErrorInsideASuccessWithUsageIsBilled(stream: Bool) async throws {
        let body = json(#"{"error":{"message":"gave up","code":502},"usage":{"prompt_tokens":3,"completion_tokens":1}}"#)
        try await withStub(script: { _ in .json(body) }) { registry, _ in
            let result = await registry.call(.sample { $0.stream = stream })
            #expect(result.failure?.kind == .serverError)
            #expect(result.billing == .reported)
            #expect(result.usage == TokenUsage(plainInput: 3, plainOutput: 1))
        }
    }

    @Test(arguments: [
        ("{}", "the answer has no choices"), ("[]", "the answer has no choices"), (#"{"choices":[]}"#, "the answer has no choices"),
        (#"{"choices":[{"message":{}}]}"#, "the answer's message has no text"),
        (#"{"choices":[{"message":{"content":7}}]}"#, "the answer's message has no text"),
        (#"{"choices":[{"message":{"content":"half"},"finish_reason":"error","error":{"code":502,"message":"Upstream gone"}}]}"#, "Upstream gone"),
        ("", "the answer is empty"), (" \n", "the answer is empty"),
    ])
    func answersThatAreNone(body: String, says: String) async throws {
        try await withStub(script: { _ in StubResponse(body: .bytes(bytes(body))) }) { registry, _ in
            for stream in [false, true] {
                let result = await registry.call(.sample { $0.stream = stream })
                #expect(result.failure?.message.contains(says) == true, "\(String(describing: result.failure))")
                #expect(result.billing == .unknown)
            }
        }
    }

    @Test func aRefusalInTheAPIsOwnField() async throws {
        let body = json(#"{"choices":[{"message":{"content":null,"refusal":"I can't help with that."},"finish_reason":"stop"}]}"#)
        try await withStub(script: { _ in .json(body) }) { registry, _ in
            guard case .success(let response) = await registry.call(.sample()).outcome else {
                Issue.record("no answer")
                return
            }
            #expect(response.refusal == "I can't help with that.")
            #expect(response.text.isEmpty)
        }
    }

    @Test(arguments: [false, true]) func aRefusalWhoseBodyBreaksOffIsStillARefusal(stream: Bool) async throws {
        try await withStub(script: { _ in
            StubResponse(status: 429, headers: [("retry-after", "2")], body: .bytes(bytes(#"{"error":{"message":"slow down"}}"#)), ending: .cut(afterBytes: 9))
        }) { registry, _ in
            let result = await registry.call(.sample { $0.stream = stream })
            #expect(result.failure?.kind == .rateLimit)
            #expect(result.failure?.retryAfter == .seconds(2))
            #expect(result.billing == .notBilled)
        }
    }

    @Test func anUnreachableServer() async throws {
        let port = try DeafPort()
        defer { withExtendedLifetime(port) {} }
        let url = port.baseURL
        let provider = ProviderConfiguration(name: "gone", api: .openAIChat, baseURL: url, apiKey: nil)
        try await withRegistry([provider]) { registry in
            for stream in [false, true] {
                let result = await registry.call(.sample("gone/m") { $0.stream = stream })
                #expect(result.failure?.kind == .connection)
                #expect(result.failure?.message.hasSuffix("(\(url))") == true)
                #expect(result.billing == .notBilled)
            }
        }
    }
}
