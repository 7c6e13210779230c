import Foundation
import HTTP
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Requests as a server sees them, held against those in `Tests/Fixtures`, in a folder for each API. Those of chat completions were recorded
/// before formats, credentials and the exchange were parts of their own: none of them may change a byte of what is sent.
///
/// With `AGENTCTL_RECORD` set to a folder with such folders, what is sent is written there, to be looked at.
@Suite(.timeLimit(.minutes(5))) struct RecordedRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var api = ModelAPI.openAIChat
        var settings: DialectSettings = .none
        var key: String?
        var headers: [(key: String, value: String)] = []
        var query = ""
        let request: @Sendable () -> ModelRequest

        var testDescription: String { "\(api.rawValue), \(name)" }

        /// What a server of the API says, so that the call is none that failed.
        var answer: StubResponse? {
            switch api {
            case .openAIChat: nil
            case .anthropic: .json(["type": "message", "role": "assistant", "content": [["type": "text", "text": "{}"]], "stop_reason": "end_turn"])
            case .openAIResponses: .json(["object": "response", "status": "completed", "output": [["type": "message", "content": [["type": "output_text", "text": "{}"]]]]])
            }
        }
    }

    private static func request(
        _ segments: [PromptSegment]? = nil, cap: Int = 64, schema: String? = nil, schemaName: String = "draft", cache: CacheInstructions? = nil, _ settings: (inout Sampling) -> Void = { _ in }
    ) -> ModelRequest {
        let sample = ModelRequest.sample(schema: schema, settings)
        return ModelRequest(
            id: sample.id, model: sample.model, segments: segments ?? sample.segments, sampling: sample.sampling, maxOutputTokens: cap,
            schema: sample.schema, schemaName: schemaName, timeout: sample.timeout, cache: cache)
    }

    private static func text(_ role: MessageRole, _ text: String, starts: Bool = true) -> PromptSegment {
        PromptSegment(role: role, stability: .step, text: text, startsMessage: starts, origin: "t")
    }

    private static func attached(_ kind: PromptAttachment.Kind, _ name: String, _ type: AttachmentType, _ detail: PromptAttachment.Detail? = nil) -> PromptSegment {
        let bytes = (0...255).map { UInt8($0) }
        let file = PromptAttachment(kind: kind, name: name, type: type, bytes: bytes, hash: ContentHash(of: bytes), size: nil, detail: detail)
        return PromptSegment(file, stability: .step, startsMessage: false, origin: name)
    }

    static let cases =
        [
            Case(name: "least") { request() },
            Case(name: "everything", key: "sk-canary-0123456789abcdefXYZ") {
                request(cap: 1_000_000, schema: #"{"type":"object","properties":{"b":{"type":"string"},"a":{}},"required":["b"]}"#) {
                    ($0.temperature, $0.topP, $0.seed, $0.stop) = (0.7, 0.25, 42, ["\n\n", "END \"x\""])
                    ($0.reasoning, $0.logprobs, $0.stream) = ("high", true, true)
                }
            },
            Case(name: "strict-schema", settings: ["max_tokens_field": "max_completion_tokens"]) {
                request(
                    schema: #"{"type":"object","properties":{"a":{"type":"string","enum":["é","y"]}},"required":["a"],"additionalProperties":false}"#,
                    schemaName: String(repeating: "review_", count: 12))
            },
            Case(name: "json-object", settings: ["structured_output": "json_object", "stream": true]) { request(schema: "{}") },
            Case(name: "no-schema", settings: ["structured_output": "none", "stream": true, "stream_usage": false]) { request(schema: "{}") { $0.reasoning = "low" } },
            Case(name: "step-over-dialect", settings: ["stream": true, "call_id_header": "x-request-id"]) { request { $0.stream = false } },
            Case(name: "attachments", settings: ["images": true, "files": true]) {
                request([
                    text(.system, "Look."), text(.user, "First"), attached(.image, "a.png", .png, .low), attached(.image, "b.jpg", .jpeg),
                    text(.user, "then", starts: false), attached(.file, "c \"d\".pdf", .pdf), text(.user, "and", starts: false), text(.user, "last", starts: false),
                ])
            },
            Case(name: "messages") {
                request([
                    text(.system, "Rules \"of\" the\thouse \\ /"), text(.user, "Policy"), text(.user, "Grüße \u{1}\u{2028}🎈\r\n", starts: false),
                    text(.assistant, "{\"a\":1}"), text(.user, ""),
                ]) { ($0.temperature, $0.topP) = (0, 1) }
            },
            Case(
                name: "gateway", settings: ["call_id_header": nil], key: " sk-canary-0123456789abcdefXYZ\n",
                headers: [("X-Title", "agentctl"), ("anthropic-version", "2023-06-01"), ("x-empty", "")], query: "?api-version=2024-10-21&x=%20y"
            ) { request() },
        ] + [ModelAPI.anthropic, .openAIResponses].flatMap(native)

    /// The same of the APIs with a format of their own.
    private static func native(_ api: ModelAPI) -> [Case] {
        let isMessages = api == .anthropic
        let closed = #"{"type":"object","properties":{"a":{"type":"string","enum":["é","y"]}},"required":["a"],"additionalProperties":false}"#
        let open = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        let cases = [
            Case(name: "least", api: api) { request() },
            Case(name: "everything", api: api, settings: ["stream": true], key: "sk-canary-0123456789abcdefXYZ", headers: [("x-team", "red")], query: "?x=1") {
                request(cap: 1_000_000, schema: closed) {
                    ($0.temperature, $0.topP, $0.seed, $0.reasoning) = (0.7, 0.25, 42, "high")
                    if isMessages { $0.stop = ["\n\n", "END \"x\""] } else { $0.logprobs = true }
                }
            },
            Case(name: "open-schema", api: api) { request(schema: open, schemaName: String(repeating: "review_", count: 12)) },
            Case(name: "json-object", api: api, settings: ["structured_output": "json_object"]) { request(schema: "{}") },
            Case(name: "attachments", api: api, settings: ["images": true, "files": true]) {
                request([
                    text(.system, "Look."), text(.user, "First"), attached(.image, "a.png", .png, .low), attached(.image, "b.jpg", .jpeg),
                    text(.user, "then", starts: false), attached(.file, "c \"d\".pdf", .pdf), text(.user, "last", starts: false),
                ])
            },
            Case(name: "messages", api: api) {
                request([
                    text(.system, "Rules \"of\" the\thouse"), text(.system, "More", starts: false), text(.user, "Policy"), text(.user, "Grüße \u{1}\u{2028}🎈\r\n", starts: false),
                    text(.user, "Another"), text(.assistant, "{\"a\":1}"), text(.system, "Late"), text(.user, "Last"),
                ])
            },
        ]
        guard isMessages else { return cases }
        return cases + [
            Case(name: "old-version", api: api, settings: ["api_version": "2023-06-01"]) { request { ($0.temperature, $0.topP) = (0, 1) } },
            Case(name: "budget", api: api) { request(cap: 8000, schema: open) { $0.reasoning = "4096" } },
            Case(name: "no-thinking", api: api, settings: ["structured_output": "tool"]) { request(schema: closed) { $0.reasoning = "none" } },
        ]
    }

    private static func asked(_ marks: [(Int, TimeSpan)], isExplicit: Bool = true, isWarmUp: Bool = false) -> CacheInstructions {
        CacheInstructions(marks: marks.map { .init(segment: $0.0, lifetime: $0.1) }, key: "a81f97c0e2d45b66", isExplicit: isExplicit, isWarmUp: isWarmUp)
    }

    /// What is told to prompt caches.
    private static func marked(_ api: ModelAPI) -> [Case] {
        let kind: JSONValue = api == .anthropic ? "anthropic" : "openai-breakpoints"
        let open = #"{"type":"object","properties":{"b":{"type":"string","minLength":1}},"required":["b"]}"#
        let long = TimeSpan.seconds(api == .anthropic ? 3600 : 43_200)
        let short = TimeSpan.seconds(api == .anthropic ? 300 : 1800)
        return [
            Case(name: "marks", api: api, settings: ["prompt_cache": kind, "images": true, "files": true]) {
                request(
                    [
                        text(.system, "Rules"), text(.system, "More", starts: false), text(.user, "Policy"), attached(.image, "a.png", .png), attached(.file, "b.pdf", .pdf), text(.user, "Document", starts: false),
                        text(.assistant, "Yes"), text(.user, "Last"),
                    ], schema: open, cache: asked([(-1, long), (1, long), (3, long), (4, short), (5, short), (6, short)]))
            },
            Case(name: "warm-up", api: api, settings: ["prompt_cache": kind, "stream": true]) {
                request([text(.system, "Rules"), text(.user, "Document"), text(.user, "and", starts: false)], schema: open, cache: asked([(1, short)], isExplicit: false, isWarmUp: true)) {
                    $0.reasoning = "low"
                }
            },
        ]
            + (api == .anthropic
                ? []
                : [
                    Case(name: "cache-key", api: api, settings: ["prompt_cache": "openai"]) {
                        var cache = asked([])
                        cache.retention = .seconds(86_400)
                        let sample = request(cache: cache)
                        return ModelRequest(
                            id: sample.id, model: ModelReference(provider: "stub", model: "gpt-5.4"), segments: sample.segments, sampling: sample.sampling, maxOutputTokens: 64, schema: nil, schemaName: "draft",
                            timeout: sample.timeout, cache: sample.cache)
                    }
                ])
    }

    static let markedCases = ModelAPI.allCases.flatMap(marked)

    @Test(arguments: cases + markedCases) func whatIsSentIsWhatWasSent(test: Case) async throws {
        let answer = test.answer
        let server = try answer.map { answer in try StubModelServer(script: { _ in answer }) } ?? StubModelServer()
        defer { server.stop() }
        let provider = ProviderConfiguration(
            name: "stub", api: test.api, baseURL: server.baseURL + test.query, apiKey: test.key.map { _ in .environment("STUB_KEY") }, headers: test.headers,
            dialect: test.settings)
        try await withRegistry([provider], key: test.key) { registry in
            #expect(await registry.call(test.request()).failure == nil)
        }
        let sent = Self.shown(try #require(server.requests.first))
        if let folder = ProcessInfo.processInfo.environment["AGENTCTL_RECORD"] {
            _ = FileManager.default.createFile(atPath: folder + "/\(test.api.rawValue)/\(test.name).http", contents: Data(sent))
        }
        let recorded = try Data(contentsOf: Self.folder.appending(path: "\(test.api.rawValue)/\(test.name).http"))
        #expect(String(decoding: sent, as: UTF8.self) == String(decoding: recorded, as: UTF8.self))
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

    /// Without what the client of HTTP and its library put in, and the port.
    private static func shown(_ request: StubRequest) -> [UInt8] {
        let own = ["host:", "user-agent:", "accept:", "accept-encoding:"]
        let lines = request.headerLines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).filter { line in
            line.count > 1 && !own.contains { String(decoding: line, as: UTF8.self).lowercased().hasPrefix($0) }
        }
        return Array("\(request.method) \(request.target)\r\n".utf8) + lines.flatMap { $0 + [UInt8(ascii: "\n")] } + Array("\r\n".utf8) + request.body
    }
}
