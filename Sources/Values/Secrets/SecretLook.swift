/// Tells keys from ordinary words by their look, for places whose name does not say what stands in them.
public enum SecretLook {
    private static let longestWord = 20

    /// Whether this is a word or two that somebody chose in place of a key: `test-key`, `password`.
    public static func isPlainWords(_ text: String) -> Bool {
        text.utf8.count < 16 && pieces(text).allSatisfy { $0.digits == 0 && $0.uppercase == 0 }
    }

    /// Whether this may be a key, and is no label such as `production`, `Acme Corporation`, `qwen2.5-coder-0.5b` or `20261130`: a
    /// label taken for a key is a nuisance, a key taken for a label is told.
    public static func looksLikeKey(_ text: String) -> Bool {
        guard text.utf8.count >= Secret.minimumBytes, !text.contains(where: \.isWhitespace), !isVersion(text) else { return false }
        let pieces = pieces(text)
        guard pieces.contains(where: { $0.digits < $0.count }) else { return text.utf8.count >= 16 }
        return text.utf8.contains(UInt8(ascii: "_")) || pieces.contains { piece in
            piece.digits > 0 || piece.count > longestWord || piece.isShuffled || piece.uppercase >= Secret.minimumBytes
        }
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

        /// More capitals than `camelCase` has.
        var isShuffled: Bool { count >= 16 && lowercase > 0 && uppercase * 4 > count }
    }

    private static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var isInside = false
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
            pieces[last].count += 1
            if isDigit { pieces[last].digits += 1 } else if isUpper { pieces[last].uppercase += 1 } else { pieces[last].lowercase += 1 }
            isInside = true
        }
        return pieces
    }
}
