import HTTP
import Testing
import TestSupport
import Values

@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    @Test(arguments: [0, 2])
    func piecesComeInOrderOnTheLoop(interval: Int) async throws {
        let script: StubModelServer.Script = { _ in
            StubResponse(contentType: "text/event-stream", body: .chunks((0..<50).map { Array("data: \($0)\n\n".utf8) }, interval: interval))
        }
        try await withStub(script: script) { client, server in
            let state = Mutex((parser: ServerSentEventParser(), texts: [String](), heads: 0, isOnLoop: true))
            let response = try await client.stream(HTTPRequest(url: server.rootURL), onHead: { head in
                state.withLock { $0.heads += head.status == 200 ? 1 : 100 }
                return .stream
            }, onData: { bytes in
                state.withLock { state in
                    state.isOnLoop = state.isOnLoop && client.loop.isCurrent
                    guard let events = try? state.parser.push(bytes) else { return .stop }
                    state.texts += events.map(\.text)
                    return .continue
                }
            })
            #expect(state.withLock { $0.texts } == (0..<50).map { "\($0)" })
            #expect(state.withLock { $0.heads } == 1)
            #expect(state.withLock { $0.isOnLoop })
            #expect(response.body.isEmpty)
            #expect(response.bodyBytes > 400)
            #expect(!response.wasStopped)
        }
    }

    @Test func consumerStopsEarly() async throws {
        try await withStub { client, server in
            let count = Counter()
            let response = try await client.stream(completion(server, model: "stub-endless", stream: true), onData: { _ in
                count.add() == 3 ? .stop : .continue
            })
            #expect(response.wasStopped)
            #expect(response.status == 200)
            #expect(count.value == 3)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func headDecides() async throws {
        try await withStub { client, server in
            let request = completion(server, model: "stub-429", stream: true)
            let response = try await client.stream(request, onHead: { $0.status == 200 ? .stream : .collect }, onData: { _ in
                Issue.record("an error body was streamed")
                return .stop
            })
            #expect(response.status == 429)
            #expect(response.headers["retry-after"] == "1")
            #expect(response.json["error"]?["code"] == "rate_limit_exceeded")
            let stopped = try await client.stream(request, onHead: { _ in .stop }, onData: { _ in .continue })
            #expect(stopped.wasStopped)
            #expect(stopped.body.isEmpty)
        }
    }
}
