/// The ways in which a secret is written that reading it backwards would not find.
enum SecretForms {
    /// The secret itself, and its base64 at the three places where it can begin within a longer text, in both alphabets; and what in each
    /// of them is made of bytes that nobody else has.
    static func all(of secret: String) -> [(bytes: [UInt8], own: Range<Int>)] {
        let bytes = Array(secret.utf8)
        let own = PublicBeginning.ownBytes(of: secret)
        var forms = [(bytes, own)]
        for lead in 0..<3 {
            let encoded = base64(bytes, behind: lead)
            let first = (lead * 8 + 5) / 6
            let ownLetters = max(0, ((lead + own.lowerBound) * 8 + 5) / 6 - first)..<min(encoded.count, (lead + own.upperBound) * 8 / 6 - first)
            forms.append((encoded, ownLetters))
            let other = encoded.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
            if other != encoded { forms.append((other, ownLetters)) }
        }
        return forms
    }

    /// Its bytes in hexadecimal, in small digits and in large ones.
    static func hexadecimal(of secret: String) -> [(bytes: [UInt8], own: Range<Int>)] {
        let own = PublicBeginning.ownBytes(of: secret)
        return ["0123456789abcdef", "0123456789ABCDEF"].map { text in
            let digits = Array(text.utf8)
            return (secret.utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, own.lowerBound * 2..<own.upperBound * 2)
        }
    }

    /// The characters that are made of the secret's bits alone.
    ///
    /// - Parameter lead: how many bytes stand before it, modulo three.
    private static func base64(_ bytes: [UInt8], behind lead: Int) -> [UInt8] {
        var encoded: [UInt8] = []
        Base64.write([UInt8](repeating: 0, count: lead) + bytes, to: &encoded)
        let first = (lead * 8 + 5) / 6
        let end = (lead + bytes.count) * 8 / 6
        return Array(encoded[first..<end])
    }
}
