/// A set of Unicode scalars: what one position of a pattern may be.
struct ScalarSet: Sendable {
    /// A class that the standard library knows by a scalar's properties, as `\p{...}` names it.
    struct Property: Sendable {
        let contains: @Sendable (Unicode.Scalar) -> Bool
        var isNegated: Bool
    }

    // Nearly every scalar that is tested is ASCII: those are decided once.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private let ranges: [ClosedRange<UInt32>]
    private let properties: [Property]
    private let isNegated: Bool

    init(_ ranges: [ClosedRange<UInt32>], properties: [Property] = [], isNegated: Bool = false) {
        self.ranges = ranges
        self.properties = properties
        self.isNegated = isNegated
        for value in UInt32(0)..<128 where search(Unicode.Scalar(UInt8(value))) {
            if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
        }
    }

    @inline(__always)
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 64 { return low >> UInt64(value) & 1 == 1 }
        if value < 128 { return high >> UInt64(value - 64) & 1 == 1 }
        return search(scalar)
    }

    private func search(_ scalar: Unicode.Scalar) -> Bool {
        let isListed =
            ranges.contains { $0.contains(scalar.value) }
            || properties.contains { $0.contains(scalar) != $0.isNegated }
        return isListed != isNegated
    }

    // MARK: The classes of ECMA-262

    static let digit: [ClosedRange<UInt32>] = [0x30...0x39]
    static let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    static let space: [ClosedRange<UInt32>] = [
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ]
    static let lineEnd: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]

    /// All scalars outside of ranges that are sorted and apart.
    static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            if range.lowerBound > start { result.append(start...range.lowerBound - 1) }
            start = range.upperBound + 1
        }
        return start <= 0x10FFFF ? result + [start...0x10FFFF] : result
    }

    /// The property of a name as in `\p{Lu}`, `\p{Letter}`, `\p{gc=Lu}`, `\p{Alphabetic}`; `nil` when it is not known.
    static func property(_ name: String) -> Property? {
        let plain = ["General_Category=", "gc="].first { name.hasPrefix($0) }.map { String(name.dropFirst($0.utf8.count)) } ?? name
        if let categories = categories[plain] {
            return Property(contains: { categories.contains($0.properties.generalCategory) }, isNegated: false)
        }
        return binary[name].map { Property(contains: $0, isNegated: false) }
    }

    private static let binary: [String: @Sendable (Unicode.Scalar) -> Bool] = {
        let list: [([String], @Sendable (Unicode.Scalar) -> Bool)] = [
            (["Any"], { _ in true }),
            (["ASCII"], { $0.isASCII }),
            (["Alphabetic", "Alpha"], { $0.properties.isAlphabetic }),
            (["Uppercase", "Upper"], { $0.properties.isUppercase }),
            (["Lowercase", "Lower"], { $0.properties.isLowercase }),
            (["White_Space", "space"], { $0.properties.isWhitespace }),
            (["ID_Start", "IDS"], { $0.properties.isIDStart }),
            (["ID_Continue", "IDC"], { $0.properties.isIDContinue }),
            (["Ideographic", "Ideo"], { $0.properties.isIdeographic }),
            (["Emoji"], { $0.properties.isEmoji }),
            (["Emoji_Presentation", "EPres"], { $0.properties.isEmojiPresentation }),
        ]
        return Dictionary(uniqueKeysWithValues: list.flatMap { names, test in names.map { ($0, test) } })
    }()

    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let single: [(String, String, Unicode.GeneralCategory)] = [
            ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
            ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
            ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
            ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
            ("Nd", "Decimal_Number", .decimalNumber), ("Nl", "Letter_Number", .letterNumber),
            ("No", "Other_Number", .otherNumber), ("Pc", "Connector_Punctuation", .connectorPunctuation),
            ("Pd", "Dash_Punctuation", .dashPunctuation), ("Ps", "Open_Punctuation", .openPunctuation),
            ("Pe", "Close_Punctuation", .closePunctuation), ("Pi", "Initial_Punctuation", .initialPunctuation),
            ("Pf", "Final_Punctuation", .finalPunctuation), ("Po", "Other_Punctuation", .otherPunctuation),
            ("Sm", "Math_Symbol", .mathSymbol), ("Sc", "Currency_Symbol", .currencySymbol),
            ("Sk", "Modifier_Symbol", .modifierSymbol), ("So", "Other_Symbol", .otherSymbol),
            ("Zs", "Space_Separator", .spaceSeparator), ("Zl", "Line_Separator", .lineSeparator),
            ("Zp", "Paragraph_Separator", .paragraphSeparator), ("Cc", "Control", .control), ("Cf", "Format", .format),
            ("Cs", "Surrogate", .surrogate), ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
        ]
        let groups = [
            ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"), ("Z", "Separator"),
            ("C", "Other"),
        ]
        var result: [String: Set<Unicode.GeneralCategory>] = [:]
        for (short, long, category) in single { (result[short], result[long]) = ([category], [category]) }
        for (short, long) in groups {
            let members = Set(single.filter { $0.0.hasPrefix(short) }.map(\.2))
            (result[short], result[long]) = (members, members)
        }
        result["Cased_Letter"] = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
        result["LC"] = result["Cased_Letter"]
        result["digit"] = result["Nd"]
        result["punct"] = result["P"]
        return result
    }()
}
