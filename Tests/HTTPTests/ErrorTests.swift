import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct ErrorTests {
    @Test func nobodyListens() async throws {
        let port = try DeafPort()
        defer { withExtendedLifetime(port) {} }
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: port.baseURL + "/chat/completions", body: Array("{}".utf8))
            let error = await failure { () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .couldNotConnect)
            #expect(error.curlCode == 7)
            #expect(!error.requestWasSent)
            #expect(error.message.contains("127.0.0.1"))
            #expect(error.head == nil)
        }
    }

    @Test func noAnswerInTime() async throws {
        try await withStub { client, server in
            var request = completion(server, model: "stub-silent")
            request.timeout = .milliseconds(1500)
            let error = await failure { () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .timedOut)
            #expect(error.requestWasSent)
            #expect(error.timings.total >= 1_500_000)
            // The server sees that nobody waits any more.
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func noConnectionInTime() async throws {
        // The TCP connection stands, the TLS handshake gets no answer: nothing of the request was sent.
        let server = RawServer { connection, _ in connection.waitForClose() }
        defer { server.stop() }
        try await withClient { client in
            var request = HTTPRequest(url: "https://127.0.0.1:\(server.port)/")
            request.connectTimeout = .milliseconds(1500)
            let error = await failure { [request] () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .timedOut)
            #expect(!error.requestWasSent)
        }
    }

    @Test func streamFallsSilent() async throws {
        try await withStub { client, server in
            var request = completion(server, model: "stub-stall", stream: true)
            request.idleTimeout = .milliseconds(1500)
            let error = await failure { [request] () async throws(HTTPError) in try await client.stream(request, onData: { _ in .continue }) }
            #expect(error.code == .idleTimedOut)
            #expect(error.requestWasSent)
            #expect(error.head?.status == 200)
            #expect(error.responseBytes > 0)
            #expect(error.partialBody.isEmpty)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func slowAnswersAreNotIdle() async throws {
        // The limit is on silence within the answer, neither on the wait for it nor on its length.
        let script: StubModelServer.Script = { _ in
            StubResponse(body: .chunks(Array(repeating: [0x61], count: 12), interval: 20), latency: 700)
        }
        try await withStub(script: script) { client, server in
            let response = try await client.send(HTTPRequest(url: server.rootURL, idleTimeout: .milliseconds(600)))
            #expect(response.body.count == 12)
        }
    }

    @Test func endlessStreamIsBounded() async throws {
        try await withStub { client, server in
            var request = completion(server, model: "stub-endless", stream: true)
            request.maxResponseBytes = 5_000
            let error = await failure { [request] () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .responseTooLarge)
            #expect(error.requestWasSent)
            #expect(error.responseBytes > 5_000)
            #expect(!error.partialBody.isEmpty && error.partialBody.count <= 5_000)
            await server.wait { $0.abandoned == 1 }
        }
    }

    @Test func endlessHeadIsBounded() async throws {
        let server = RawServer { connection, _ in
            _ = connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\n")
            for _ in 0..<400 { connection.send("X: " + String(repeating: "a", count: 1000) + "\r\n") }
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient { client in
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: server.url)) }
            #expect(error.code == .responseTooLarge)
        }
    }

    @Test(arguments: [("stub-truncated", false), ("stub-cut-stream", true)])
    func answerBreaksOff(model: String, stream: Bool) async throws {
        try await withStub { client, server in
            let text = String(repeating: "long ", count: 100)
            let error = await failure { () async throws(HTTPError) in try await client.send(completion(server, model: model, text, stream: stream)) }
            #expect(error.code == .truncated)
            #expect(error.requestWasSent)
            #expect(error.head?.status == 200)
            #expect(error.responseBytes == error.partialBody.count)
            #expect(error.responseBytes > 100)
        }
    }

    @Test func partialBodyIsBounded() async throws {
        let script: StubModelServer.Script = { _ in
            StubResponse(body: .bytes(Array(repeating: 0x61, count: 300_000)), ending: .cut(afterBytes: 200_000))
        }
        try await withStub(script: script) { client, server in
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: server.rootURL)) }
            #expect(error.code == .truncated)
            #expect(error.responseBytes == 200_000)
            #expect(error.partialBody.count == HTTPError.partialBodyLimit)
        }
    }

    @Test func closedWithoutAnswer() async throws {
        try await withStub { client, server in
            let error = await failure { () async throws(HTTPError) in try await client.send(completion(server, model: "stub-close")) }
            #expect(error.code == .connectionLost)
            #expect(error.requestWasSent)
            #expect(server.requestCount == 1)
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
    func notHTTP(bytes: String) async throws {
        let script: StubModelServer.Script = { _ in StubResponse(body: .bytes(Array(bytes.utf8)), ending: .raw) }
        try await withStub(script: script) { client, server in
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: server.rootURL)) }
            #expect(error.code == .malformedResponse || error.code == .truncated)
            #expect(error.requestWasSent)
        }
    }

    @Test func errorsDescribeThemselves() {
        let error = HTTPError(.timedOut, "after 5s", requestWasSent: true)
        #expect("\(error)" == "timed out: after 5s")
        #expect("\(HTTPError(.cancelled, "", requestWasSent: false))" == "cancelled")
    }
}
