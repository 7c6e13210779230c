/// The ways in which a secret is written that reading it backwards would not find.
enum SecretForms {
    /// The secret itself, and its base64 at the three places where it can begin within a longer text, in both alphabets.
    static func all(of secret: String) -> [[UInt8]] {
        let bytes = Array(secret.utf8)
        var forms = [bytes]
        for lead in 0..<3 {
            let encoded = base64(bytes, behind: lead)
            forms.append(encoded)
            let other = encoded.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
            if other != encoded { forms.append(other) }
        }
        return forms
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
