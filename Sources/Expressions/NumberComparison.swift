import Values

/// A comparison of something that is read with a number, the number on the right.
public struct NumberComparison: Sendable {
    public enum Sign: String, Sendable {
        case less = "<"
        case lessEqual = "<="
        case greater = ">"
        case greaterEqual = ">="
        case equal = "=="
        case notEqual = "!="
    }

    /// `["checks", "judge", "score"]`
    public let path: [String]
    public let sign: Sign
    public let number: Double
    /// Of the number.
    public let range: SourceRange

    public init(path: [String], sign: Sign, number: Double, range: SourceRange) {
        self.path = path
        self.sign = sign
        self.number = number
        self.range = range
    }

    /// What it comes to for every number that there can be; `nil` where that depends on the number.
    public func outcome(in numbers: NumberRange) -> Bool? {
        let isBelow = numbers.high < number || numbers.high == number && numbers.isHighOpen
        let isAbove = numbers.low > number || numbers.low == number && numbers.isLowOpen
        switch sign {
        case .less: return isBelow ? true : numbers.low >= number ? false : nil
        case .lessEqual: return numbers.high <= number ? true : isAbove ? false : nil
        case .greater: return isAbove ? true : numbers.high <= number ? false : nil
        case .greaterEqual: return numbers.low >= number ? true : isBelow ? false : nil
        case .equal: return isBelow || isAbove ? false : nil
        case .notEqual: return isBelow || isAbove ? true : nil
        }
    }
}

extension Expression {
    /// Every comparison in it of a whole path with a number, in the order of the text.
    public var numberComparisons: [NumberComparison] {
        tree.nodes.indices.compactMap { index -> NumberComparison? in
            guard case .binary(let sign, let left, let right) = tree.nodes[index], let known = sign.asNumberSign else { return nil }
            if let number = tree.number(right), let path = tree.wholePath(of: left) {
                return NumberComparison(path: path, sign: known, number: number, range: tree.range(of: right))
            }
            guard let number = tree.number(left), let path = tree.wholePath(of: right) else { return nil }
            return NumberComparison(path: path, sign: known.turned, number: number, range: tree.range(of: left))
        }.sorted { ($0.range.start.line, $0.range.start.column) < ($1.range.start.line, $1.range.start.column) }
    }

    /// The text constants that it can come to as they are: `'small'` and `'mid'` of `n > 3 ? 'mid' : 'small'`.
    public var constantTexts: [(text: String, range: SourceRange)] {
        var found: [(text: String, range: SourceRange)] = []
        func visit(_ id: SyntaxTree.ID) {
            switch tree.nodes[Int(id)] {
            case .constant(let index): if case .string(let text) = tree.constants[Int(index)] { found.append((text, tree.range(of: id))) }
            case .conditional(let parts): for branch in [1, 2] { visit(tree.child(parts, branch)) }
            default: break
            }
        }
        visit(tree.root)
        return found
    }
}

extension SyntaxTree {
    fileprivate func wholePath(of id: ID) -> [String]? { path(of: id).flatMap { $0.isWhole ? $0.names : nil } }

    fileprivate func number(_ id: ID) -> Double? {
        switch nodes[Int(id)] {
        case .constant(let index):
            switch constants[Int(index)] {
            case .int(let value): Double(value)
            case .uint(let value): Double(value)
            case .double(let value): value
            default: nil
            }
        case .negate(let operand): number(operand).map { -$0 }
        default: nil
        }
    }
}

extension SyntaxTree.BinaryOperator {
    fileprivate var asNumberSign: NumberComparison.Sign? { NumberComparison.Sign(rawValue: sign) }
}

extension NumberComparison.Sign {
    /// With its operands exchanged.
    fileprivate var turned: Self {
        switch self {
        case .less: .greater
        case .lessEqual: .greaterEqual
        case .greater: .less
        case .greaterEqual: .lessEqual
        case .equal, .notEqual: self
        }
    }
}
