import JSONSchema
import PromptCaching
import Values

extension ModelRequest {
    /// Names what is asked, and of whom: equal questions have equal names, in any run and of any workflow. How the answer
    /// is to be sent, and where the pieces came from, is not part of it.
    public static func question(
        to model: ModelProfile, segments: [PromptSegment], sampling: Sampling, maxOutputTokens: Int, schema: Schema?
    ) -> ContentHash {
        var question: JSONObject = [
            "form": .int(Int64(encoderVersion)), "model": .string(model.reference.description), "served": .string(model.servedID),
            "max_output_tokens": .int(Int64(maxOutputTokens)),
            "segments": .array(
                segments.map { segment in
                    var part: JSONObject = [
                        "hash": .string(segment.hash.hex), "role": .string(segment.role.rawValue), "starts_message": .bool(segment.startsMessage),
                    ]
                    if let attachment = segment.attachment {
                        part["media_type"] = .string(attachment.type.rawValue)
                        part["name"] = .string(attachment.name)
                        part["detail"] = attachment.detail.map { .string($0.rawValue) }
                    }
                    return .object(part)
                }),
        ]
        question["temperature"] = sampling.temperature.map(JSONValue.double)
        question["top_p"] = sampling.topP.map(JSONValue.double)
        question["seed"] = sampling.seed.map { .int(Int64($0)) }
        question["stop"] = sampling.stop.map { .array($0.map(JSONValue.string)) }
        question["reasoning"] = sampling.reasoning.map(JSONValue.string)
        // By its bytes: models write properties in the order of the schema.
        question["schema"] = schema.map { .string(ContentHash(of: $0.source.jsonText).hex) }
        return ContentHash(of: JSONEncoding.canonical.bytes(.object(question)))
    }
}
