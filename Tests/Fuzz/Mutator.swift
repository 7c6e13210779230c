/// Breaks a text in the ways in which texts are broken, and in some in which they are not.
enum Mutator {
    /// What the formats give a meaning to, and what readers stumble over.
    private static let tokens: [String] = [
        "${{", "}}", "$${{", "{", "}", "[", "]", "(", ")", ":", ": ", "- ", ", ", "?", "? ", "! ", "!", "&a ", "*a", "<<: *a\n", "|", ">", "|2-", ">+", "#", " #", "'", "\"",
        "\\", "'''", "\"\"\"", "---\n", "...\n", "%YAML 1.1\n", "\t", "\r\n", "\r", "\n", "\n\n", "    ", "0x", "-0", "1e999", "-1e-999", ".inf", ".nan", "~", "null", "true", "no",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "99999999999999999999999999999999999999", "0.1e-400", "1u", "@", "`",
        "&&", "||", "==", "!=", "in", ".map(x, ", ".exists(", "has(", "steps.", "inputs.", "item", "//", "r'", "b'", "\\u{0}", "\\ud800", "\\uD83D\\uDE00", "{\"$ref\":\"#\"}", "\"$ref\": \"#\"",
        "(a+)+$", "(?=", "[^", "{2,1}", "{1000}", "\\p{L}", "x-", "id: a", "version: 1", "steps:", "when: ", "prompt: ",
        "\u{0}", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}", "\u{200B}", "\u{202E}", "é", "e\u{301}", "😀", "👩‍👩‍👧‍👦", "ß", "İ", "漢", "\u{10FFFF}", "\u{FFFE}",
    ]
    private static let brokenUTF8: [[UInt8]] = [[0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE], [0xF0, 0x9F, 0x98], [0xEF, 0xBB, 0xBF]]
    private static let nests: [(open: String, close: String)] = [
        ("[", "]"), ("{a: ", "}"), ("{\"a\":", "}"), ("(", ")"), ("!", ""), ("-", ""), ("- ", ""), ("? ", ""), ("a.", ""), ("[1].map(x, ", ")"), ("${{ ", " }}"), ("'", "'"), ("{\"not\":", "}"),
        ("{\"allOf\":[", "]}"), ("(?:", ")"), ("(", ")*"), ("true ? ", " : 1"), ("a[", "]"),
    ]

    static func mutate(_ bytes: inout [UInt8], _ random: inout FuzzRandom, besides others: [[UInt8]]) {
        // Mostly one fault, so that what is behind the first check is reached.
        let count = random.pick([1, 1, 1, 2, 3, 8])
        for _ in 0..<count { change(&bytes, &random, others) }
    }

    private static func stretch(_ bytes: [UInt8], _ random: inout FuzzRandom) -> Range<Int> {
        let start = random.below(bytes.count + 1)
        let length = random.below(min(random.pick([4, 16, 64, 1024]), bytes.count - start) + 1)
        return start..<start + length
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout FuzzRandom, _ others: [[UInt8]]) {
        let place = random.below(bytes.count + 1)
        switch random.below(20) {
        case 0 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(stretch(bytes, &random))
        case 3: bytes.removeLast(bytes.count - place)
        case 4, 5: bytes.insert(contentsOf: bytes[stretch(bytes, &random)], at: place)
        case 6:
            let piece = Array(bytes[stretch(bytes, &random)])
            let copies = min(random.pick([2, 10, 100, 3000]), 60_000 / max(piece.count, 1))
            bytes.insert(contentsOf: (0..<copies).flatMap { _ in piece }, at: place)
        case 7:
            let other = random.pick(others)
            bytes.replaceSubrange(stretch(bytes, &random), with: other[stretch(other, &random)])
        case 8:
            let other = random.pick(others)
            bytes = Array(bytes[..<place]) + other[random.below(other.count + 1)...]
        case 9: bytes.insert(contentsOf: random.pick(brokenUTF8), at: place)
        case 10:
            let nest = random.pick(nests)
            let depth = random.pick([3, 60, 101, 300, 5000])
            bytes.insert(contentsOf: (String(repeating: nest.open, count: depth) + "1" + String(repeating: nest.close, count: random.chance(oneIn: 4) ? 0 : depth)).utf8, at: place)
        case 11:
            let letter = random.pick(["a", "9", " ", "é", "x, ", "a: ", "😀", "e\u{301}", "\\"])
            bytes.insert(contentsOf: String(repeating: letter, count: random.pick([40, 400, 4000, 20_000])).utf8, at: place)
        case 12: swapLines(&bytes, &random)
        case 13: bytes.replaceSubrange(line(bytes, at: place), with: [])
        case 14:
            let start = line(bytes, at: place).lowerBound
            bytes.insert(contentsOf: String(repeating: " ", count: random.within(1...5)).utf8, at: start)
        default: bytes.insert(contentsOf: random.pick(tokens).utf8, at: place)
        }
    }

    private static func line(_ bytes: [UInt8], at place: Int) -> Range<Int> {
        let start = bytes[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return start..<(bytes[place...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count)
    }

    private static func swapLines(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        lines.swapAt(random.below(lines.count), random.below(lines.count))
        bytes = Array(lines.joined(separator: [0x0A]))
    }
}
