import HTTP
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// An answer that is handed on while it comes.
@Suite(.timeLimit(.minutes(5))) struct PieceTests {
    private actor Collector: AnswerSink {
        private(set) var begun = 0
        private(set) var pieces: [AnswerPiece] = []
        private let onTake: @Sendable (Int) async -> Void

        init(onTake: @escaping @Sendable (Int) async -> Void = { _ in }) { self.onTake = onTake }

        func begin() {
            begun += 1
            #expect(pieces.isEmpty)
        }

        func take(_ piece: AnswerPiece) async {
            pieces.append(piece)
            await onTake(pieces.count)
        }

        var text: String { pieces.map { piece in if case .text(let text) = piece { text } else { "" } }.joined() }
    }

    private static func chunk(_ delta: JSONValue, finish: JSONValue = nil) -> [UInt8] {
        let document: JSONValue = ["choices": [["index": 0, "delta": delta, "finish_reason": finish]]]
        return bytes("data: \(document.jsonText)\n\n")
    }

    private static func stream(_ chunks: [[UInt8]], interval: Int = 0) -> StubResponse {
        StubResponse(contentType: "text/event-stream", body: .chunks(chunks + [bytes("data: [DONE]\n\n")], interval: interval))
    }

    @Test func eachPieceIsHandedOnInItsOrder() async throws {
        let answer = Self.stream(
            [
                Self.chunk(["role": "assistant"]), Self.chunk(["reasoning": "Hm"]), Self.chunk(["reasoning": ", yes"]), Self.chunk(["content": "Grü"]), Self.chunk(["content": "ße"]),
                Self.chunk(["tool_calls": [["index": 0, "id": "1", "function": ["name": "look", "arguments": "{}"]]]]), Self.chunk(["refusal": "no"]), Self.chunk([:], finish: "stop"),
            ], interval: 1)
        try await withStub(script: { _ in answer }) { registry, _ in
            let sink = Collector()
            let result = await registry.call(.sample { $0.stream = true }, into: sink)
            #expect(await sink.pieces == [.reasoning("Hm"), .reasoning(", yes"), .text("Grü"), .text("ße"), .refusal("no")])
            #expect(await sink.begun == 1)
            guard case .success(let response) = result.outcome else {
                Issue.record("\(result.outcome)")
                return
            }
            #expect(response.parts == [.reasoning("Hm, yes"), .text("Grüße"), .refusal("no"), .toolCall(ToolCall(id: "1", name: "look", arguments: "{}"))])
            #expect(result.timeToFirstToken != nil)
        }
    }

    @Test(arguments: [false, true]) func theResultIsThatOfACallWithoutASink(stream: Bool) async throws {
        try await withStub { registry, server in
            for model in ["stub-echo", "stub-error-stream", "stub-429", "stub-cut-stream", "stub-malformed", "stub-close"] {
                let sink = Collector()
                let plain = await registry.call(.sample("stub/\(model)", "one two three") { $0.stream = stream })
                let handed = await registry.call(.sample("stub/\(model)", "one two three") { $0.stream = stream }, into: sink)
                #expect(handed.text == plain.text && handed.failure?.kind == plain.failure?.kind && handed.billing == plain.billing && handed.counts == plain.counts, "\(model)")
                let told = await sink.text
                #expect(told == handed.text ?? handed.partialText ?? "", "\(model)")
                #expect(await sink.begun == (told.isEmpty ? 0 : 1))
            }
            #expect(server.requestCount == 12)
        }
    }

    @Test func aDocumentIsOnePiece() async throws {
        try await withStub { registry, _ in
            let sink = Collector()
            _ = await registry.call(.sample { $0.stream = false }, into: sink)
            #expect(await sink.pieces == [.text("hello")])
        }
    }

    /// The whole message behind its pieces is not told again; where it goes on, the rest is.
    @Test func aClosingMessageIsToldOnce() async throws {
        let closing: JSONValue = ["choices": [["index": 0, "message": ["content": "abcd"], "finish_reason": "stop"]]]
        try await withStub(script: { _ in Self.stream([Self.chunk(["content": "ab"]), Self.chunk(["content": "c"]), bytes("data: \(closing.jsonText)\n\n")]) }) { registry, _ in
            let sink = Collector()
            let result = await registry.call(.sample { $0.stream = true }, into: sink)
            #expect(result.text == "abcd")
            #expect(await sink.text == "abcd")
        }
    }

    @Test func noPieceHoldsAPartOfASecret() async throws {
        let key = "sk-canary-0123456789abcdefXYZ"
        try await withStub(key: key, script: { _ in Self.stream("it is \(key), again \(key)".map { Self.chunk(["content": .string(String($0)), "reasoning": .string(String($0))]) } + [Self.chunk([:], finish: "stop")]) }) { registry, _ in
            let sink = Collector()
            let result = await registry.call(.sample { $0.stream = true }, into: sink)
            #expect(result.text == "it is ***, again ***")
            #expect(await sink.text == "it is ***, again ***")
            let reasoning = await sink.pieces.map { piece in if case .reasoning(let text) = piece { text } else { "" } }.joined()
            #expect(reasoning == "it is ***, again ***")
        }
    }

    /// A taker that is slower than its server gets all of it, and what waits for it is bounded.
    @Test func aSlowTakerSlowsTheServerDown() async throws {
        let piece = String(repeating: "0123456789abcdef", count: 64)
        let count = 500
        try await withStub(script: { request in
            request.json?["messages"]?[0]?["content"] == "other" ? .text("other") : Self.stream(Array(repeating: Self.chunk(["content": .string(piece)]), count: count) + [Self.chunk([:], finish: "stop")])
        }) { registry, server in
            let sink = Collector { taken in
                // While the first pieces are being taken, the loop is free to read on, and must not.
                if taken <= 3 { for _ in 0..<3 { _ = await registry.call(.sample("stub/m", "other")) } }
            }
            let result = await registry.call(.sample("stub/m", maxOutputTokens: 100_000, timeout: .seconds(600)) { $0.stream = true }, into: sink)
            #expect(result.failure == nil)
            #expect(await sink.text.utf8.count == count * piece.utf8.count)
            #expect(result.text?.utf8.count == count * piece.utf8.count)
            #expect(server.requestCount == 10)
        }
    }

    /// Settled 42: to leave is to cancel.
    @Test func whoLeavesEndsTheTransfer() async throws {
        try await withStub { registry, server in
            let task = Mutex<Task<ModelCallResult, Never>?>(nil)
            let sink = Collector { _ in task.withLock { $0?.cancel() } }
            let call = Task { () -> ModelCallResult in
                while task.withLock({ $0 == nil }) { await Task.yield() }
                return await registry.call(.sample("stub/stub-endless") { $0.stream = true }, into: sink)
            }
            task.withLock { $0 = call }
            let result = await call.value
            #expect(result.failure?.kind == .cancelled)
            #expect(result.billing == .unknown)
            await server.wait { $0.abandoned == 1 }
        }
    }

    // MARK: The queue

    @Test func aFullQueueAsksForMoreOnceItIsTaken() async {
        let queue = PieceQueue(.none)
        let half = AnswerPiece.text(String(repeating: "x", count: PieceQueue.mostBytes / 2))
        #expect(queue.add([half], hasBegun: true))
        #expect(!queue.add([half], hasBegun: true))
        let asked = Mutex(0)
        let sink = Collector { taken in if taken == 2 { queue.close() } }
        await queue.hand(to: sink) { asked.withLock { $0 += 1 } }
        #expect(asked.withLock { $0 } == 1)
        #expect(await sink.pieces == [half, half])
    }

    /// A token that is no text, such as a tool's name, begins the answer too.
    @Test func theBeginningIsToldBeforeAnyPiece() async {
        let queue = PieceQueue(.none)
        #expect(queue.add([], hasBegun: false) && queue.add([], hasBegun: true))
        let sink = Collector()
        async let handing: Void = queue.hand(to: sink) {}
        while await sink.begun == 0 { await Task.yield() }
        queue.close()
        await handing
        #expect(await sink.pieces.isEmpty)
    }

    /// A provider that has no pieces hands its answer on as one of each part.
    @Test func aProviderWithoutPiecesHandsOnParts() async {
        struct Whole: ModelProvider {
            func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile { ModelProfile(reference: model, servedID: "m", contextWindow: nil, maxConcurrency: nil) }
            func prepare(_ model: ModelReference) async throws(StepFailure) {}
            func call(_ request: ModelRequest) async -> ModelCallResult {
                let parts: [ModelResponse.Part] = [.reasoning(""), .text("a"), .toolCall(ToolCall(name: "t")), .text("b")]
                return ModelCallResult(outcome: .success(ModelResponse(parts: parts, finishReason: .stop)), billing: .reported, total: .milliseconds(1))
            }
        }
        let sink = Collector()
        #expect(await Whole().call(.sample(), into: sink).text == "ab")
        #expect(await sink.pieces == [.text("a"), .text("b")])
        #expect(await sink.begun == 1)
    }
}
