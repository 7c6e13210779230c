import Values

/// The only values that something can have: the words of a closed set, as an `enum` of a schema names them.
public final class Choice: Sendable {
    /// Who says that there are no others.
    public enum Origin: Int, Sendable, Comparable {
        /// Nobody: constants, which join others.
        case constant
        /// A schema in the files of the workflow.
        case declared
        /// The language. A later version may have more words.
        case language
        /// Whoever gives the value; the set is what is asked of them.
        case given

        public static func < (a: Origin, b: Origin) -> Bool { a.rawValue < b.rawValue }
    }

    /// Texts, numbers and bools, each once.
    public let values: [JSONValue]
    /// Of the origins of its parts the one that binds least.
    public let origin: Origin
    /// What others say for one of the words.
    public let aliases: [(word: String, meant: String)]
    /// The type that all of the values have.
    public let base: StaticType

    /// Beyond so many they are not told apart any more.
    private static let most = 1_000

    /// - Returns: `nil` where the values are of several types, have parts, or are too many: then nothing is gained by knowing them.
    public init?(_ values: [JSONValue], origin: Origin, aliases: [(word: String, meant: String)] = []) {
        var distinct: [JSONValue] = []
        var known: Set<JSONValue> = []
        var base = StaticType.nothing
        guard values.count <= Self.most else { return nil }
        for value in values where known.insert(value).inserted {
            switch value {
            case .string: base = base.joined(with: .string)
            case .int: base = base.joined(with: .int)
            case .double: base = base.joined(with: .number)
            case .bool: base = base.joined(with: .bool)
            case .null, .bigInt, .array, .object: return nil
            }
            distinct.append(value)
        }
        guard !distinct.isEmpty, base != .dyn else { return nil }
        self.values = distinct
        self.origin = origin
        self.aliases = aliases
        self.base = base
    }

    public var isClosed: Bool { origin != .constant }

    func joined(with other: Choice) -> StaticType {
        if self == other { return .choice(self) }
        let joined = Choice(values + other.values, origin: max(origin, other.origin), aliases: aliases.isEmpty ? other.aliases : aliases)
        return joined.map { .choice($0) } ?? base.joined(with: other.base)
    }

    func has(_ value: JSONValue) -> Bool {
        values.contains { $0 == value } || value.doubleValue.map { number in values.contains { $0.doubleValue == number } } ?? false
    }
}

extension Choice: Hashable {
    public static func == (a: Choice, b: Choice) -> Bool { a === b || a.origin == b.origin && a.values == b.values }

    public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}
