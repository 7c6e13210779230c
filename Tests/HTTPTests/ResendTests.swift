import HTTP
import TestSupport
import Testing
import Values

/// libcurl sends a request again when a kept-alive connection ends without an answer. A model call costs money each time.
@Suite(.timeLimit(.minutes(5)))
struct ResendTests {
    @Test(arguments: [("POST", 0), ("POST", 20), ("POST", 65_535), ("POST", 70_000), ("POST", 2 << 20), ("GET", 0), ("PUT", 100)])
    func oneRequestPerSend(method: String, size: Int) async throws {
        // Serves the first request of each connection, reads the second one fully, and closes.
        let served = Mutex<Set<Int>>([])
        let script: StubModelServer.Script = { request in
            served.withLock { $0.insert(request.connection).inserted } ? .text("ok") : StubResponse(ending: .noAnswer)
        }
        try await withStub(script: script) { client, server in
            let request = HTTPRequest(method: method, url: server.rootURL, body: Array(repeating: 0x61, count: size))
            for round in 1...3 {
                let answer = try await client.send(request)
                #expect(answer.text == "ok")
                let error = await failure { () async throws(HTTPError) in try await client.send(request) }
                #expect(error.code == .resent)
                #expect(error.requestWasSent)
                #expect(error.responseBytes == 0)
                #expect(server.requestCount == 2 * round)
                #expect(server.counters.connections == round)
            }
        }
    }

    @Test func amongManyConnections() async throws {
        // Other idle connections wait in the pool: the second attempt must not take one of them either.
        let deaths = Counter()
        let script: StubModelServer.Script = { _ in
            deaths.value > 0 ? StubResponse(ending: .noAnswer) : StubResponse(latency: 50)
        }
        try await withStub(script: script) { client, server in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try? await client.send(HTTPRequest(method: "POST", url: server.rootURL, body: [1])) } }
            }
            #expect(server.requestCount == 20)
            deaths.add()
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(method: "POST", url: server.rootURL, body: [1])) }
            #expect(error.code == .resent)
            #expect(server.requestCount == 21)
            #expect(server.counters.connections <= 20)
        }
    }

    @Test(arguments: [100, 4 << 20])
    func closedAfterTheHead(size: Int) async throws {
        // The connection ends before the server has read any of the body; libcurl may not have begun to send it.
        let heads = Counter()
        let server = RawServer { connection, _ in
            guard connection.readHead() != nil else { return }
            heads.add()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            guard connection.readHead() != nil else { return }
            heads.add()
        }
        defer { server.stop() }
        try await withClient { client in
            _ = try await client.send(HTTPRequest(url: server.url))
            let request = HTTPRequest(method: "POST", url: server.url, body: Array(repeating: 0x61, count: size))
            let error = await failure { () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .resent || error.code == .connectionLost)
            #expect(error.requestWasSent)
            // A further request opens a connection of its own: only then is it certain that no second head was under way.
            _ = try await client.send(HTTPRequest(url: server.url))
            #expect(heads.value == 3)
        }
    }

    @Test func idleConnectionThatTheServerClosedIsReplaced() async throws {
        let (closed, continuation) = AsyncStream<Void>.makeStream()
        let server = RawServer { connection, _ in
            guard connection.readHead() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            // The end of the handler closes the connection, which the client reads as idle by then.
            continuation.yield()
        }
        defer { server.stop() }
        try await withClient { client in
            var rounds = closed.makeAsyncIterator()
            for _ in 0..<5 {
                do throws(HTTPError) {
                    let answer = try await client.send(HTTPRequest(method: "POST", url: server.url, body: [1]))
                    #expect(answer.text == "ok")
                } catch {
                    // The close may cross the request, and then it is not repeated.
                    #expect(error.code == .resent)
                    continue
                }
                _ = await rounds.next()
            }
        }
    }
}
