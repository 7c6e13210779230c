import Values

/// Values whose ranges, words and defaults their declarations have: nothing of it is said here again.
///
/// A key that is read as another type than it is declared as, or by a name that is not declared, is a mistake of the program.
extension MappingReader {
    /// The declaration of a key.
    func declaration(_ name: String) -> LanguageMapping.Key {
        guard let key = mapping.key(name) else { preconditionFailure("\(mapping.name) has no key '\(name)'") }
        return key
    }

    /// The whole numbers that a key may be.
    func range(_ name: String) -> ClosedRange<Int> {
        switch declaration(name).shape {
        case .integer(let range), .oneOrList(.integer(let range)): return range
        default: preconditionFailure("'\(name)' is no whole number")
        }
    }

    /// The words that a key may be.
    func words(_ name: String) -> [String] {
        switch declaration(name).shape {
        case .words(let words), .oneOrList(.words(let words)): return words
        default: preconditionFailure("'\(name)' is no word of a closed set")
        }
    }

    // MARK: Where they are there

    /// `nil` where it is not there, or is not within its range, which is reported.
    func int(_ name: String) -> Int? { value(name).flatMap { context.int($0, name, in: range(name)) } }

    func double(_ name: String) -> Double? {
        guard let node = value(name) else { return nil }
        guard case .number(let range) = declaration(name).shape else { preconditionFailure("'\(name)' is no number") }
        return context.double(node, name, in: range)
    }

    /// One word of its closed set.
    func word(_ name: String) -> String? { value(name).flatMap { context.word($0, name, of: words(name)) } }

    func word<Word: RawRepresentable<String>>(_ name: String, _: Word.Type) -> Word? { word(name).map(Self.word) }

    // MARK: Or their defaults

    func int(orDefault name: String) -> Int {
        if let number = int(name) { return number }
        guard let number = declaration(name).defaultValue.intValue else { preconditionFailure("the default of '\(name)' is no whole number") }
        return Int(number)
    }

    func bool(orDefault name: String) -> Bool {
        if let flag = bool(name) { return flag }
        guard let flag = declaration(name).defaultValue.boolValue else { preconditionFailure("the default of '\(name)' is neither true nor false") }
        return flag
    }

    func string(orDefault name: String) -> String { string(name) ?? defaultText(name) }
    func word(orDefault name: String) -> String { word(name) ?? defaultText(name) }
    func word<Word: RawRepresentable<String>>(orDefault name: String, _: Word.Type) -> Word { Self.word(word(orDefault: name)) }

    /// A word that the declaration has checked already: one that is none has the default, and nothing is said of it again.
    func knownWord<Word: RawRepresentable<String>>(orDefault name: String, _: Word.Type) -> Word {
        value(name)?.scalar.flatMap { Word(rawValue: $0.text) } ?? Self.word(defaultText(name))
    }

    func duration(orDefault name: String) -> TimeSpan {
        if let span = duration(name) { return span }
        return declaration(name).defaultSpan
    }

    private func defaultText(_ name: String) -> String {
        guard let text = declaration(name).defaultValue.stringValue else { preconditionFailure("the default of '\(name)' is no text") }
        return text
    }

    private static func word<Word: RawRepresentable<String>>(_ text: String) -> Word {
        guard let word = Word(rawValue: text) else { preconditionFailure("'\(text)' is declared and is no \(Word.self)") }
        return word
    }
}

extension LanguageMapping.Key {
    var defaultSpan: TimeSpan {
        guard let span = defaultValue.stringValue.flatMap(TimeSpan.init(text:)) else { preconditionFailure("the default of '\(name)' is no duration") }
        return span
    }
}
