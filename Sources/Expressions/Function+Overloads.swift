/// The signatures, as the standard definitions of CEL and its strings extension have them. The parser counts arguments by
/// them, the checker resolves by them, and a test holds the evaluator against each.
extension Function {
    private static let table: [[Overload]] = allCases.map(\.declared)
    private static let counts: [(global: ClosedRange<Int>?, method: ClosedRange<Int>?)] = table.map { overloads in
        func range(_ counts: [Int]) -> ClosedRange<Int>? { counts.min().map { $0...counts.max()! } }
        return (
            range(overloads.filter { $0.style == .function }.map(\.parameters.count)),
            range(overloads.filter { $0.style == .method }.map { $0.parameters.count - 1 })
        )
    }

    private static let indices = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))
    private var index: Int { Self.indices[self]! }

    var overloads: [Overload] { Self.table[index] }

    /// How many arguments it takes as `f(…)`; `nil` when it is a method only.
    var globalArguments: ClosedRange<Int>? { Self.counts[index].global }

    /// How many arguments it takes as `x.f(…)`, the receiver not counted; `nil` when it is no method.
    var methodArguments: ClosedRange<Int>? { Self.counts[index].method }

    private var declared: [Overload] {
        func convert(_ sources: TypePattern..., to result: TypePattern) -> [Overload] { sources.map { Overload([$0], result) } }
        func method(_ parameters: TypePattern..., gives result: TypePattern) -> Overload { Overload(parameters, result, .method) }
        switch self {
        case .size:
            return [TypePattern.string, .bytes, .list(.a), .map(.a, .b)].flatMap { [Overload([$0], .int), Overload([$0], .int, .method)] }
        case .int: return convert(.int, .uint, .double, .string, .timestamp, to: .int)
        case .uint: return convert(.uint, .int, .double, .string, to: .uint)
        case .double: return convert(.double, .int, .uint, .string, to: .double)
        case .string: return convert(.string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration, .type, to: .string)
        case .bool: return convert(.bool, .string, to: .bool)
        case .bytes: return convert(.bytes, .string, to: .bytes)
        case .timestamp: return convert(.timestamp, .string, .int, to: .timestamp)
        case .duration: return convert(.duration, .string, to: .duration)
        case .dyn: return [Overload([.a], .dyn)]
        case .type: return [Overload([.a], .type)]
        case .contains, .startsWith, .endsWith: return [method(.string, .string, gives: .bool)]
        case .matches: return [method(.string, .string, gives: .bool), Overload([.string, .string], .bool)]
        case .charAt: return [method(.string, .int, gives: .string)]
        case .indexOf, .lastIndexOf: return [method(.string, .string, gives: .int), method(.string, .string, .int, gives: .int)]
        case .join: return [method(.list(.string), gives: .string), method(.list(.string), .string, gives: .string)]
        case .lowerAscii, .upperAscii, .trim, .reverse: return [method(.string, gives: .string)]
        case .replace:
            return [method(.string, .string, .string, gives: .string), method(.string, .string, .string, .int, gives: .string)]
        case .split: return [method(.string, .string, gives: .list(.string)), method(.string, .string, .int, gives: .list(.string))]
        case .substring: return [method(.string, .int, gives: .string), method(.string, .int, .int, gives: .string)]
        case .format: return [method(.string, .list(.dyn), gives: .string)]
        case .quote: return [Overload([.string], .string)]
        case .getFullYear, .getMonth, .getDayOfMonth, .getDate, .getDayOfWeek, .getDayOfYear:
            return [method(.timestamp, gives: .int), method(.timestamp, .string, gives: .int)]
        case .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            return [method(.timestamp, gives: .int), method(.timestamp, .string, gives: .int), method(.duration, gives: .int)]
        }
    }
}

extension SyntaxTree.BinaryOperator {
    private static let table: [[Overload]] = allCases.map(\.declared)

    var overloads: [Overload] { Self.table[Int(rawValue)] }

    private var declared: [Overload] {
        func same(_ types: TypePattern...) -> [Overload] { types.map { Overload([$0, $0], $0) } }
        switch self {
        case .equal, .notEqual: return [Overload([.a, .b], .bool)]
        case .less, .lessEqual, .greater, .greaterEqual:
            let numbers: [TypePattern] = [.int, .uint, .double]
            return numbers.flatMap { left in numbers.map { Overload([left, $0], .bool) } }
                + [TypePattern.string, .bool, .bytes, .timestamp, .duration].map { Overload([$0, $0], .bool) }
        case .in: return [Overload([.a, .list(.b)], .bool), Overload([.a, .map(.b, .dyn)], .bool)]
        case .add:
            return same(.int, .uint, .double, .string, .bytes, .duration, .list(.a))
                + [Overload([.timestamp, .duration], .timestamp), Overload([.duration, .timestamp], .timestamp)]
        case .subtract:
            return same(.int, .uint, .double, .duration)
                + [Overload([.timestamp, .duration], .timestamp), Overload([.timestamp, .timestamp], .duration)]
        case .multiply, .divide: return same(.int, .uint, .double)
        case .remainder: return same(.int, .uint)
        }
    }
}
