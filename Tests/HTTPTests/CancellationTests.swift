import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct CancellationTests {
    @Test(arguments: [true, false])
    func serverSeesTheDisconnect(onLoop: Bool) async throws {
        try await withStub { client, server in
            let work: @Sendable @concurrent () async -> HTTPError = {
                await failure { () async throws(HTTPError) in try await client.send(completion(server, model: "stub-silent")) }
            }
            let task = onLoop ? Task(executorPreference: client.loop, operation: work) : Task(operation: work)
            await server.waitForRequests(1)
            task.cancel()
            let error = await task.value
            #expect(error.code == .cancelled)
            #expect(error.requestWasSent)
            await server.wait { $0.abandoned == 1 && $0.openConnections == 0 }
        }
    }

    @Test func beforeItBegins() async throws {
        try await withStub { client, server in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure { () async throws(HTTPError) in try await client.send(completion(server)) }
            }
            let error = await task.value
            #expect(error.code == .cancelled)
            #expect(!error.requestWasSent)
            #expect(server.requestCount == 0)
        }
    }

    @Test func insideAStream() async throws {
        try await withStub { client, server in
            let (pieces, continuation) = AsyncStream<Int>.makeStream()
            let task = Task {
                await failure { () async throws(HTTPError) in
                    try await client.stream(
                        completion(server, model: "stub-endless", stream: true),
                        onData: { bytes in
                            continuation.yield(bytes.count)
                            return .continue
                        })
                }
            }
            var iterator = pieces.makeAsyncIterator()
            for _ in 0..<3 { _ = await iterator.next() }
            task.cancel()
            let error = await task.value
            #expect(error.code == .cancelled)
            #expect(error.responseBytes > 0)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func aCrowdAtOnce() async throws {
        try await withStub { client, server in
            let task = Task {
                await withTaskGroup(of: HTTPError.Code.self) { group in
                    for _ in 0..<300 {
                        group.addTask(executorPreference: client.loop) {
                            await failure { () async throws(HTTPError) in try await client.send(completion(server, model: "stub-silent")) }.code
                        }
                    }
                    return await group.reduce(into: 0) { if $1 == .cancelled { $0 += 1 } }
                }
            }
            await server.waitForRequests(300)
            task.cancel()
            #expect(await task.value == 300)
            await server.wait { $0.abandoned == 300 }
            // The client is as good as new.
            let again = try await client.send(completion(server))
            #expect(again.status == 200)
        }
    }

    @Test func stoppingTheLoopFailsWhatIsInFlight() async throws {
        let server = try StubModelServer()
        defer { server.stop() }
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop)
        let task = Task(executorPreference: loop) {
            await failure { () async throws(HTTPError) in try await client.send(completion(server, model: "stub-silent")) }
        }
        await server.waitForRequests(1)
        loop.stop()
        let error = await task.value
        #expect(error.code == .loopStopped)
        #expect(error.requestWasSent)
        await server.wait { $0.openConnections == 0 }
        // Later calls fail rather than wait for a thread that is gone.
        let late = await failure { () async throws(HTTPError) in try await client.send(completion(server)) }
        #expect(late.code == .loopStopped)
        #expect(!late.requestWasSent)
        #expect(server.requestCount == 1)
    }
}
