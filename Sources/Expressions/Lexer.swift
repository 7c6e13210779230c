import Values

/// Cuts the source into tokens. Never fails: what is no token becomes a `fault` that the parser reports when it gets there.
struct Lexer {
    private let source: PlacedText
    private let bytes: [UInt8]
    private var position = 0
    private var tokens: [Token] = []

    private struct Fault: Error {
        let diagnostic: Diagnostic
    }

    static func tokens(of source: PlacedText, bytes: [UInt8]) -> [Token] {
        var lexer = Lexer(source: source, bytes: bytes)
        lexer.tokens.reserveCapacity(bytes.count / 3 + 2)
        do throws(Fault) {
            while try lexer.next() {}
        } catch {
            lexer.tokens.append(Token(kind: .fault(error.diagnostic), span: Span(lexer.position, lexer.position + 1)))
        }
        lexer.tokens.append(Token(kind: .end, span: Span(bytes.count, bytes.count)))
        return lexer.tokens
    }

    private init(source: PlacedText, bytes: [UInt8]) {
        self.source = source
        self.bytes = bytes
    }

    private func peek(_ offset: Int = 0) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    private func starts(with text: StaticString) -> Bool {
        guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
        for index in 0..<text.utf8CodeUnitCount where bytes[position + index] != text.utf8Start[index] { return false }
        return true
    }

    private func fault(_ message: String, from start: Int, to end: Int, hint: String? = nil) -> Fault {
        Fault(diagnostic: Diagnostic(code: ExpressionCode.syntax, message, at: source.range(Span(start, end)), hint: hint))
    }

    private mutating func add(_ kind: Token.Kind, from start: Int) {
        tokens.append(Token(kind: kind, span: Span(start, position)))
    }

    /// Reads one token; `false` at the end.
    private mutating func next() throws(Fault) -> Bool {
        skipSpace()
        guard position < bytes.count else { return false }
        let start = position
        let byte = bytes[position]
        if byte.isDigit || byte == UInt8(ascii: ".") && peek(1).isDigit {
            try number()
        } else if let quote = stringStart() {
            try string(quote)
        } else if byte.isNameStart {
            while position < bytes.count, bytes[position].isNamePart { position += 1 }
            add(.identifier(String(decoding: bytes[start..<position], as: UTF8.self)), from: start)
        } else if byte == UInt8(ascii: "`") {
            try quotedIdentifier()
        } else {
            try symbol()
        }
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: position += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            default: return
            }
        }
    }

    // MARK: Symbols

    private mutating func symbol() throws(Fault) {
        let start = position
        // Signs of other languages first: each would otherwise be cut into CEL's own and misunderstood.
        if let (length, message, hint) = foreignSign() { throw fault(message, from: start, to: start + length, hint: hint) }
        if position + 1 < bytes.count, bytes[position] < 0x80, bytes[position + 1] < 0x80,
            let symbol = Token.Symbol(rawValue: String(decoding: bytes[position..<position + 2], as: UTF8.self))
        {
            position += 2
            add(.symbol(symbol), from: start)
            return
        }
        let scalar = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).unicodeScalars.first!
        guard let symbol = Token.Symbol(rawValue: String(Character(scalar))) else {
            let isQuote = "“”„‘’«»".unicodeScalars.contains(scalar)
            throw fault(
                "'\(Character(scalar))' has no meaning in an expression", from: start, to: start + UTF8.width(scalar),
                hint: isQuote ? "strings stand in straight quotes: 'text' or \"text\"" : nil)
        }
        position += 1
        add(.symbol(symbol), from: start)
    }

    private func foreignSign() -> (length: Int, message: String, hint: String)? {
        if starts(with: "===") { return (3, "'===' is not an operator", "write '==': CEL never converts types when it compares") }
        if starts(with: "!==") { return (3, "'!==' is not an operator", "write '!=': CEL never converts types when it compares") }
        if starts(with: "=>") { return (2, "there are no arrow functions", "name the variable first: list.map(x, x.text)") }
        if starts(with: "->") { return (2, "there are no arrow functions", "name the variable first: list.map(x, x.text)") }
        if starts(with: "=~") { return (2, "'=~' is not an operator", "write text.matches('pattern')") }
        if starts(with: "<>") { return (2, "'<>' is not an operator", "write '!='") }
        if starts(with: "**") { return (2, "'**' is not an operator", "multiply with '*'") }
        if starts(with: "??") { return (2, "'??' is not an operator", "write has(a.b) ? a.b : other") }
        if starts(with: "?.") && !peek(2).isDigit { return (2, "'?.' is not an operator", "guard the read: has(a.b) ? a.b.c : other") }
        if starts(with: "${{") { return (3, "'${{' inside an expression", "this text is an expression already; leave out '${{' and '}}'") }
        switch peek() {
        case UInt8(ascii: "=") where peek(1) != UInt8(ascii: "="):
            return (1, "'=' is not an operator", "compare with '=='")
        case UInt8(ascii: "&") where peek(1) != UInt8(ascii: "&"):
            return (1, "'&' is not an operator", "write '&&' for and")
        case UInt8(ascii: "|") where peek(1) != UInt8(ascii: "|"):
            return (1, "'|' is not an operator", "write '||' for or; there are no filters, call a function: text.trim()")
        case UInt8(ascii: "$"):
            return (1, "'$' has no meaning in an expression", "names stand without a sign: inputs.ticket")
        case UInt8(ascii: "#"):
            return (1, "'#' has no meaning in an expression", "a comment starts with //")
        case UInt8(ascii: ";"):
            return (1, "';' has no meaning in an expression", "there is one expression, without statements")
        default: return nil
        }
    }

    private mutating func quotedIdentifier() throws(Fault) {
        let start = position
        position += 1
        while position < bytes.count, bytes[position].isNamePart || [0x2D, 0x2E, 0x2F, 0x20].contains(bytes[position]) { position += 1 }
        guard peek() == UInt8(ascii: "`"), position > start + 1 else {
            throw fault("a name in backticks is letters, digits, '_', '-', '.', '/' or spaces, then a backtick", from: start, to: position)
        }
        let name = String(decoding: bytes[start + 1..<position], as: UTF8.self)
        position += 1
        add(.quotedIdentifier(name), from: start)
    }

    // MARK: Numbers

    private mutating func number() throws(Fault) {
        let start = position
        var isDouble = false
        let isHex = peek() == 0x30 && (peek(1) | 0x20) == UInt8(ascii: "x")
        if isHex {
            position += 2
            while peek().hexValue != nil { position += 1 }
        } else {
            while peek().isDigit { position += 1 }
            if peek() == UInt8(ascii: "."), peek(1).isDigit {
                isDouble = true
                position += 1
                while peek().isDigit { position += 1 }
            }
            if peek() | 0x20 == UInt8(ascii: "e") {
                let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
                if peek(1 + sign).isDigit {
                    isDouble = true
                    position += 1 + sign
                    while peek().isDigit { position += 1 }
                }
            }
        }
        let digits = String(decoding: bytes[(isHex ? start + 2 : start)..<position], as: UTF8.self)
        let isUnsigned = !isDouble && peek() | 0x20 == UInt8(ascii: "u")
        if isUnsigned { position += 1 }
        guard !peek().isNamePart, !digits.isEmpty else {
            var end = position
            while end < bytes.count, bytes[end].isNamePart { end += 1 }
            position = start
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            throw fault("'\(text)' is not a number", from: start, to: end, hint: "a name starts with a letter; text stands in quotes")
        }
        if isDouble {
            let text = digits.hasPrefix(".") ? "0" + digits : digits
            guard let value = Double(text), value.isFinite else {
                throw fault("the number is beyond the range of a double", from: start, to: position)
            }
            add(.double(value), from: start)
        } else if let value = UInt64(digits, radix: isHex ? 16 : 10) {
            add(isUnsigned ? .uint(value) : .int(value), from: start)
        } else {
            throw fault("the number does not fit 64 bits", from: start, to: position, hint: "write it as a double: \(digits).0")
        }
    }

    // MARK: Strings

    private struct Quote {
        var prefixLength: Int
        var isRaw: Bool
        var isBytes: Bool
    }

    /// Whether a string starts here: up to one `r` and one `b`, then a quote.
    private func stringStart() -> Quote? {
        var quote = Quote(prefixLength: 0, isRaw: false, isBytes: false)
        while true {
            switch peek(quote.prefixLength) {
            case UInt8(ascii: "r"), UInt8(ascii: "R"):
                if quote.isRaw { return nil }
                quote.isRaw = true
            case UInt8(ascii: "b"), UInt8(ascii: "B"):
                if quote.isBytes { return nil }
                quote.isBytes = true
            case UInt8(ascii: "'"), UInt8(ascii: "\""): return quote
            default: return nil
            }
            quote.prefixLength += 1
        }
    }

    private mutating func string(_ quote: Quote) throws(Fault) {
        let start = position
        position += quote.prefixLength
        let mark = bytes[position]
        let isTriple = peek(1) == mark && peek(2) == mark
        position += isTriple ? 3 : 1
        var content: [UInt8] = []
        while true {
            guard position < bytes.count, isTriple || bytes[position] != 0x0A && bytes[position] != 0x0D else {
                let end = position
                position = start
                throw fault("the string is not closed", from: start, to: end, hint: "it ends with \(isTriple ? "three of the quotes" : "the quote") that it starts with")
            }
            let byte = bytes[position]
            if byte == mark, !isTriple || peek(1) == mark && peek(2) == mark {
                position += isTriple ? 3 : 1
                break
            }
            if byte == UInt8(ascii: "\\"), !quote.isRaw {
                try escape(into: &content, isBytes: quote.isBytes)
            } else {
                content.append(byte)
                position += 1
            }
        }
        add(quote.isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self)), from: start)
    }

    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(Fault) {
        let start = position
        position += 1
        let letter = peek()
        position += 1
        func digits(_ count: Int, radix: UInt32) -> UInt32? {
            guard position + count <= bytes.count else { return nil }
            var value: UInt32 = 0
            for byte in bytes[position..<position + count] {
                guard let digit = byte.hexValue, digit < radix else { return nil }
                value = value &* radix &+ digit
            }
            return value
        }
        func bad(_ message: String) -> Fault {
            fault(message, from: start, to: min(start + 2, bytes.count), hint: "a backslash itself is written \\\\, or the string raw: r'\\d+'")
        }
        let code: UInt32
        var isCodePoint = !isBytes
        switch letter {
        case UInt8(ascii: "a"): code = 7
        case UInt8(ascii: "b"): code = 8
        case UInt8(ascii: "f"): code = 12
        case UInt8(ascii: "n"): code = 10
        case UInt8(ascii: "r"): code = 13
        case UInt8(ascii: "t"): code = 9
        case UInt8(ascii: "v"): code = 11
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): code = UInt32(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            guard let value = digits(2, radix: 16) else { throw bad("'\\x' takes two hexadecimal digits") }
            code = value
            position += 2
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = letter == UInt8(ascii: "u") ? 4 : 8
            guard !isBytes else { throw bad("bytes take \\x escapes, not \\u") }
            guard let value = digits(count, radix: 16) else { throw bad("'\\\(Character(Unicode.Scalar(letter)))' takes \(count) hexadecimal digits") }
            code = value
            isCodePoint = true
            position += count
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            guard let value = digits(3, radix: 8) else { throw bad("an octal escape takes three digits, \\000 to \\377") }
            code = value
            position += 3
        default:
            throw bad("there is no such escape")
        }
        if !isCodePoint {
            content.append(UInt8(code))
        } else if let scalar = Unicode.Scalar(code) {
            content.append(contentsOf: UTF8.encode(scalar)!)
        } else {
            throw bad("the escape names no Unicode character")
        }
    }
}

extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isNameStart: Bool { (self | 0x20) &- 0x61 < 26 || self == 0x5F }
    var isNamePart: Bool { isNameStart || isDigit }

    var hexValue: UInt32? {
        if isDigit { return UInt32(self - 0x30) }
        let lower = self | 0x20
        return lower &- 0x61 < 6 ? UInt32(lower - 0x61 + 10) : nil
    }
}
