/// Tells keys from ordinary words by their look, for places whose name does not say what stands in them.
public enum SecretLook {
    private static let longestWord = 20
    /// Dates have eight.
    private static let longestNumber = 8

    /// Whether this is words and numbers as people write them: `test-key`, `Acme Corporation`, `20261130`.
    public static func isPlainWords(_ text: String) -> Bool {
        pieces(text).allSatisfy { piece in
            piece.digits == 0 ? piece.count <= longestWord && !piece.isShuffled : piece.digits == piece.count && piece.count <= longestNumber
        }
    }

    /// Whether this is no label, but drawn by lot: `hdrCanary0x7Vb31Nn`, and not `production`, `qwen2.5-coder-0.5b` or a number.
    public static func looksLikeKey(_ text: String) -> Bool {
        guard text.utf8.count >= Secret.minimumBytes, !text.contains(where: \.isWhitespace) else { return false }
        let pieces = pieces(text)
        guard pieces.contains(where: { $0.digits < $0.count }) else { return false }
        return pieces.contains { piece in
            switch piece.digits {
            case 0: piece.count > longestWord || piece.isShuffled
            case piece.count: piece.count > longestNumber && text.utf8.count >= 16
            default: piece.count >= Secret.minimumBytes && (piece.changes > 2 || piece.count >= 16 || piece.digits > 3 && piece.hasBothCases)
            }
        }
    }

    /// Letters and digits that stand together.
    private struct Piece {
        var count = 0
        var digits = 0
        /// How often a digit follows a letter, or a letter a digit.
        var changes = 0
        var uppercase = 0
        var lowercase = 0

        var hasBothCases: Bool { uppercase > 0 && lowercase > 0 }
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
            if isInside, isDigit != wasDigit { pieces[last].changes += 1 }
            pieces[last].count += 1
            if isDigit { pieces[last].digits += 1 } else if isUpper { pieces[last].uppercase += 1 } else { pieces[last].lowercase += 1 }
            (isInside, wasDigit) = (true, isDigit)
        }
        return pieces
    }
}
