/// Tells keys from ordinary words by their look, for places whose name does not say what stands in them.
public enum SecretLook {
    private static let longestWord = 20

    /// Whether this is a word or two that somebody chose in place of a key: `test-key`, `password`.
    public static func isPlainWords(_ text: String) -> Bool {
        text.utf8.count < 16 && pieces(text).allSatisfy { $0.digits == 0 && $0.uppercase == 0 }
    }

    /// Whether this may be a key, and is no label such as `production`, `eu-west-1`, `my_service`, `gpt-4o-mini`, `alice2@example.com`,
    /// `Acme Corporation` or `20261130`. A key has letters and digits in one piece that nobody would say: many, or in turns.
    public static func looksLikeKey(_ text: String) -> Bool {
        guard text.utf8.count >= Secret.minimumBytes, !text.contains(where: \.isWhitespace), !isVersion(text) else { return false }
        let pieces = pieces(text)
        guard pieces.contains(where: { $0.digits < $0.count }) else { return text.utf8.count >= 16 }
        if pieces.map(\.count) == [8, 4, 4, 4, 12], pieces.contains(where: { $0.digits > 0 }) || pieces.allSatisfy({ $0.isShuffled }) { return true }
        if pieces.contains(where: { $0.isKey }) { return true }
        // `header-secret-1`
        return pieces.contains { $0.digits > 0 } && words(of: text).contains { ["key", "token", "secret", "password"].contains($0) }
    }

    /// The words of a name, in small letters: `x-api-key` and `xApiKey` have three.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var last: UInt8 = 0
        for byte in name.utf8 {
            let isUpper = byte >= 0x41 && byte <= 0x5A
            let isLetter = isUpper || byte >= 0x61 && byte <= 0x7A || byte >= 0x30 && byte <= 0x39
            let wasLetter = last >= 0x61 && last <= 0x7A || last >= 0x41 && last <= 0x5A || last >= 0x30 && last <= 0x39
            if isLetter {
                let letter = String(Unicode.Scalar(isUpper ? byte | 0x20 : byte))
                if wasLetter, !(isUpper && last >= 0x61 && last <= 0x7A) { words[words.count - 1] += letter } else { words.append(letter) }
            }
            last = byte
        }
        return words
    }

    /// Whether it has a number with a point in it, and else small letters only.
    private static func isVersion(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isDigit(_ index: Int) -> Bool { bytes.indices.contains(index) && bytes[index] >= 0x30 && bytes[index] <= 0x39 }
        return bytes.count < 32 && !bytes.contains { $0 >= 0x41 && $0 <= 0x5A || $0 == UInt8(ascii: "_") }
            && bytes.indices.contains { bytes[$0] == UInt8(ascii: ".") && isDigit($0 - 1) && isDigit($0 + 1) }
    }

    /// Letters and digits that stand together.
    private struct Piece {
        var count = 0
        var digits = 0
        var uppercase = 0
        var lowercase = 0
        /// How often letters and digits change.
        var turns = 0

        var isKey: Bool {
            if digits == count { return count >= 9 }
            return count >= 16 ? digits > 1 || count > longestWord || isShuffled : count >= Secret.minimumBytes && digits >= 3 && turns >= 2
        }

        /// More capitals than `camelCase` has.
        var isShuffled: Bool { count >= 16 && lowercase > 0 && uppercase * 4 > count }
    }

    private static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var isInside = false
        var wasDigit = false
        for byte in text.utf8 {
            let isDigit = byte >= 0x30 && byte <= 0x39
            let isUpper = byte >= 0x41 && byte <= 0x5A
            // What is no ASCII is a letter of some language.
            guard isDigit || isUpper || byte >= 0x61 && byte <= 0x7A || byte >= 0x80 else {
                isInside = false
                continue
            }
            if !isInside { pieces.append(Piece()) }
            let last = pieces.count - 1
            if pieces[last].count > 0, isDigit != wasDigit { pieces[last].turns += 1 }
            wasDigit = isDigit
            pieces[last].count += 1
            if isDigit { pieces[last].digits += 1 } else if isUpper { pieces[last].uppercase += 1 } else { pieces[last].lowercase += 1 }
            isInside = true
        }
        return pieces
    }
}
