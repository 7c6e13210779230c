/// How to mend an operand of the wrong type: the same words when it is checked and when it is evaluated.
enum OperandHint {
    typealias Operand = (type: CELType, text: String)

    static func binary(_ sign: SyntaxTree.BinaryOperator, _ left: Operand, _ right: Operand) -> String? {
        switch (left.type, right.type) {
        case (.string, .string) where sign == .in: "write \(right.text).contains(\(left.text))"
        case (.null, _): "test for null first: \(right.text) != null"
        case (_, .null): "test for null first: \(left.text) != null"
        case (.string, .string), (.list, _), (.map, _), (_, .list), (_, .map): nil
        case (.string, .bytes), (.bytes, .string): "convert with string(…) or bytes(…)"
        case (.string, _) where makesText(sign): "string(\(right.text)) makes text of it"
        case (_, .string) where makesText(sign): "string(\(left.text)) makes text of it"
        case (.string, .int), (.string, .uint), (.string, .double): "\(right.type.rawValue)(\(left.text)) reads a number from text"
        case (.int, .string), (.uint, .string), (.double, .string): "\(left.type.rawValue)(\(right.text)) reads a number from text"
        case (.int, .double), (.uint, .double): "convert with double(\(left.text))"
        case (.double, .int), (.double, .uint): "convert with double(\(right.text))"
        case (.int, .uint): "convert with int(\(right.text))"
        case (.uint, .int): "convert with int(\(left.text))"
        default: nil
        }
    }

    /// Whether the other operand can be made text, whatever it is.
    private static func makesText(_ sign: SyntaxTree.BinaryOperator) -> Bool { sign == .add || sign == .equal || sign == .notEqual }

    /// Where a bool is wanted.
    static func bool(_ type: CELType, _ text: String) -> String? {
        switch type {
        case .string: "compare it: \(text) != ''"
        case .int, .uint, .double: "compare it: \(text) != 0"
        case .list, .map: "compare it: size(\(text)) > 0"
        default: nil
        }
    }

    /// For a field of what has no fields.
    static func field(_ field: String, of type: CELType, _ text: String) -> String? {
        if ["length", "size", "count", "len"].contains(field) { return "write size(\(text))" }
        return type == .list ? "take an element: \(text)[0].\(field), or all: \(text).map(x, x.\(field))" : nil
    }
}
