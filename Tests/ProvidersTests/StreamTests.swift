import Economics
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Streams as servers send them, gathered to an answer.
@Suite struct StreamTests {
    /// Whole events, as OpenAI sends them.
    static let openAI = """
        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"Grüß"},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"e 🎈"},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}

        data: [DONE]


        """

    private func gather(_ text: String, cap: Int = 64, isCut: Bool = false) -> AnswerReader {
        var stream = AnswerReader(maxOutputTokens: cap)
        bytes(text).withUnsafeBytes { _ = stream.push($0) }
        stream.end(isCut: isCut)
        return stream
    }

    private func chunk(_ text: String, finish: String? = nil, more: String = "") -> String {
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        return #"data: {"model":"m","choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(reason)}]\#(more)}"# + "\n\n"
    }

    private let usage = #""usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}"#

    @Test func usageInAChunkWithEmptyChoices() {
        let stream = gather(Self.openAI)
        #expect(stream.text == "Grüße 🎈")
        #expect(stream.response.finishReason == .stop)
        #expect(stream.isDone)
        #expect(stream.failure == nil)
        #expect(stream.modelServed == "gpt-4o-mini-2024-07-18")
        #expect(stream.usage() == TokenUsage(plainInput: 9, cacheRead: 0, plainOutput: 3, reasoning: 0))
        #expect(stream.usageRaw?.hasPrefix(#"{"prompt_tokens":9,"#) == true)
    }

    @Test func piecesCutAnywhereGiveTheSame() {
        let whole = bytes(Self.openAI)
        for size in [1, 2, 3, 7, 64, 1000] {
            var stream = AnswerReader(maxOutputTokens: 64)
            for start in stride(from: 0, to: whole.count, by: size) {
                let goesOn = Array(whole[start..<min(start + size, whole.count)]).withUnsafeBytes { stream.push($0) }
                #expect(goesOn)
            }
            stream.end(isCut: false)
            #expect(stream.text == "Grüße 🎈")
            #expect(stream.isDone)
            #expect(stream.usage()?.totalInput == 9)
        }
    }

    @Test func usageInTheLastChunk() {
        let stream = gather(chunk("a") + chunk("b", finish: "stop", more: "," + usage) + "data: [DONE]\n\n")
        #expect(stream.text == "ab")
        #expect(stream.usage() == TokenUsage(plainInput: 7, plainOutput: 2))
    }

    @Test func usageInAChunkWithAnEmptyDelta() {
        // LiteLLM keeps a choice in its last chunk.
        let stream = gather(chunk("a", finish: "length") + #"data: {"model":"m","choices":[{"index":0,"delta":{}}],\#(usage)}"# + "\n\ndata: [DONE]\n\n")
        #expect(stream.response.finishReason == .length)
        #expect(stream.usage()?.totalOutput == 2)
    }

    @Test func usageInGroqsOwnObject() {
        let own = #","x_groq":{"id":"req_1",\#(usage)}"#
        #expect(gather(chunk("a", finish: "stop", more: own)).usage()?.totalInput == 7)
        #expect(gather(chunk("a", finish: "stop", more: #","usage":null"# + own)).usage()?.totalInput == 7)
    }

    @Test func timingsOfLlamaCpp() {
        let timings = #","timings":{"cache_n":5,"prompt_n":2}"#
        let stream = gather(chunk("a", finish: "stop") + #"data: {"choices":[],\#(usage)\#(timings)}"# + "\n\ndata: [DONE]\n\n")
        #expect(stream.usage() == TokenUsage(plainInput: 2, cacheRead: 5, plainOutput: 2))
    }

    @Test func `T23 running counts are cumulative: the last one counts`() {
        let running = (1...3).map { chunk("a", more: #","usage":{"prompt_tokens":7,"completion_tokens":\#($0),"total_tokens":\#(7 + $0)}"#) }
        let stream = gather(running.joined() + chunk("", finish: "stop", more: #","usage":null"#) + "data: [DONE]\n\n")
        #expect(stream.usage() == TokenUsage(plainInput: 7, plainOutput: 3))
    }

    @Test func withoutDone() {
        let stream = gather(chunk("a") + chunk("", finish: "stop", more: "," + usage))
        #expect(stream.isDone)
        #expect(stream.response.finishReason == .stop)
        #expect(stream.failure == nil)
        // Nor the blank line after the last event.
        let bare = gather(chunk("a") + #"data: {"choices":[{"delta":{},"finish_reason":"stop"}],\#(usage)}"#)
        #expect(bare.response.finishReason == .stop)
        #expect(bare.usage() != nil)
    }

    @Test func anErrorInsideTheStream() {
        let stream = gather(chunk("a") + #"data: {"error":{"message":"Overloaded","type":"server_error","code":503}}"# + "\n\n" + chunk("b"))
        #expect(stream.failure?.kind == .serverError)
        #expect(stream.failure?.message == "the server reported an error: Overloaded")
        #expect(stream.text == "a")
    }

    @Test(arguments: ["error", "abort", "insufficient_system_resource"])
    func aServerThatGivesUp(reason: String) {
        let stream = gather(chunk("a") + chunk("", finish: reason, more: "," + usage) + "data: [DONE]\n\n")
        #expect(stream.failure?.kind == .serverError)
        #expect(stream.usage() != nil)
    }

    @Test func openRoutersErrorInAChunkWithChoices() {
        let stream = gather(
            ": OPENROUTER PROCESSING\n\n" + chunk("a")
                + #"data: {"id":"x","error":{"code":429,"message":"Provider is busy"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#
                + "\n\n")
        #expect(stream.failure?.kind == .rateLimit)
    }

    @Test func aChunkThatIsNotJSON() {
        #expect(gather(chunk("a") + "data: {oops}\n\n").failure?.kind == .malformedResponse)
    }

    @Test func anEndlessStreamIsStoppedAtItsCap() {
        var stream = AnswerReader(maxOutputTokens: 10)
        let piece = bytes(chunk(String(repeating: "x", count: 4096)))
        var pieces = 0
        while piece.withUnsafeBytes({ stream.push($0) }), pieces < 1000 { pieces += 1 }
        #expect(pieces < 20)
        #expect(stream.failure == CallFailure(.malformedResponse, "the stream did not end at its cap of output tokens"))
    }

    @Test func anEndlessLineIsStopped() {
        var stream = AnswerReader(maxOutputTokens: 10)
        bytes("data: ").withUnsafeBytes { _ = stream.push($0) }
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var pieces = 0
        while piece.withUnsafeBytes({ stream.push($0) }), pieces < 100 { pieces += 1 }
        #expect(pieces <= 8)
        #expect(stream.failure?.kind == .malformedResponse)
    }

    @Test func whatComesAfterTheEndIsIgnored() {
        var stream = gather(Self.openAI)
        let goesOn = bytes(chunk("more") + "data: {oops}\n\n" + #"data: {"error":{"message":"late"}}"# + "\n\n").withUnsafeBytes { stream.push($0) }
        #expect(goesOn)
        #expect(stream.failure == nil)
        #expect(stream.text == "Grüße 🎈")
    }

    @Test func reasoningBeginsTheAnswerAndIsNoPartOfIt() {
        var stream = AnswerReader(maxOutputTokens: 10)
        bytes(#"data: {"choices":[{"delta":{"role":"assistant","content":null}}]}"# + "\n\n").withUnsafeBytes { _ = stream.push($0) }
        #expect(!stream.hasBegun)
        bytes(#"data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}"# + "\n\n").withUnsafeBytes { _ = stream.push($0) }
        #expect(stream.hasBegun)
        #expect(stream.text.isEmpty)
    }

    @Test func refusalsAndLogprobsAreJoined() {
        let stream = gather(
            """
            data: {"choices":[{"delta":{"refusal":"I "},"logprobs":{"content":[{"token":"I"}]}}]}

            data: {"choices":[{"delta":{"refusal":"won't"},"logprobs":{"content":[{"token":"won't"}]},"finish_reason":"stop"}]}


            """)
        #expect(stream.response.refusal == "I won't")
        #expect(stream.response.logprobs == json(#"{"content":[{"token":"I"},{"token":"won't"}]}"#))
    }

    @Test func anEmptyModelNameIsNotTheOneThatServed() {
        #expect(gather(#"data: {"model":"","choices":[]}"# + "\n\n" + chunk("a")).modelServed == "m")
    }
}

extension AnswerReader {
    fileprivate var text: String { answer.text }
    fileprivate var failure: CallFailure? { answer.failure }
    fileprivate var response: ModelResponse { answer.response }
    fileprivate var isDone: Bool { answer.isEndAnnounced }
    fileprivate var modelServed: String? { answer.modelServed }
    fileprivate var hasBegun: Bool { answer.hasBegun }
    fileprivate var usageRaw: String? { answer.usage.raw }

    fileprivate func usage() -> TokenUsage? {
        answer.usage.reading(promptBytes: 0, outputBytes: answer.outputBytes, missingCacheIsUnknown: true).counts.usage
    }
}
