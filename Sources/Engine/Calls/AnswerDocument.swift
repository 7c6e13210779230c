import Values
import WorkflowModel

/// The document that an answer is, where a model wrote something around it: paying for a repair would bring the same document again.
///
/// Models without constrained decoding wrap JSON in a Markdown fence, with a sentence in front of it or behind; models that think write
/// that into the text, in `<think>` or a tag of its kind, of which some templates have the beginning in the prompt.
enum AnswerDocument {
    /// - Parameter rules: of the run: those before 4 know a fence around all of the answer.
    /// - Throws: why it is none, as the text is read that was most likely meant.
    static func read(_ answer: String, rules: Rules) throws(JSONParseError) -> JSONValue {
        if rules < Rules(version: 4) { return try JSONParser.parse(String(unfenced(answer[...]))) }
        let fault: JSONParseError
        do throws(JSONParseError) { return try JSONParser.parse(answer) } catch { fault = error }
        let rest = withoutThinking(answer[...])
        for candidate in [unfenced(answer[...]), rest, unfenced(rest), fenced(rest)].lazy.compactMap({ $0 }) where candidate.utf8.count < answer.utf8.count {
            if let document = try? JSONParser.parse(String(candidate)) { return document }
        }
        throw fault
    }

    /// What stands behind a model's thinking.
    private static func withoutThinking(_ text: Substring) -> Substring {
        let trimmed = text.drop(while: \.isWhitespace)
        // A document may hold such a tag in a text.
        guard let first = trimmed.first, first != "{", first != "[" else { return trimmed }
        for tag in ["think", "thinking", "thought", "reasoning"] {
            let (start, end) = ("<\(tag)>", "</\(tag)>")
            guard trimmed.hasPrefix(start) || !trimmed.hasPrefix("<"), let close = trimmed.firstRange(of: end) else { continue }
            return trimmed[close.upperBound...].drop(while: \.isWhitespace)
        }
        return trimmed
    }

    /// What the only fence of a text holds; `nil`: it has none, or more than one, of which it is not known which was meant.
    private static func fenced(_ text: Substring) -> Substring? {
        let fences = text.ranges(of: "```")
        guard fences.count == 2, let lineEnd = text[fences[0].upperBound..<fences[1].lowerBound].firstIndex(where: \.isNewline) else { return nil }
        return text[text.index(after: lineEnd)..<fences[1].lowerBound]
    }

    /// What a fence around all of it holds.
    private static func unfenced(_ text: Substring) -> Substring {
        let trimmed = text.drop { $0.isWhitespace }
        guard trimmed.hasPrefix("```") else { return text }
        guard let lineEnd = trimmed.firstIndex(where: \.isNewline) else { return text }
        let body = trimmed[trimmed.index(after: lineEnd)...]
        var end = body.endIndex
        while end > body.startIndex, body[body.index(before: end)].isWhitespace { end = body.index(before: end) }
        guard body[..<end].hasSuffix("```") else { return text }
        return body[..<body.index(end, offsetBy: -3)]
    }
}
