import Values

/// Why an expression has no value.
public struct EvaluationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// The bindings do not know the name.
        case unknownName = "unknown_name"
        /// The map has no such field, or the value has no fields.
        case noSuchField = "no_such_field"
        /// The map has no such key.
        case noSuchKey = "no_such_key"
        /// An index outside a list or a string.
        case indexOutOfRange = "index_out_of_range"
        /// The operator or function does not take values of these types.
        case noSuchOverload = "no_such_overload"
        case divideByZero = "divide_by_zero"
        /// The result does not fit its type.
        case overflow
        /// A key of a type that is no key, or a key twice in one literal.
        case invalidKey = "invalid_key"
        /// An argument whose value does not do: text that is no number, a bad pattern or format.
        case invalidArgument = "invalid_argument"
        /// The value has no form as text or JSON.
        case notRepresentable = "not_representable"
        /// The step budget is spent.
        case limitExceeded = "limit_exceeded"
    }

    public let code: Code
    /// One sentence without a full stop; names the path that was read.
    public let message: String
    /// The part of the expression at fault.
    public let range: SourceRange

    public init(code: Code, message: String, range: SourceRange) {
        self.code = code
        self.message = message
        self.range = range
    }

    public var description: String { "\(range.start): \(message)" }
}
