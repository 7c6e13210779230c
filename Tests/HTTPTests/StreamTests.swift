import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct StreamTests {
    @Test(arguments: [0, 2])
    func piecesComeInOrderOnTheLoop(interval: Int) async throws {
        let script: StubModelServer.Script = { _ in
            StubResponse(contentType: "text/event-stream", body: .chunks((0..<50).map { Array("data: \($0)\n\n".utf8) }, interval: interval))
        }
        try await withStub(script: script) { client, server in
            let state = Mutex((parser: ServerSentEventParser(), texts: [String](), heads: 0, isOnLoop: true))
            let response = try await client.stream(
                HTTPRequest(url: server.rootURL),
                onHead: { head in
                    state.withLock { $0.heads += head.status == 200 ? 1 : 100 }
                    return .stream
                },
                onData: { bytes in
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
            let response = try await client.stream(
                completion(server, model: "stub-endless", stream: true),
                onData: { _ in
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
            let response = try await client.stream(
                request, onHead: { $0.status == 200 ? .stream : .collect },
                onData: { _ in
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

extension StreamTests {
    /// What is paused is not read, whatever else the loop has to do, and nothing of it is lost.
    @Test(arguments: [0, 1])
    func whatIsPausedWaits(interval: Int) async throws {
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 4000)
        let script: StubModelServer.Script = { request in
            request.path == "/long" ? StubResponse(body: .chunks(Array(repeating: chunk, count: 100), interval: interval)) : .text("short")
        }
        try await withStub(script: script) { client, server in
            let counts = Mutex((pieces: 0, bytes: 0))
            let transfer = HTTPTransfer(
                HTTPRequest(url: server.rootURL + "/long"), onHead: { _ in .stream },
                onData: { bytes in
                    counts.withLock { counts in
                        counts.pieces += 1
                        counts.bytes += bytes.count
                        return counts.pieces % 40 == 1 ? .pause : .continue
                    }
                })
            let hasEnded = Mutex(false)
            let task = Task {
                await client.perform(transfer)
                hasEnded.withLock { $0 = true }
            }
            for pause in stride(from: 1, to: .max, by: 40) {
                while counts.withLock({ $0.pieces < pause }), !hasEnded.withLock({ $0 }) { _ = try await client.send(HTTPRequest(url: server.rootURL)) }
                if hasEnded.withLock({ $0 }) { break }
                for _ in 0..<3 { _ = try await client.send(HTTPRequest(url: server.rootURL)) }
                #expect(counts.withLock { $0.pieces } == pause)
                client.resume(transfer)
            }
            await task.value
            #expect(counts.withLock { $0.bytes } == 100 * chunk.count)
            #expect(try transfer.result?.get().bodyBytes == 100 * chunk.count)
        }
    }

    @Test func whatIsPausedCanBeCancelled() async throws {
        try await withStub { client, server in
            let isPaused = Mutex(false)
            let transfer = HTTPTransfer(
                completion(server, model: "stub-endless", stream: true), onHead: { _ in .stream },
                onData: { _ in
                    isPaused.withLock { $0 = true }
                    return .pause
                })
            let task = Task { await client.perform(transfer) }
            while !isPaused.withLock({ $0 }) { _ = try await client.send(HTTPRequest(url: server.rootURL)) }
            task.cancel()
            await task.value
            #expect(throws: HTTPError.self) { try transfer.result?.get() }
            // Of one that has ended nothing goes on.
            client.resume(transfer)
            await server.wait { $0.abandoned == 1 }
        }
    }
}
