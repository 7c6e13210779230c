import Values

/// Comma-separated values as RFC 4180 has them: lines end in CRLF; a field with a comma, a quote or a line break is quoted.
///
/// A spreadsheet takes a field that begins like a formula for one, and what it then does is up to whoever wrote the text: such a
/// field gets an apostrophe in front. Numbers stay numbers.
enum CSV {
    static func text(_ rows: [[String]]) -> String {
        rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ content: String) -> String {
        let text = defused(TerminalText.harmless(content))
        let special: Set<UInt8> = [0x22, 0x2C, 0x0A, 0x0D]
        guard text.utf8.contains(where: special.contains) || text.utf8.first == 0x20 || text.utf8.last == 0x20 else { return text }
        return "\"" + text.replacingBytes(of: "\"", with: "\"\"") + "\""
    }

    private static func defused(_ text: String) -> String {
        let starts: Set<UInt8> = [UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0A, 0x0D]
        // Programs strip blanks before they look.
        guard let first = text.utf8.first(where: { $0 != 0x20 }), starts.contains(first), !isNumber(text) else { return text }
        return "'" + text
    }

    /// `-1.5`, as reports write numbers.
    private static func isNumber(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        return text.utf8.count - digits.count <= 1 && digits.first.map { $0 >= 0x30 && $0 <= 0x39 } == true && Double(text) != nil
    }
}
