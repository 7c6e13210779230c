import Values
import WorkflowModel

/// The document that an answer is, where a model wrote something around it: paying for a repair would bring the same document again.
///
/// Models without constrained decoding wrap JSON in a Markdown fence, with a sentence in front of it or behind; models that think write
/// that into the text, in `<think>` or a tag of its kind, of which some templates have the beginning in the prompt.
enum AnswerDocument {
    // By bytes: `\r\n` is one character, and a mark may join what stands before it.
    private typealias Text = Substring.UTF8View

    /// - Parameter rules: of the run: those before 4 know a fence around all of the answer.
    /// - Throws: why it is none, as the text is read that was most likely meant.
    static func read(_ answer: String, rules: Rules) throws(JSONParseError) -> JSONValue {
        let text = Substring(answer.withoutByteOrderMark).utf8
        if rules < Rules(version: 4) { return try JSONParser.parse(String(Substring(unfenced(text)))) }
        let fault: JSONParseError
        do throws(JSONParseError) { return try JSONParser.parse(answer) } catch { fault = error }
        let rest = withoutThinking(text)
        for candidate in [unfenced(text), rest, unfenced(rest), fenced(rest)].lazy.compactMap({ $0 }) where candidate.count < text.count {
            if let document = try? JSONParser.parse(String(Substring(candidate))) { return document }
        }
        throw fault
    }

    /// What stands behind a model's thinking.
    private static func withoutThinking(_ text: Text) -> Text {
        let trimmed = text.drop(while: isSpace)
        // A document may hold such a tag in a text.
        guard let first = trimmed.first, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else { return trimmed }
        for tag in ["think", "thinking", "thought", "reasoning"] {
            guard first != UInt8(ascii: "<") || trimmed.starts(with: "<\(tag)>".utf8), let close = places(of: "</\(tag)>", in: trimmed, most: 1).first else { continue }
            return trimmed[close.upperBound...].drop(while: isSpace)
        }
        return trimmed
    }

    /// What the only fence of a text holds; `nil`: it has none, or more than one, of which it is not known which was meant.
    private static func fenced(_ text: Text) -> Text? {
        let fences = places(of: fence, in: text, most: 3)
        guard fences.count == 2, let lineEnd = text[fences[0].upperBound..<fences[1].lowerBound].firstIndex(where: isLineEnd) else { return nil }
        return text[text.index(after: lineEnd)..<fences[1].lowerBound]
    }

    /// What a fence around all of it holds.
    private static func unfenced(_ text: Text) -> Text {
        let begin = text.drop(while: isSpace)
        guard begin.starts(with: fence.utf8), let lineEnd = begin.firstIndex(where: isLineEnd) else { return text }
        let body = begin[lineEnd...].dropFirst()
        guard let last = body.lastIndex(where: { !isSpace($0) }), body[...last].count >= fence.utf8.count, body[...last].suffix(fence.utf8.count).elementsEqual(fence.utf8) else {
            return text
        }
        return body[...last].dropLast(fence.utf8.count)
    }

    private static let fence = "```"

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Where these bytes stand, from the beginning and without overlap.
    private static func places(of part: String, in text: Text, most: Int) -> [Range<String.Index>] {
        guard let first = part.utf8.first else { return [] }
        var (found, rest): ([Range<String.Index>], Text) = ([], text)
        while found.count < most, let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            guard rest.starts(with: part.utf8) else {
                rest = rest.dropFirst()
                continue
            }
            let end = rest.index(start, offsetBy: part.utf8.count)
            found.append(start..<end)
            rest = rest[end...]
        }
        return found
    }
}
