/// Reads the regular expressions of ECMA-262 in their Unicode form.
///
/// Captures and lazy quantifiers change what is captured and not whether there is a match, so they are read and
/// forgotten. Back-references are refused: matching them has no bound.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    static func parse(_ text: String) throws(PatternError) -> PatternSyntax {
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        let syntax = try parser.choice()
        guard parser.position == parser.scalars.count else { throw PatternError(message: "a ')' without its '('") }
        return syntax
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    // MARK: Structure

    private mutating func choice() throws(PatternError) -> PatternSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.patternNesting else {
            throw PatternError(message: "groups nested deeper than \(Limits.patternNesting) levels")
        }
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(PatternError) -> PatternSyntax {
        var terms: [PatternSyntax] = []
        while let next = current, next != "|", next != ")" {
            let term = try term()
            guard let (minimum, maximum) = try quantifier() else {
                terms.append(term)
                continue
            }
            switch term {
            case .start, .end, .wordBoundary, .look: throw PatternError(message: "a quantifier after an assertion")
            default: terms.append(.repeated(term, minimum: minimum, maximum: maximum))
            }
        }
        return .sequence(terms)
    }

    private mutating func term() throws(PatternError) -> PatternSyntax {
        if take("^") { return .start }
        if take("$") { return .end }
        if take(".") { return .set(ScalarSet(ScalarSet.lineEnd, isNegated: true)) }
        if take("[") { return .set(try characterClass()) }
        if take("(") { return try group() }
        if take("\\b") { return .wordBoundary(isNegated: false) }
        if take("\\B") { return .wordBoundary(isNegated: true) }
        if take("\\") { return .set(try escape(inClass: false).set) }
        let scalar = scalars[position]
        if "*+?".unicodeScalars.contains(scalar) { throw PatternError(message: "'\(scalar)' with nothing to repeat") }
        position += 1
        return .set(ScalarSet([scalar.value...scalar.value]))
    }

    private mutating func group() throws(PatternError) -> PatternSyntax {
        var look: (isBehind: Bool, isNegated: Bool)?
        if take("?=") {
            look = (false, false)
        } else if take("?!") {
            look = (false, true)
        } else if take("?<=") {
            look = (true, false)
        } else if take("?<!") {
            look = (true, true)
        } else if take("?<") {
            guard let end = scalars[position...].firstIndex(of: ">"), end > position else {
                throw PatternError(message: "a group name without its '>'")
            }
            position = end + 1
        } else if take("?"), !take(":") {
            throw PatternError(message: "'(?' must be followed by ':', '=', '!', '<=', '<!' or '<name>'")
        }
        let inner = try choice()
        guard take(")") else { throw PatternError(message: "a '(' without its ')'") }
        return look.map { .look(inner, isBehind: $0.isBehind, isNegated: $0.isNegated) } ?? inner
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        var bounds: (Int, Int?)?
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if current == "{" {
            // Without digits, a brace stands for itself.
            let mark = position
            position += 1
            if let minimum = number() {
                if take("}") {
                    bounds = (minimum, minimum)
                } else if take(",") {
                    let maximum = number()
                    if take("}") { bounds = (minimum, maximum) }
                }
            }
            if bounds == nil { position = mark }
        }
        guard let bounds else { return nil }
        if let maximum = bounds.1, maximum < bounds.0 { throw PatternError(message: "a quantifier whose bounds are out of order") }
        _ = take("?")
        if let next = current, "*+?".unicodeScalars.contains(next) { throw PatternError(message: "'\(next)' after another quantifier") }
        return bounds
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = current?.value, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), Limits.patternSize + 1)
            position += 1
        }
        return value
    }

    // MARK: Classes and escapes

    /// A single scalar, or a class that cannot be the end of a range.
    private struct Atom {
        var ranges: [ClosedRange<UInt32>] = []
        var property: ScalarSet.Property?
        var scalar: UInt32?

        init(scalar: UInt32) { (self.scalar, ranges) = (scalar, [scalar...scalar]) }
        init(ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }
        init(property: ScalarSet.Property) { self.property = property }

        var set: ScalarSet { ScalarSet(ranges, properties: property.map { [$0] } ?? []) }
    }

    private mutating func characterClass() throws(PatternError) -> ScalarSet {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var properties: [ScalarSet.Property] = []
        while !take("]") {
            let first = try classAtom()
            if current == "-", position + 1 < scalars.count, scalars[position + 1] != "]", let low = first.scalar {
                let mark = position
                position += 1
                if let high = try classAtom().scalar {
                    guard low <= high else { throw PatternError(message: "a range of a class whose ends are out of order") }
                    ranges.append(low...high)
                    continue
                }
                position = mark
            }
            ranges += first.ranges
            if let property = first.property { properties.append(property) }
        }
        return ScalarSet(ranges, properties: properties, isNegated: isNegated)
    }

    private mutating func classAtom() throws(PatternError) -> Atom {
        guard let scalar = current else { throw PatternError(message: "a '[' without its ']'") }
        position += 1
        return scalar == "\\" ? try escape(inClass: true) : Atom(scalar: scalar.value)
    }

    private mutating func escape(inClass: Bool) throws(PatternError) -> Atom {
        guard let scalar = current else { throw PatternError(message: "a '\\' at the end") }
        position += 1
        switch scalar {
        case "d": return Atom(ranges: ScalarSet.digit)
        case "D": return Atom(ranges: ScalarSet.complement(ScalarSet.digit))
        case "w": return Atom(ranges: ScalarSet.word)
        case "W": return Atom(ranges: ScalarSet.complement(ScalarSet.word))
        case "s": return Atom(ranges: ScalarSet.space)
        case "S": return Atom(ranges: ScalarSet.complement(ScalarSet.space))
        case "p", "P": return Atom(property: try property(isNegated: scalar == "P"))
        case "t": return Atom(scalar: 0x09)
        case "n": return Atom(scalar: 0x0A)
        case "v": return Atom(scalar: 0x0B)
        case "f": return Atom(scalar: 0x0C)
        case "r": return Atom(scalar: 0x0D)
        case "b" where inClass: return Atom(scalar: 0x08)
        case "c":
            guard let letter = current?.value, (0x41...0x5A).contains(letter & ~0x20) else {
                throw PatternError(message: "'\\c' without a letter")
            }
            position += 1
            return Atom(scalar: letter & 0x1F)
        case "0" where !(0x30...0x39).contains(current?.value ?? 0): return Atom(scalar: 0)
        case "x": return Atom(scalar: try hex(2))
        case "u": return Atom(scalar: try unicodeEscape())
        case "1"..."9" where !inClass, "k" where !inClass: throw PatternError(message: "back-references are not supported")
        case "a"..."z", "A"..."Z", "0"..."9": throw PatternError(message: "the unknown escape '\\\(scalar)'")
        default: return Atom(scalar: scalar.value)
        }
    }

    private mutating func property(isNegated: Bool) throws(PatternError) -> ScalarSet.Property {
        guard take("{"), let end = scalars[position...].firstIndex(of: "}") else {
            throw PatternError(message: "'\\p' without a name in braces")
        }
        var name = String.UnicodeScalarView()
        name.append(contentsOf: scalars[position..<end])
        position = end + 1
        guard var property = ScalarSet.property(String(name)) else {
            throw PatternError(
                message: "the property '\(String(name))' is not known; general categories such as 'Lu' and a few others "
                    + "such as 'Alphabetic' are")
        }
        property.isNegated = isNegated
        return property
    }

    private mutating func unicodeEscape() throws(PatternError) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            let start = position
            while let digit = current.flatMap({ Character($0).hexDigitValue }), value <= 0x10FFFF {
                value = value << 4 | UInt32(digit)
                position += 1
            }
            guard position > start, take("}"), value <= 0x10FFFF else { throw PatternError(message: "'\\u{' without a code point and '}'") }
            return value
        }
        let high = try hex(4)
        let mark = position
        if (0xD800...0xDBFF).contains(high), take("\\u"), let low = try? hex(4), (0xDC00...0xDFFF).contains(low) {
            return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        }
        if (0xD800...0xDBFF).contains(high) { position = mark }
        return high
    }

    private mutating func hex(_ count: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = current.flatMap({ Character($0).hexDigitValue }) else {
                throw PatternError(message: "an escape that needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
