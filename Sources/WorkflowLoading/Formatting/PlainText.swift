/// Which texts need no quotes.
enum PlainText {
    /// What YAML 1.1 reads as something else than text, so that other tools would too.
    private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    /// Whether a text can stand without quotes and stay the same text for every reader. Where in doubt, the quotes stay.
    static func canHold(_ text: String, isInFlow: Bool, isKey: Bool) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last, !words.contains(text.lowercased()) else { return false }
        if isKey || isInFlow {
            return first.isLetter && last != " " && scalars.allSatisfy { $0.isLetter || $0.isDigit || "_-./".unicodeScalars.contains($0) || ($0 == " " && !isKey) }
        }
        // Quotes around an expression are a habit that spares its author three traps.
        guard first.isLetter || first == "_" || first == "/", !text.contains("${{") else { return false }
        guard last != ":", last != " ", !text.contains(": "), !text.contains(" #") else { return false }
        return scalars.allSatisfy { $0.isLetter || (0x20...0x7E).contains($0.value) }
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool { isASCII ? value | 0x20 >= 0x61 && value | 0x20 <= 0x7A : properties.isAlphabetic }
    fileprivate var isDigit: Bool { value >= 0x30 && value <= 0x39 }
}
