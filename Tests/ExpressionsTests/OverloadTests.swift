import Testing
import Values

@testable import Expressions

/// The evaluator and the signatures say the same, for every function and operator and all types of values.
@Suite struct OverloadTests {
    /// A value of each type that every function can work with, and its type.
    private static let samples: [(name: String, value: CELValue, type: StaticType)] = [
        ("n", .null, .null), ("b", .bool(true), .bool), ("i", .int(1), .int), ("u", .uint(1), .uint), ("f", .double(1), .double), ("s", "1", .string),
        ("y", .bytes([49]), .bytes), ("t", .timestamp(CELTimestamp(checking: 1)!), .timestamp), ("d", .duration(nanoseconds: 1), .duration),
        ("ty", .type(.int), .type), ("l", ["1"], .list(.string)), ("m", ["1": "1"], .map(.string, .string)),
    ]

    private func agree(_ source: String, _ overloads: [Overload], _ arguments: [Int]) throws {
        let expression = try Expression(parsing: source, at: place)
        let bindings = DictionaryBindings(Dictionary(uniqueKeysWithValues: Self.samples.map { ($0.name, $0.value) }))
        let expected = Overload.result(of: overloads, for: arguments.map { Self.samples[$0].type })
        let found = Result { () throws(EvaluationError) in try expression.evaluate(bindings) }
        switch found {
        case .success(let value):
            let type = try #require(expected, "\(source) has a value, but no signature")
            #expect(type.isDynamic || type.runtimeType == value.type, "\(source) is \(value.type), not \(type)")
        case .failure(let error):
            #expect((error.code == .noSuchOverload) == (expected == nil), "\(source): \(error.message)")
        }
    }

    @Test(arguments: Function.allCases)
    func functions(_ function: Function) throws {
        for count in Set(function.overloads.map(\.parameters.count)).sorted() {
            for combination in combinations(count) {
                let names = combination.map { Self.samples[$0].name }
                if function.globalArguments?.contains(count) == true {
                    try agree("\(function.rawValue)(\(names.joined(separator: ", ")))", function.overloads.filter { $0.style == .function }, combination)
                }
                if function.methodArguments?.contains(count - 1) == true {
                    let rest = names.dropFirst().joined(separator: ", ")
                    try agree("\(names[0]).\(function.rawValue)(\(rest))", function.overloads.filter { $0.style == .method }, combination)
                }
            }
        }
    }

    @Test(arguments: SyntaxTree.BinaryOperator.allCases)
    func operators(_ sign: SyntaxTree.BinaryOperator) throws {
        for combination in combinations(2) {
            let names = combination.map { Self.samples[$0].name }
            // Whether a value of the type is a key of a map is no question of `in`'s signature.
            if sign == .in, names[1] == "m", !["b", "i", "u", "f", "s"].contains(names[0]) { continue }
            try agree("\(names[0]) \(sign.sign) \(names[1])", sign.overloads, combination)
        }
    }

    @Test func negation() throws {
        for index in Self.samples.indices { try agree("-\(Self.samples[index].name)", Overload.negation, [index]) }
    }

    /// All types in each place; of four places, what is not a string, an int or a list is left out.
    private func combinations(_ count: Int) -> [[Int]] {
        let indices = Self.samples.indices.filter { count < 4 || ["s", "i", "l"].contains(Self.samples[$0].name) }
        return (0..<count).reduce([[]]) { lists, _ in lists.flatMap { list in indices.map { list + [$0] } } }
    }
}
