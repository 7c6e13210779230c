/// The stable codes of the diagnostics of this room.
public enum ExpressionCode {
    /// The text is not CEL.
    public static let syntax = "AX001"
    /// `${{` without its `}}`.
    public static let unterminatedTemplate = "AX002"
    /// A function that does not exist.
    public static let unknownFunction = "AX003"
    /// The expression is too long or nested too deep.
    public static let limit = "AX004"
    /// A function with the wrong number of arguments.
    public static let argumentCount = "AX005"
    /// A constant that can never work, such as a regular expression that does not parse.
    public static let invalidConstant = "AX006"
    /// An operator or function that does not take values of the types it is given.
    public static let noOverload = "AX007"
    /// A field that the value cannot have.
    public static let unknownField = "AX008"
    /// A name that is not in scope.
    public static let unknownName = "AX009"
    /// A value that has no form as text or as JSON.
    public static let notRepresentable = "AX010"
    /// A comparison with a value that is not of the closed set which the other side has.
    public static let neverEqual = "AX011"
}
