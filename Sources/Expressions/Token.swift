import Values

/// A word of the language and where it stands.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case end
        case identifier(String)
        /// A name in backticks, allowed after a dot only.
        case quotedIdentifier(String)
        /// The magnitude; the sign is the parser's, since `-9223372036854775808` is a literal and `a-1` is not.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        /// Text that is no token; the diagnostic says why. Nothing follows it but `end`.
        ///
        /// Indirect: tokens lie in the frames of the parser, of which there are thousands.
        indirect case fault(Diagnostic)
    }

    enum Symbol: String, Sendable {
        case openParen = "(", closeParen = ")", openBracket = "[", closeBracket = "]", openBrace = "{", closeBrace = "}"
        case dot = ".", comma = ",", colon = ":", question = "?", not = "!"
        case and = "&&", or = "||"
        case equal = "==", notEqual = "!=", less = "<", lessEqual = "<=", greater = ">", greaterEqual = ">="
        case plus = "+", minus = "-", star = "*", slash = "/", percent = "%"
    }

    let kind: Kind
    let span: Span

    /// How messages name it.
    func name(in bytes: [UInt8]) -> String {
        if kind == .end { return "the end of the expression" }
        let text = String(decoding: bytes[Int(span.start)..<Int(span.end)].prefix(40), as: UTF8.self)
        return "'\(text)'"
    }
}
