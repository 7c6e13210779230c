import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct RequestTests {
    /// Answers with what it got.
    private static let mirror: StubModelServer.Script = { request in
        func header(_ name: String) -> JSONValue { request.header(name).map { .string($0) } ?? .null }
        let fields: JSONObject = [
            "method": .string(request.method), "target": .string(request.target), "bytes": .int(Int64(request.body.count)),
            "hash": .string(ContentHash(of: request.body).hex), "x": header("X-Test"), "empty": header("X-Empty"),
            "type": header("content-type"), "length": header("content-length"), "expect": header("expect"), "agent": header("user-agent"),
        ]
        return .json(.object(fields), headers: [("X-Reply", "one"), ("x-reply", "two"), ("Set-Cookie", "a=b")])
    }

    // Around the size up to which a body travels with the head, libcurl's buffer, and its threshold for `Expect`.
    @Test(arguments: [0, 1, 3_000, 65_534, 65_535, 65_536, 65_537, 1 << 20, 3 << 20])
    func bodiesArriveWhole(size: Int) async throws {
        try await withStub(script: Self.mirror) { client, server in
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let request = HTTPRequest(method: "POST", url: server.rootURL + "/a?b=c", headers: [("X-Test", "é 1"), ("X-Empty", "")], body: body)
            for attempt in 0..<2 {
                let response = try await client.send(request)
                #expect(response.status == 200)
                #expect(response.json["method"] == "POST")
                #expect(response.json["target"] == "/a?b=c")
                #expect(response.json["bytes"] == .int(Int64(size)))
                #expect(response.json["hash"] == .string(ContentHash(of: body).hex))
                #expect(response.json["length"] == .string("\(size)"))
                #expect(response.json["x"] == "é 1")
                #expect(response.json["empty"] == "")
                #expect(response.json["expect"] == nil as JSONValue)
                if size > 0 { #expect(response.json["type"] == nil as JSONValue) }
                #expect(response.newConnection == (attempt == 0))
            }
            #expect(server.requestCount == 2)
            #expect(server.counters.connections == 1)
        }
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS"])
    func methodsAreSentAsWritten(method: String) async throws {
        try await withStub(script: { $0.method == "HEAD" ? StubResponse(status: 204) : Self.mirror($0) }) { client, server in
            // One handle serves them all, so that nothing of a POST may stick to what follows it.
            _ = try await client.send(HTTPRequest(method: "POST", url: server.rootURL, body: [1, 2, 3]))
            let response = try await client.send(HTTPRequest(method: method, url: server.rootURL + "/x"))
            #expect(server.requests.last?.method == method)
            #expect(server.requests.last?.body == [])
            if method != "HEAD" { #expect(response.json["method"] == .string(method)) }
            _ = try await client.send(HTTPRequest(method: "DELETE", url: server.rootURL, body: [7]))
            #expect(server.requests.last?.body == [7])
        }
    }

    @Test func headersKeepOrderAndIgnoreCase() async throws {
        var options = HTTPClientOptions()
        options.userAgent = "agentctl/test"
        try await withStub(client: options, script: Self.mirror) { client, server in
            let response = try await client.send(HTTPRequest(url: server.rootURL + "/"))
            #expect(response.headers["X-REPLY"] == "one")
            #expect(response.headers["missing"] == nil)
            #expect(response.headers.all.filter { $0.name.lowercased() == "x-reply" }.map(\.value) == ["one", "two"])
            #expect(response.httpVersion == "1.1")
            #expect(response.json["agent"] == "agentctl/test")
            #expect(response.timings.total >= response.timings.firstByte)
            #expect(response.timings.firstByte > 0)
            // No cookie comes back.
            _ = try await client.send(HTTPRequest(url: server.rootURL + "/"))
            #expect(server.requests.last?.header("cookie") == nil)
        }
    }

    @Test(arguments: [
        HTTPRequest(url: "http://127.0.0.1:1/a b"), HTTPRequest(url: "http://127.0.0.1:1/\r\nX: y"), HTTPRequest(url: ""),
        HTTPRequest(url: "ftp://127.0.0.1/"), HTTPRequest(url: "file:///etc/passwd"), HTTPRequest(url: "http://"),
        HTTPRequest(method: "GET /", url: "http://127.0.0.1:1/"), HTTPRequest(method: "", url: "http://127.0.0.1:1/"),
        HTTPRequest(url: "http://127.0.0.1:1/", headers: [("X", "a\r\nY: b")]),
        HTTPRequest(url: "http://127.0.0.1:1/", headers: [("X Y", "a")]),
        HTTPRequest(url: "http://127.0.0.1:1/", headers: [("Content-Length", "5")]),
        HTTPRequest(url: "http://127.0.0.1:1/", headers: [("transfer-encoding", "chunked")]),
    ])
    func whatCannotBeSentIsRefused(request: HTTPRequest) async throws {
        try await withClient { client in
            let error = await failure { () async throws(HTTPError) in try await client.send(request) }
            #expect(error.code == .invalidRequest)
            #expect(!error.requestWasSent)
            #expect(!error.message.isEmpty)
        }
    }

    @Test func redirectsAndErrorsAreResults() async throws {
        let script: StubModelServer.Script = { StubResponse(status: $0.method == "POST" ? 307 : 301, headers: [("Location", "/elsewhere")]) }
        try await withStub(script: script) { client, server in
            let response = try await client.send(HTTPRequest(method: "POST", url: server.rootURL, body: [1]))
            #expect(response.status == 307)
            #expect(response.headers["location"] == "/elsewhere")
            let answer = try await client.send(HTTPRequest(url: server.rootURL))
            #expect(answer.status == 301)
            #expect(server.requestCount == 2)
        }
    }

    @Test func compressedBodiesAreDecoded() async throws {
        let body = Self.gzipStored(Array("hello hello\n".utf8))
        let script: StubModelServer.Script = { request in
            StubResponse(headers: [("Content-Encoding", "gzip")], body: .bytes(request.path == "/bad" ? Array("not gzip at all".utf8) : body))
        }
        try await withStub(script: script) { client, server in
            let response = try await client.send(HTTPRequest(url: server.rootURL + "/"))
            #expect(response.text == "hello hello\n")
            #expect(server.requests.first?.header("accept-encoding")?.contains("gzip") == true)
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: server.rootURL + "/bad")) }
            #expect(error.code == .malformedResponse)
            #expect(error.requestWasSent)
        }
    }

    /// gzip with one stored block, so that the test needs no compressor.
    private static func gzipStored(_ bytes: [UInt8]) -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        let count = UInt32(bytes.count)
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + little(count, 2) + little(~count, 2) + bytes + little(~crc, 4) + little(count, 4)
    }

    @Test func twoHundredAtOnce() async throws {
        try await withStub(StubOptions(latencyMilliseconds: 150)) { client, server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask(executorPreference: client.loop) {
                        for round in 0..<3 {
                            let text = "call \(index) round \(round)"
                            let response = try await client.send(completion(server, text))
                            #expect(response.json["choices"]?[0]?["message"]?["content"] == .string(text))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.requestCount == 600)
            #expect(server.counters.peakInFlight > 100)
            #expect(server.counters.connections <= 200)
        }
    }

    @Test func moreThanOneMultiHandleServes() async throws {
        // Twice the capacity of a multi handle, all in flight together, from threads other than the loop's.
        try await withStub(script: { _ in StubResponse(body: .bytes(Array("ok".utf8)), latency: 500) }) { client, server in
            await withTaskGroup(of: String?.self) { group in
                for _ in 0..<600 { group.addTask { (try? await client.send(HTTPRequest(url: server.rootURL)))?.text } }
                for await text in group { #expect(text == "ok") }
            }
            #expect(server.requestCount == 600)
            #expect(server.counters.peakInFlight > 256)
        }
    }

    @Test func unknownNamesFailForAllWhoWait() async throws {
        // No label may be longer than 63 characters: the resolver refuses the name without asking anyone.
        let host = String(repeating: "a", count: 64) + ".invalid"
        try await withClient { client in
            await withTaskGroup(of: HTTPError.self) { group in
                for _ in 0..<50 {
                    group.addTask { await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: "http://\(host)/")) } }
                }
                for await error in group {
                    #expect(error.code == .couldNotResolve)
                    #expect(!error.requestWasSent)
                }
            }
        }
    }
}
