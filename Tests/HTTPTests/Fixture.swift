import Glibc
import HTTP
import TestSupport
import Testing
import Values

import struct Synchronization.Atomic

/// A loop, a client on it and a stub server, torn down in order whatever happens in between.
func withStub(
    _ options: StubOptions = StubOptions(), client clientOptions: HTTPClientOptions = HTTPClientOptions(),
    script: StubModelServer.Script? = nil, _ body: (HTTPClient, StubModelServer) async throws -> Void
) async throws {
    let server = try StubModelServer(options, script: script)
    defer { server.stop() }
    try await withClient(clientOptions) { try await body($0, server) }
}

func withClient(_ options: HTTPClientOptions = HTTPClientOptions(), _ body: (HTTPClient) async throws -> Void) async throws {
    let loop = try EventLoop()
    defer { loop.stop() }
    try await body(HTTPClient(loop: loop, options: options))
}

func completion(
    _ server: StubModelServer, model: String = "stub-echo", _ text: String = "hello", stream: Bool = false, extra: JSONObject = [:]
) -> HTTPRequest {
    var json: JSONObject = ["model": .string(model), "messages": [["role": "user", "content": .string(text)]]]
    if stream {
        json["stream"] = true
        json["stream_options"] = ["include_usage": true]
    }
    extra.forEachPair { json[$0] = $1 }
    return HTTPRequest(
        method: "POST", url: server.completionsURL, headers: [("Content-Type", "application/json")],
        body: JSONEncoding.wire.bytes(.object(json)))
}

/// The error of a transfer that must fail.
func failure(of work: () async throws(HTTPError) -> HTTPResponse) async -> HTTPError {
    do throws(HTTPError) {
        let response = try await work()
        Issue.record("expected a failure, got status \(response.status)")
        return HTTPError(.other, "no failure", requestWasSent: false)
    } catch {
        return error
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONParser.parse(body)) ?? nil }
}

/// A number that closures on several threads add to.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func add(_ number: Int = 1) -> Int { count.add(number, ordering: .sequentiallyConsistent).newValue }
}
