import Values
import WorkflowModel

/// Where a replay leaves the record, for people: the sentence, and of both texts the lines around the first byte that differs.
public enum DifferenceText {
    /// Lines before the first different one that are told, and behind it.
    private static let around = 2
    /// Characters of a line: JSON has long ones.
    private static let mostOfLine = 160

    static func lines(of difference: ReplayDifference, _ style: TextStyle) -> [StyledText] {
        var place = difference.path.isEmpty ? "the run" : "'\(difference.path)'"
        if let sequence = difference.sequence { place += ", fact \(sequence)" }
        var lines = "\(difference.what.rawValue) of \(place): \(difference.message)".wrapped(to: style.width.map { $0 - 2 }).map { StyledText("  " + $0, .red) }
        switch (difference.expected, difference.found) {
        case (let expected?, let found?):
            let first = difference.firstByte ?? commonPrefix(expected, found)
            lines.append(StyledText("  the first different byte is \(first)", .dim))
            lines += excerpt(expected, first, "-", .red, style) + excerpt(found, first, "+", .green, style)
        case (let expected?, nil): lines += excerpt(expected, 0, "-", .red, style)
        case (nil, let found?): lines += excerpt(found, 0, "+", .green, style)
        case (nil, nil): break
        }
        return lines
    }

    /// The lines around a byte of a text; of long lines what stands around it.
    private static func excerpt(_ text: String, _ offset: Int, _ sign: String, _ tint: Tint, _ style: TextStyle) -> [StyledText] {
        let bytes = Array(text.utf8)
        let place = min(max(0, offset), bytes.count)
        let all = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let number = bytes[..<place].count { $0 == 0x0A }
        var lines: [StyledText] = []
        for index in max(0, number - around)...min(all.count - 1, number + around) {
            // The one that differs is told from where it does.
            let before = index == number ? max(0, place - all[index].startIndex - mostOfLine / 2) : 0
            let isCut = all[index].count > before + mostOfLine
            let piece = String(decoding: all[index].dropFirst(before).prefix(mostOfLine), as: UTF8.self)
            let line = (before > 0 ? style.ellipsis : "") + piece + (isCut ? style.ellipsis : "")
            lines.append(StyledText("  \(index == number ? sign : " ") \(line)", index == number ? tint : .dim))
        }
        return lines
    }

    private static func commonPrefix(_ a: String, _ b: String) -> Int { zip(a.utf8, b.utf8).prefix { $0 == $1 }.reduce(0) { count, _ in count + 1 } }

    static func json(_ difference: ReplayDifference) -> JSONValue {
        [
            "what": .string(difference.what.rawValue), "step": difference.path.isEmpty ? .null : .string(difference.path), "fact": .number(difference.sequence),
            "expected": .text(difference.expected), "found": .text(difference.found), "first_byte": .number(difference.firstByte), "message": .string(difference.message),
        ]
    }
}
