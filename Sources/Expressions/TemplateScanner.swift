import Values

/// Cuts a template into text and expressions.
struct TemplateScanner {
    private let bytes: [UInt8]
    private var position = 0
    /// The place of `position`, kept up as it moves.
    private var file: String
    private var line: Int
    private var column: Int
    private let margin: Int

    init(text: String, location: SourceLocation, margin: Int) {
        self.margin = margin
        bytes = Array(text.utf8)
        file = location.file
        line = location.line
        column = location.column
    }

    private var location: SourceLocation { SourceLocation(file: file, line: line, column: column) }

    mutating func scan() throws(Diagnostics) -> [Template.Part] {
        var parts: [Template.Part] = []
        var literal: [UInt8] = []
        var problems: [Diagnostic] = []
        func flush() {
            if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
            literal = []
        }
        while position < bytes.count {
            if starts(with: "$${{") {
                literal.append(contentsOf: "${{".utf8)
                move(to: position + 4)
            } else if starts(with: "${{") {
                flush()
                let opening = SourceRange(location, length: 3)
                move(to: position + 3)
                let end: Int
                switch close(from: position) {
                case .found(let place): end = place
                case .missing(let inString, let isCut):
                    problems.append(
                        Diagnostic(
                            code: ExpressionCode.unterminatedTemplate, "'${{' is not closed by '}}'", at: opening,
                            hint: isCut
                                ? "a line ends inside of a string: in a double-quoted text of YAML, '\\n' is written '\\\\n'"
                                : inString ? "a string inside it is not closed" : "a literal '${{' is written '$${{'"))
                    throw Diagnostics(problems)
                }
                move(to: bytes[position..<end].firstIndex { !$0.isSpace } ?? end)
                let last = bytes[position..<end].lastIndex { !$0.isSpace } ?? position - 1
                let source = String(decoding: bytes[position..<last + 1], as: UTF8.self)
                do throws(Diagnostics) {
                    parts.append(.expression(try Expression(parsing: source, at: location, margin: margin)))
                } catch {
                    problems += error.all
                }
                move(to: end + 2)
            } else {
                // Long texts go by stretches.
                let end = bytes[(position + 1)...].firstIndex(of: UInt8(ascii: "$")) ?? bytes.count
                literal += bytes[position..<end]
                move(to: end)
            }
        }
        flush()
        guard problems.isEmpty else { throw Diagnostics(problems) }
        return parts
    }

    private func starts(with text: StaticString) -> Bool {
        guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
        for index in 0..<text.utf8CodeUnitCount where bytes[position + index] != text.utf8Start[index] { return false }
        return true
    }

    private mutating func move(to end: Int) {
        while position < end {
            if bytes[position] == 0x0A {
                line += 1
                column = margin
            } else if bytes[position] & 0xC0 != 0x80 {
                column += 1
            }
            position += 1
        }
    }

    private enum Close {
        case found(Int)
        /// - Parameter isCut: whether a line ended inside of a string, as `'\n'` of a double-quoted text does.
        case missing(inString: Bool, isCut: Bool)
    }

    /// The `}}` that ends the expression: not one inside a string, nor one that closes maps.
    private func close(from start: Int) -> Close {
        var index = start
        var depth = 0
        var isCut = false
        func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                if depth == 0, at(1) == UInt8(ascii: "}") { return .found(index) }
                depth = max(0, depth - 1)
            case UInt8(ascii: "/") where at(1) == UInt8(ascii: "/"):
                // A comment ends with the line, and with the expression if that ends on the same line.
                while index < bytes.count, bytes[index] != 0x0A, !(at(0) == UInt8(ascii: "}") && at(1) == UInt8(ascii: "}")) { index += 1 }
                continue
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                guard let end = endOfString(at: index) else { return .missing(inString: true, isCut: isCut) }
                if bytes.indices.contains(end), bytes[end] == 0x0A, bytes[end - 1] != bytes[index] || end - 1 == index { isCut = true }
                index = end
                continue
            default: break
            }
            index += 1
        }
        return .missing(inString: false, isCut: isCut)
    }

    /// The byte after the string whose quote stands at `start`.
    private func endOfString(at start: Int) -> Int? {
        let mark = bytes[start]
        let isTriple = start + 2 < bytes.count && bytes[start + 1] == mark && bytes[start + 2] == mark
        let isRaw = Self.isRaw(bytes, before: start)
        var index = start + (isTriple ? 3 : 1)
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), !isRaw {
                index += 2
            } else if bytes[index] == mark, !isTriple || index + 2 < bytes.count && bytes[index + 1] == mark && bytes[index + 2] == mark {
                return index + (isTriple ? 3 : 1)
            } else if !isTriple, bytes[index] == 0x0A {
                // An open string; the parser says so better than an unclosed template would.
                return index
            } else {
                index += 1
            }
        }
        return nil
    }

    private static func isRaw(_ bytes: [UInt8], before quote: Int) -> Bool {
        var index = quote - 1
        var isRaw = false
        while index >= 0, [0x72, 0x62].contains(bytes[index] | 0x20) {
            if bytes[index] | 0x20 == 0x72 { isRaw = true }
            index -= 1
        }
        return isRaw && quote - index <= 3 && (index < 0 || !bytes[index].isNamePart)
    }
}

extension UInt8 {
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x09 || self == 0x0D || self == 0x0C }
}
