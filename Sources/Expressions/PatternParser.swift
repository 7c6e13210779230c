/// Reads RE2's syntax: alternation, groups with flags `i m s`, classes, escapes, greedy and lazy repeats
/// (the same here, since only whether it matches is asked).
struct PatternParser {
    private static let maximumDepth = 100

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var flags = Flags()

    private struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotMatchesNewline = false
    }

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(Pattern.Fault) -> PatternSyntax {
        let syntax = try alternation()
        guard position == scalars.count else { throw fault("')' without '('", hint: "a literal one is written \\)") }
        return syntax
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private func fault(_ message: String, hint: String? = nil) -> Pattern.Fault { Pattern.Fault(message: message, hint: hint) }

    private mutating func alternation() throws(Pattern.Fault) -> PatternSyntax {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws(Pattern.Fault) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            var part = try atom()
            var repeats = 0
            while let (least, most) = try quantifier() {
                repeats += 1
                guard repeats == 1 else { throw fault("a repeat of a repeat", hint: "put the inner one in a group: (?:a+)*") }
                part = .repeat(part, least: least, most: most)
            }
            parts.append(part)
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func quantifier() throws(Pattern.Fault) -> (least: Int, most: Int?)? {
        let range: (Int, Int?)
        switch peek {
        case "*": range = (0, nil)
        case "+": range = (1, nil)
        case "?": range = (0, 1)
        case "{":
            guard let counted = try count() else { return nil }
            range = counted
            _ = take("?")
            return range
        default: return nil
        }
        position += 1
        _ = take("?")
        if peek == "+" { throw fault("possessive repeats are not supported") }
        return range
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else is a literal brace.
    private mutating func count() throws(Pattern.Fault) -> (Int, Int?)? {
        var index = position + 1
        func number() -> Int? {
            var value: Int?
            while index < scalars.count, let digit = scalars[index].properties.numericType == .decimal ? Int(String(scalars[index])) : nil {
                value = min((value ?? 0) * 10 + digit, 1_000_000)
                index += 1
            }
            return value
        }
        guard let least = number(), index < scalars.count else { return nil }
        var most: Int? = least
        if scalars[index] == "," {
            index += 1
            most = number()
        }
        guard index < scalars.count, scalars[index] == "}" else { return nil }
        guard least <= 1000, most ?? 0 <= 1000, most ?? least >= least else { throw fault("a repeat count is at most 1000 and in order") }
        position = index + 1
        return (least, most)
    }

    private mutating func atom() throws(Pattern.Fault) -> PatternSyntax {
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case ".": return .any(newline: flags.dotMatchesNewline)
        case "^": return .assert(flags.multiline ? .lineStart : .textStart)
        case "$": return .assert(flags.multiline ? .lineEnd : .textEnd)
        case "(": return try group()
        case "[": return .set(try characterClass())
        case "\\": return try escape()
        case "*", "+", "?": throw fault("'\(scalar)' without something to repeat", hint: "a literal one is written \\\(scalar)")
        default: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> PatternSyntax {
        guard flags.ignoresCase, !ScalarSet.otherCases(of: scalar.value).isEmpty else { return .scalar(scalar.value) }
        return .set(ScalarSet(ranges: [scalar.value...scalar.value], ignoresCase: true))
    }

    private mutating func group() throws(Pattern.Fault) -> PatternSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw fault("it is nested too deep") }
        let outer = flags
        if take("?") {
            if peek == "=" || peek == "!" { throw fault("look-ahead is not supported", hint: "combine two tests with '&&'") }
            if take("P") || peek == "<" {
                guard take("<"), peek != "=", peek != "!" else { throw fault("look-behind is not supported", hint: "combine two tests with '&&'") }
                while let scalar = peek, scalar.isASCII, UInt8(scalar.value).isNamePart { position += 1 }
                guard take(">") else { throw fault("the name of a group is not closed by '>'") }
            } else {
                var value = true
                while let flag = peek, flag != ":", flag != ")" {
                    switch flag {
                    case "-": value = false
                    case "i": flags.ignoresCase = value
                    case "m": flags.multiline = value
                    case "s": flags.dotMatchesNewline = value
                    default: throw fault("there is no flag '\(flag)'", hint: "the flags are i, m and s")
                    }
                    position += 1
                }
                // `(?i)` holds to the end of the group around it.
                if take(")") { return .empty }
                guard take(":") else { throw fault("a group is not closed") }
            }
        }
        let inner = try alternation()
        guard take(")") else { throw fault("a group is not closed", hint: "a literal '(' is written \\(") }
        flags = outer
        return inner
    }

    // MARK: Classes

    private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    private static let wordParts: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    private static let spaces: [ClosedRange<UInt32>] = [0x09...0x0A, 0x0C...0x0D, 0x20...0x20]
    private static let named: [String: [ClosedRange<UInt32>]] = [
        "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A], "ascii": [0...0x7F], "blank": [0x09...0x09, 0x20...0x20],
        "cntrl": [0...0x1F, 0x7F...0x7F], "digit": digits, "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
        "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [0x09...0x0D, 0x20...0x20], "upper": [0x41...0x5A],
        "word": wordParts, "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]

    private mutating func characterClass() throws(Pattern.Fault) -> ScalarSet {
        var set = ScalarSet(isNegated: take("^"), ignoresCase: flags.ignoresCase)
        var isFirst = true
        while true {
            guard let scalar = peek else { throw fault("a class is not closed by ']'", hint: "a literal '[' is written \\[") }
            position += 1
            if scalar == "]", !isFirst { return set }
            isFirst = false
            if scalar == "[", peek == ":" {
                try namedClass(into: &set)
                continue
            }
            if scalar == "\\", try shorthand(into: &set) { continue }
            let low = scalar == "\\" ? try escapedScalar() : scalar.value
            var high = low
            if peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                let end = scalars[position]
                position += 1
                high = end == "\\" ? try escapedScalar() : end.value
                guard low <= high else { throw fault("a range in a class runs backwards") }
            }
            set.ranges.append(low...high)
        }
    }

    private mutating func namedClass(into set: inout ScalarSet) throws(Pattern.Fault) {
        position += 1
        let isNegated = take("^")
        var name = ""
        while let scalar = peek, scalar != ":", scalar != "]" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard let ranges = Self.named[name], take(":"), take("]") else { throw fault("there is no class '[:\(name):]'") }
        if isNegated { set.complements.append(ranges) } else { set.ranges += ranges }
    }

    /// `\d`, `\W`, `\p{L}` …: a set that stands in place of a character. `false`, with nothing read, for other escapes.
    private mutating func shorthand(into set: inout ScalarSet) throws(Pattern.Fault) -> Bool {
        guard let letter = peek else { return false }
        switch letter {
        case "d": set.ranges += Self.digits
        case "w": set.ranges += Self.wordParts
        case "s": set.ranges += Self.spaces
        case "D": set.complements.append(Self.digits)
        case "W": set.complements.append(Self.wordParts)
        case "S": set.complements.append(Self.spaces)
        case "p", "P":
            position += 1
            var name = ""
            if take("{") {
                while let scalar = peek, scalar != "}" {
                    name.unicodeScalars.append(scalar)
                    position += 1
                }
                guard peek != nil else { throw fault("'\\p{' is not closed") }
            } else if let scalar = peek {
                name = String(scalar)
            }
            guard let category = ScalarSet.Category(rawValue: name) else {
                throw fault("there is no category '\(name)'", hint: "known are L, Lu, Ll, N, Nd, P, S and Z")
            }
            set.categories.append((category, letter == "P"))
        default: return false
        }
        position += 1
        return true
    }

    private mutating func escape() throws(Pattern.Fault) -> PatternSyntax {
        var set = ScalarSet()
        if try shorthand(into: &set) { return .set(set) }
        switch peek {
        case "b": position += 1; return .assert(.wordBoundary)
        case "B": position += 1; return .assert(.noWordBoundary)
        case "A": position += 1; return .assert(.textStart)
        case "z": position += 1; return .assert(.textEnd)
        default: break
        }
        guard let scalar = Unicode.Scalar(try escapedScalar()) else { throw fault("an escape names no character") }
        return literal(scalar)
    }

    private mutating func escapedScalar() throws(Pattern.Fault) -> UInt32 {
        guard let letter = peek else { throw fault("it ends with a backslash") }
        position += 1
        switch letter {
        case "n": return 10
        case "t": return 9
        case "r": return 13
        case "f": return 12
        case "v": return 11
        case "a": return 7
        case "x":
            var digits = ""
            if take("{") {
                while let scalar = peek, scalar != "}", digits.count < 8 {
                    digits.unicodeScalars.append(scalar)
                    position += 1
                }
                guard take("}") else { throw fault("'\\x{' is not closed") }
            } else {
                for _ in 0..<2 {
                    if let scalar = peek { digits.unicodeScalars.append(scalar) }
                    position = min(position + 1, scalars.count)
                }
            }
            guard let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil else { throw fault("'\\x' takes hexadecimal digits") }
            return value
        case "1"..."9": throw fault("back references are not supported")
        default:
            if letter.isASCII, UInt8(letter.value).isNamePart { throw fault("there is no escape '\\\(letter)'") }
            return letter.value
        }
    }
}
