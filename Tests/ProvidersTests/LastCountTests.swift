import Testing
import Values

@testable import Providers

/// Counts that come while an answer is written are no last word, and a last word that cannot be one is said.
@Suite struct LastCountTests {
    private static func reading(_ documents: String..., outputBytes: Int = 28) throws -> UsageReading {
        var reader = UsageReader()
        for document in documents { reader.take(answer: try JSONParser.parse(document)) }
        return reader.reading(promptBytes: 40, outputBytes: outputBytes, missingCacheIsUnknown: false)
    }

    private static let start = #"{"type":"message_start","message":{"usage":{"input_tokens":20,"output_tokens":1}}}"#

    @Test(arguments: ["-9", "9.5", #""nine""#, "null", "2147483648", "18446744073709551616", "1e30", "0"])
    func aLastCountThatIsNone(count: String) throws {
        let reading = try Self.reading(Self.start, #"{"type":"message_delta","usage":{"output_tokens":\#(count)}}"#)
        #expect(!reading.isFinal && reading.note != nil, "\(reading)")
    }

    @Test func whatIsWrongStandsInTheRecord() throws {
        #expect(try Self.reading(Self.start, #"{"type":"message_delta","usage":{"output_tokens":-9}}"#).raw?.contains("-9") == true)
    }

    @Test func aLastCountSettles() throws {
        let reading = try Self.reading(Self.start, #"{"type":"message_delta","usage":{"output_tokens":7}}"#)
        #expect(reading.isFinal && reading.counts.output == 7 && reading.counts.input == 20)
        // In any order.
        #expect(try Self.reading(#"{"type":"message_delta","usage":{"output_tokens":7}}"#, Self.start).isFinal)
    }

    @Test(arguments: ["-9", "null"])
    func aResponseThatEndsWithoutACount(count: String) throws {
        let created = #"{"type":"response.created","response":{"status":"in_progress","usage":{"input_tokens":20,"output_tokens":1}}}"#
        let completed = #"{"type":"response.completed","response":{"status":"completed","usage":{"output_tokens":\#(count)}}}"#
        #expect(try !Self.reading(created, completed).isFinal)
        #expect(try Self.reading(created, completed.replacingBytes(of: count, with: "9")).isFinal)
    }

    @Test(arguments: [
        #""cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":-1000,"ephemeral_1h_input_tokens":6}"#,
        #""cache_creation":{"ephemeral_1h_input_tokens":5.5}"#, #""iterations":"x""#, #""iterations":{}"#,
    ])
    func partsThatCannotBeCounts(part: String) throws {
        let usage = #"{"usage":{"input_tokens":20,"output_tokens":9,\#(part)}}"#
        let reading = try Self.reading(usage)
        #expect(!reading.isFinal && reading.note != nil, "\(reading)")
    }
}
