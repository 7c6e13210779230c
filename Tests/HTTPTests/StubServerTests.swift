import HTTP
import TestSupport
import Testing
import Values

/// The fake must be right before anything is measured against it.
@Suite(.timeLimit(.minutes(5)))
struct StubServerTests {
    @Test(arguments: [
        ("stub-echo", 200, "hello"), ("stub-fixed", 200, "ok"), ("stub-schema", 200, "{}"), ("stub-empty", 200, ""),
        ("stub-invalid", 200, "this is not JSON"), ("anything", 200, "hello"), ("stub-echo+20ms", 200, "hello"),
    ])
    func modelsThatAnswer(model: String, status: Int, content: String) async throws {
        try await withStub { client, server in
            let response = try await client.send(completion(server, model: model))
            #expect(response.status == status)
            #expect(response.json["model"] == .string(model))
            #expect(response.json["choices"]?[0]?["message"]?["content"] == .string(content))
            #expect(response.json["choices"]?[0]?["finish_reason"] == "stop")
            #expect(response.json["usage"]?["prompt_tokens"] == 2)
            #expect(response.json["usage"]?["completion_tokens"]?.intValue == Int64((content.utf8.count + 3) / 4))
            if model.hasSuffix("ms") { #expect(response.timings.firstByte >= 20_000) }
        }
    }

    @Test(
        arguments: [
            ("stub-400", 400, nil), ("stub-401", 401, nil), ("stub-429", 429, "rate_limit_exceeded"), ("stub-quota", 429, "insufficient_quota"),
            ("stub-500", 500, nil), ("stub-503", 503, nil), ("stub-529", 529, nil), ("stub-error-200", 200, "overloaded"),
        ] as [(String, Int, String?)])
    func modelsThatFail(model: String, status: Int, code: String?) async throws {
        try await withStub { client, server in
            let response = try await client.send(completion(server, model: model))
            #expect(response.status == status)
            #expect(response.json["error"]?["message"]?.stringValue?.isEmpty == false)
            #expect(response.json["error"]?["code"]?.stringValue == code)
            if status == 503 || model == "stub-429" { #expect(response.headers["Retry-After"] == "1") }
        }
    }

    @Test func answersThatAreNoJSON() async throws {
        try await withStub { client, server in
            let html = try await client.send(completion(server, model: "stub-html"))
            #expect(html.status == 200)
            #expect(html.headers["content-type"] == "text/html")
            let malformed = try await client.send(completion(server, model: "stub-malformed"))
            #expect(throws: JSONParseError.self) { try JSONParser.parse(malformed.body) }
            let bare = try await client.send(completion(server, model: "stub-no-usage"))
            #expect(bare.json["usage"] == nil)
        }
    }

    @Test func onceFailsOnce() async throws {
        try await withStub { client, server in
            let request = completion(server, model: "stub-503-once")
            let answer = try await client.send(request)
            #expect(answer.status == 503)
            let second = try await client.send(request)
            #expect(second.status == 200)
            let other = try await client.send(completion(server, model: "stub-503-once", "another"))
            #expect(other.status == 503)
        }
    }

    @Test func keysModelsAndHealth() async throws {
        try await withStub(StubOptions(requiredKey: "secret")) { client, server in
            var request = completion(server)
            let keyless = try await client.send(request)
            #expect(keyless.status == 401)
            request.headers.append(("Authorization", "Bearer secret"))
            request.headers.append(("x-agentctl-call-id", "c1"))
            let keyed = try await client.send(request)
            #expect(keyed.status == 200)
            #expect(server.requestCount(callID: "c1") == 1)
            let health = try await client.send(HTTPRequest(url: server.rootURL + "/health"))
            #expect(health.json == ["status": "ok"])
            let models = try await client.send(HTTPRequest(url: server.baseURL + "/models"))
            #expect(models.json["data"]?[0]?["id"] == "stub-echo")
            let unknown = try await client.send(HTTPRequest(url: server.rootURL + "/nothing"))
            #expect(unknown.status == 404)
            let broken = try await client.send(HTTPRequest(method: "POST", url: server.completionsURL, headers: [("Authorization", "Bearer secret")], body: [0x7B]))
            #expect(broken.status == 400)
        }
    }

    @Test func streamsAddUpToTheAnswer() async throws {
        try await withStub { client, server in
            let text = "The quick brown fox jumps över den lazy 🐶, twice"
            let response = try await client.send(completion(server, text, stream: true, extra: ["logprobs": true]))
            #expect(response.headers["content-type"] == "text/event-stream")
            var parser = ServerSentEventParser()
            let events = try parser.push(response.body)
            #expect(events.last?.text == "[DONE]")
            let chunks = try events.dropLast().map { try JSONParser.parse($0.data) }
            #expect(chunks.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.stringValue }.joined() == text)
            let usages = chunks.compactMap(\.["usage"]).filter { !$0.isNull }
            #expect(usages.count == 1)
            #expect(usages.first?["completion_tokens"]?.intValue == Int64((text.utf8.count + 3) / 4))
            #expect(chunks.flatMap { $0["choices"]?[0]?["logprobs"]?["content"]?.arrayValue ?? [] }.count == (text.utf8.count + 3) / 4)
            let cut = try await client.send(completion(server, model: "stub-truncated-stream", stream: true))
            #expect(!cut.text.contains("[DONE]"))
            #expect(!cut.text.contains("finish_reason\":\"stop"))
        }
    }

    @Test func optionsOfARequest() async throws {
        try await withStub(StubOptions(content: .text("abcdefgh"))) { client, server in
            let capped = try await client.send(completion(server, model: "m", extra: ["max_tokens": 1, "n": 2])).json
            #expect(capped["choices"]?.arrayValue?.count == 2)
            #expect(capped["choices"]?[1]?["message"]?["content"] == "abcd")
            #expect(capped["choices"]?[0]?["finish_reason"] == "length")
            #expect(capped["usage"]?["completion_tokens"] == 2)
            let probable = try await client.send(completion(server, model: "m", extra: ["logprobs": true, "top_logprobs": 2])).json
            #expect(probable["choices"]?[0]?["logprobs"]?["content"]?.arrayValue?.count == 2)
            #expect(probable["choices"]?[0]?["logprobs"]?["content"]?[0]?["top_logprobs"]?.arrayValue?.count == 2)
        }
    }

    @Test func chunkedRequests() async throws {
        let server = try StubModelServer(script: { .text(String(decoding: $0.body, as: UTF8.self)) })
        defer { server.stop() }
        // libcurl sends Content-Length only, so this one is written by hand, in pieces.
        let answer = sendRaw(["POST / HTTP/1.1\r\nTransfer-", "Encoding: chunked\r\n\r\n5\r", "\nhello\r\n6;x=y\r\n wor", "ld\r\n0\r\n\r\n"], to: server.port, until: "hello world")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(server.requests.first?.body == Array("hello world".utf8))
    }

    @Test(arguments: [
        (#"{"type":"string"}"#, #""text""#), (#"{"type":"string","minLength":6,"maxLength":7}"#, #""texttex""#),
        (#"{"enum":["b","a"]}"#, #""b""#), (#"{"const":5}"#, "5"), (#"{"type":"integer"}"#, "1"), (#"{"type":"integer","minimum":3}"#, "3"),
        (#"{"type":"integer","exclusiveMinimum":3,"multipleOf":5}"#, "5"), (#"{"type":"integer","maximum":0}"#, "0"),
        (#"{"type":"number","minimum":0.5,"maximum":1}"#, "0.5"), (#"{"type":"boolean"}"#, "true"), (#"{"type":["null","string"]}"#, #""text""#),
        (#"{"type":"array","items":{"type":"integer"}}"#, "[1]"), (#"{"type":"array","minItems":2,"items":{"enum":["x"]}}"#, #"["x","x"]"#),
        (##"{"type":"object","properties":{"b":{"type":"boolean"},"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"null"}}}"##, #"{"b":true,"a":null}"#),
        (#"{"anyOf":[{"type":"integer"},{"type":"string"}]}"#, "1"), (#"{"type":"string","format":"date"}"#, #""2025-01-01""#),
        (#"{"allOf":[{"properties":{"a":{"const":1}}},{"properties":{"b":{"const":2}}}]}"#, #"{"a":1,"b":2}"#),
    ])
    func schemaExamples(schema: String, expected: String) throws {
        #expect(JSONEncoding.wire.string(SchemaExample.value(for: try JSONParser.parse(schema))) == expected)
    }

    @Test func recursiveSchemasEnd() throws {
        let schema = try JSONParser.parse(##"{"type":"object","properties":{"name":{"type":"string"},"child":{"$ref":"#"},"list":{"type":"array","items":{"$ref":"#"}}},"required":["name"]}"##)
        #expect(SchemaExample.value(for: schema)["name"] == "text")
    }
}
