import TestSupport
import Testing
import Values
import WorkflowModel

@testable import HTTP
@testable import Providers

/// What servers say of their limits is heeded before they have to refuse.
@Suite(.timeLimit(.minutes(5))) struct RateLimitTests {
    private static let now = Timestamp(rfc3339: "2026-11-30T08:00:00Z")!

    private static func headers(_ fields: [(String, String)]) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for (name, value) in fields { headers.lines += bytes("\(name): \(value)\r\n") }
        return headers
    }

    @Test(arguments: [
        ("anthropic-ratelimit-requests", "0", "2026-11-30T08:00:07Z", 7000), ("anthropic-ratelimit-input-tokens", "0", "2026-11-30T08:01:00Z", 60_000),
        ("anthropic-ratelimit-output-tokens", "0", "2026-11-30T07:59:00Z", nil), ("anthropic-ratelimit-tokens", "1", "2026-11-30T08:00:07Z", nil),
        ("anthropic-ratelimit-requests", "0", "2026-11-30T09:00:00Z", nil), ("anthropic-ratelimit-requests", "-1", "2026-11-30T08:00:07Z", nil),
        ("anthropic-ratelimit-requests", "0", "soon", nil),
    ])
    func anthropicsCounters(name: String, remaining: String, reset: String, milliseconds: Int?) {
        let headers = Self.headers([("Anthropic-" + name.dropFirst(10) + "-remaining", remaining), (name + "-reset", reset)])
        #expect(headers.mention("ratelimit"))
        #expect(RateLimits.pause(toldBy: headers, now: Self.now) == milliseconds.map { .milliseconds(Int64($0)) })
    }

    @Test(arguments: [("1s", 1000), ("1m30s", 90_000), ("20ms", 20), ("7.66s", 7660), ("12", 12_000), ("1.5", 1500), ("0s", nil), ("6m0s", nil), ("", nil), ("x", nil), ("3q", nil), ("1s2", nil)])
    func openAIsCounters(reset: String, milliseconds: Int?) {
        for counter in ["requests", "tokens"] {
            let headers = Self.headers([("x-ratelimit-remaining-\(counter)", "0"), ("X-RateLimit-Reset-\(counter)", reset)])
            #expect(RateLimits.pause(toldBy: headers, now: Self.now) == milliseconds.map { .milliseconds(Int64($0)) })
            #expect(RateLimits.pause(toldBy: Self.headers([("x-ratelimit-remaining-\(counter)", "9"), ("x-ratelimit-reset-\(counter)", reset)]), now: Self.now) == nil)
        }
    }

    @Test func theLongestCounts() {
        let headers = Self.headers([
            ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "2s"), ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "9s"),
        ])
        #expect(RateLimits.pause(toldBy: headers, now: Self.now) == .seconds(9))
        #expect(RateLimits.pause(toldBy: Self.headers([]), now: Self.now) == nil && !Self.headers([("date", "x")]).mention("ratelimit"))
    }

    /// A call that waits is stopped by stopping it, and was never sent; other models do not wait.
    @Test func theNextCallWaitsAndCanBeStopped() async throws {
        let limits = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "100s")]
        let body: JSONValue = ["choices": [["message": ["content": "hi"], "finish_reason": "stop"]]]
        try await withStub(script: { request in .json(body, headers: request.number == 1 ? limits : []) }) { registry, server in
            #expect(await registry.call(.sample("stub/a")).text == "hi")
            async let waiting = withTaskGroup(of: ModelCallResult.self) { group in
                group.addTask { await registry.call(.sample("stub/a")) }
                #expect(await registry.call(.sample("stub/b")).text == "hi")
                group.cancelAll()
                return await group.next()!
            }
            let result = await waiting
            #expect(result.failure?.kind == .cancelled && result.billing == .notBilled)
            #expect(server.requests.count == 2)
        }
    }
}
