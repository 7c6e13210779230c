import Values

/// Recursive descent over tokens into a `SyntaxTree`. Depth is bounded, so that neither parsing nor evaluating can exhaust the stack.
///
/// A syntax error ends the parse; unknown functions, wrong argument counts and bad constants are collected on the way.
struct Parser {
    static let maximumBytes = 64 * 1024
    static let maximumDepth = 200

    private let source: PlacedText
    private let bytes: [UInt8]
    private let tokens: [Token]
    private var position = 0
    private var nesting = 0
    private var problems: [Diagnostic] = []

    var nodes: [SyntaxTree.Node] = []
    var spans: [Span] = []
    private var depths: [UInt16] = []
    private var children: [SyntaxTree.ID] = []
    var constants: [CELValue] = []
    var names: [String] = []
    private var nameIndices: TextTable<Int32> = [:]
    var patterns: [SyntaxTree.ID: Pattern] = [:]
    /// The comprehension variables in scope, innermost last; the index is the slot.
    var scope: [String] = []
    var slotNames: [String] = []

    /// A class, since every frame of the parser keeps room for one.
    final class Fault: Error {
        let diagnostic: Diagnostic

        init(diagnostic: Diagnostic) { self.diagnostic = diagnostic }
    }

    typealias ID = SyntaxTree.ID

    /// - Throws: every problem that was found.
    static func parse(_ source: PlacedText) throws(Diagnostics) -> SyntaxTree {
        guard source.text.utf8.count <= maximumBytes else {
            throw Diagnostics([
                Diagnostic(
                    code: ExpressionCode.limit, "the expression is longer than 64 KiB", at: SourceRange(source.location(at: 0)),
                    hint: "compute it in a run: step")
            ])
        }
        var parser = Parser(source: source)
        do throws(Fault) {
            if parser.token == .end {
                throw parser.fault("the expression is empty", at: parser.span)
            }
            let root = try parser.expression()
            if parser.token != .end { throw parser.unexpected(after: true, expecting: "an operator or the end of the expression") }
            if parser.problems.isEmpty { return parser.tree(root) }
        } catch {
            parser.problems.append(error.diagnostic)
        }
        throw Diagnostics(parser.problems)
    }

    private init(source: PlacedText) {
        self.source = source
        bytes = Array(source.text.utf8)
        tokens = Lexer.tokens(of: source, bytes: bytes)
    }

    private func tree(_ root: ID) -> SyntaxTree {
        SyntaxTree(
            source: source, nodes: nodes, spans: spans, children: children, constants: constants, names: names,
            patterns: patterns, slotNames: slotNames, root: root)
    }

    // MARK: Tokens

    var token: Token.Kind { tokens[position].kind }
    var span: Span { tokens[position].span }
    var lastSpan: Span { tokens[max(position - 1, 0)].span }

    func token(after offset: Int) -> Token.Kind { tokens[min(position + offset, tokens.count - 1)].kind }

    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard token == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol, _ purpose: String) throws(Fault) {
        guard take(symbol) else { throw unexpected(after: true, expecting: "'\(symbol.rawValue)' \(purpose)") }
    }

    private func isWord(_ word: String) -> Bool { token == .identifier(word) }

    // MARK: Problems

    func fault(_ message: String, at span: Span, hint: String? = nil, code: String = ExpressionCode.syntax) -> Fault {
        Fault(diagnostic: Diagnostic(code: code, message, at: source.range(span), hint: hint))
    }

    mutating func report(_ message: String, at span: Span, hint: String?, code: String) {
        problems.append(Diagnostic(code: code, message, at: source.range(span), hint: hint))
    }

    private func tooDeep(_ span: Span) -> Fault {
        fault("the expression is nested deeper than \(Self.maximumDepth) levels", at: span, hint: "split it into several value: steps", code: ExpressionCode.limit)
    }

    /// The token that stands where it cannot; `after` says whether a complete operand stands before it.
    func unexpected(after: Bool, expecting: String) -> Fault {
        if case .fault(let diagnostic) = token { return Fault(diagnostic: diagnostic) }
        var hint: String?
        if case .identifier(let word) = token, after {
            switch word {
            case "and", "AND": hint = "write '&&' for and"
            case "or", "OR": hint = "write '||' for or"
            case "if": hint = "write condition ? value : other"
            case "not": hint = "write !(value in list)"
            case "is": hint = "compare with '==' or '!='; test for presence with has(a.b)"
            case "contains", "matches", "startsWith", "endsWith": hint = "call it: text.\(word)(…)"
            case "equals", "eq": hint = "compare with '=='"
            case "mod": hint = "write '%'"
            case "for": hint = "write list.map(x, …) or list.filter(x, …)"
            default: hint = "two values stand side by side; text stands in quotes, operators between values"
            }
        } else if after, case .string = token {
            hint = "join texts with '+', or close the quote before"
        } else if token == .symbol(.openBrace), after {
            hint = "there are no message types; a map is written {'key': value}"
        } else if token == .symbol(.question), after {
            hint = "put the inner condition in parentheses"
        } else if token == .symbol(.equal), after {
            hint = "compare two values only; join comparisons with '&&'"
        }
        return fault("expected \(expecting), found \(tokens[position].name(in: bytes))", at: span, hint: hint)
    }

    // MARK: Nodes

    mutating func add(_ node: SyntaxTree.Node, _ span: Span, depth: UInt16) throws(Fault) -> ID {
        guard depth <= Self.maximumDepth else { throw tooDeep(span) }
        nodes.append(node)
        spans.append(span)
        depths.append(depth)
        return ID(nodes.count - 1)
    }

    mutating func leaf(_ node: SyntaxTree.Node, _ span: Span) -> ID {
        nodes.append(node)
        spans.append(span)
        depths.append(1)
        return ID(nodes.count - 1)
    }

    func depth(over ids: ID...) -> UInt16 { depth(over: ids) }
    func depth(over ids: [ID]) -> UInt16 { 1 + (ids.map { depths[Int($0)] }.max() ?? 0) }

    mutating func adopt(_ ids: [ID]) -> SyntaxTree.Children {
        defer { children.append(contentsOf: ids) }
        return SyntaxTree.Children(first: Int32(children.count), count: Int32(ids.count))
    }

    private mutating func constant(_ value: CELValue, _ span: Span) -> ID { leaf(.constant(constantIndex(value)), span) }

    mutating func constantIndex(_ value: CELValue) -> Int32 {
        constants.append(value)
        return Int32(constants.count - 1)
    }

    private mutating func nameIndex(_ name: String) -> Int32 {
        if let index = nameIndices[name] { return index }
        names.append(name)
        nameIndices[name] = Int32(names.count - 1)
        return Int32(names.count - 1)
    }

    // MARK: Grammar

    mutating func expression() throws(Fault) -> ID {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maximumDepth else { throw tooDeep(span) }
        let start = span
        let condition = try disjunction()
        guard take(.question) else { return condition }
        let yes = try disjunction()
        guard take(.colon) else {
            throw unexpected(after: true, expecting: "':' and the value for when the condition is false")
        }
        let no = try expression()
        let parts = [condition, yes, no]
        return try add(.conditional(adopt(parts)), Span(start, through: lastSpan), depth: depth(over: parts))
    }

    // `&&` and `||` take any number of terms in one node: a long list of conditions is not a deep one.
    private mutating func disjunction() throws(Fault) -> ID {
        let start = span
        let first = try conjunction()
        guard token == .symbol(.or) else { return first }
        var terms = [first]
        while take(.or) { terms.append(try conjunction()) }
        return try add(.or(adopt(terms)), Span(start, through: lastSpan), depth: depth(over: terms))
    }

    private mutating func conjunction() throws(Fault) -> ID {
        let start = span
        let first = try binary(level: 0)
        guard token == .symbol(.and) else { return first }
        var terms = [first]
        while take(.and) { terms.append(try binary(level: 0)) }
        return try add(.and(adopt(terms)), Span(start, through: lastSpan), depth: depth(over: terms))
    }

    /// The operator here and how tightly it binds: relations 0, sums 1, products 2.
    private var binaryOperator: (SyntaxTree.BinaryOperator, level: Int)? {
        switch token {
        case .identifier("in"): (.in, 0)
        case .symbol(let symbol):
            switch symbol {
            case .equal: (.equal, 0)
            case .notEqual: (.notEqual, 0)
            case .less: (.less, 0)
            case .lessEqual: (.lessEqual, 0)
            case .greater: (.greater, 0)
            case .greaterEqual: (.greaterEqual, 0)
            case .plus: (.add, 1)
            case .minus: (.subtract, 1)
            case .star: (.multiply, 2)
            case .slash: (.divide, 2)
            case .percent: (.remainder, 2)
            default: nil
            }
        default: nil
        }
    }

    private mutating func binary(level: Int) throws(Fault) -> ID {
        let start = span
        var left = try unary()
        while let (sign, bound) = binaryOperator, bound >= level {
            advance()
            let right = try bound == 2 ? unary() : binary(level: bound + 1)
            left = try add(.binary(sign, left, right), Span(start, through: lastSpan), depth: depth(over: left, right))
        }
        return left
    }

    private mutating func unary() throws(Fault) -> ID {
        let start = span
        guard token == .symbol(.not) || token == .symbol(.minus) else { return try member() }
        let sign = token
        advance()
        if sign == .symbol(.minus) {
            switch token {
            case .int(let magnitude):
                guard magnitude <= UInt64(Int64.max) + 1 else { throw intTooLarge(span) }
                advance()
                return try suffixes(of: constant(.int(Int64(truncatingIfNeeded: 0 &- magnitude)), Span(start, through: lastSpan)), from: start)
            case .double(let value):
                advance()
                return try suffixes(of: constant(.double(-value), Span(start, through: lastSpan)), from: start)
            default: break
            }
        }
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maximumDepth else { throw tooDeep(start) }
        let operand = try unary()
        let node: SyntaxTree.Node = sign == .symbol(.not) ? .not(operand) : .negate(operand)
        return try add(node, Span(start, through: lastSpan), depth: depth(over: operand))
    }

    private func intTooLarge(_ span: Span) -> Fault {
        fault("the number does not fit an int", at: span, hint: "a uint ends with u, a double has a decimal point")
    }

    private mutating func member() throws(Fault) -> ID {
        let start = span
        return try suffixes(of: primary(), from: start)
    }

    private mutating func suffixes(of operand: ID, from start: Span) throws(Fault) -> ID {
        var node = operand
        while true {
            if take(.dot) {
                node = try selection(on: node, from: start)
            } else if take(.openBracket) {
                let key = try expression()
                try expect(.closeBracket, "to close the index")
                node = try add(.index(node, key), Span(start, through: lastSpan), depth: depth(over: node, key))
            } else {
                return node
            }
        }
    }

    private mutating func selection(on operand: ID, from start: Span) throws(Fault) -> ID {
        let nameSpan = span
        switch token {
        case .quotedIdentifier(let name):
            advance()
            return try select(name, on: operand, from: start)
        case .identifier(let name) where !["in", "true", "false", "null"].contains(name):
            advance()
            guard take(.openParen) else { return try select(name, on: operand, from: start) }
            if let macro = Macro(named: name) { return try comprehension(macro, name, nameSpan, on: operand, from: start) }
            let arguments = try self.arguments()
            return try method(name, nameSpan, on: operand, arguments, from: start)
        case .symbol(.star):
            throw fault("expected a field name after '.', found '*'", at: span, hint: "write list.map(x, x.field)")
        default:
            throw unexpected(after: false, expecting: "a field name after '.'")
        }
    }

    private mutating func select(_ name: String, on operand: ID, from start: Span) throws(Fault) -> ID {
        // `google.protobuf.Timestamp` is the name of a type, not a path.
        if name == "Timestamp" || name == "Duration", case .select(let root, let package) = nodes[Int(operand)], names[Int(package)] == "protobuf",
            case .name(let google) = nodes[Int(root)], names[Int(google)] == "google"
        {
            // What was read as a path before is not part of the tree.
            let type = constant(.type(name == "Timestamp" ? .timestamp : .duration), Span(start, through: lastSpan))
            nodes[Int(operand)] = nodes[Int(type)]
            nodes[Int(root)] = nodes[Int(type)]
            return type
        }
        return try add(.select(operand, field: nameIndex(name)), Span(start, through: lastSpan), depth: depth(over: operand))
    }

    mutating func arguments() throws(Fault) -> [ID] {
        var arguments: [ID] = []
        if take(.closeParen) { return arguments }
        repeat { arguments.append(try expression()) } while take(.comma)
        try expect(.closeParen, "to close the call")
        return arguments
    }

    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package", "namespace",
        "return", "var", "void", "while",
    ]

    private mutating func primary() throws(Fault) -> ID {
        let start = span
        switch token {
        case .int(let magnitude):
            guard let value = Int64(exactly: magnitude) else { throw intTooLarge(start) }
            advance()
            return constant(.int(value), start)
        case .uint(let value): advance(); return constant(.uint(value), start)
        case .double(let value): advance(); return constant(.double(value), start)
        case .string(let value): advance(); return constant(.string(value), start)
        case .bytes(let value): advance(); return constant(.bytes(value), start)
        case .symbol(.openParen):
            advance()
            let inner = try expression()
            try expect(.closeParen, "to close the parenthesis")
            return inner
        case .symbol(.openBracket): return try list()
        case .symbol(.openBrace): return try map()
        case .symbol(.dot):
            // A leading dot names a root past the variables of comprehensions.
            advance()
            guard case .identifier(let name) = token else { throw unexpected(after: false, expecting: "a name after '.'") }
            advance()
            return leaf(.name(nameIndex(name)), Span(start, through: lastSpan))
        case .identifier(let name): return try named(name, start)
        default: throw unexpected(after: false, expecting: "a value")
        }
    }

    private mutating func named(_ name: String, _ start: Span) throws(Fault) -> ID {
        advance()
        switch name {
        case "true": return constant(.bool(true), start)
        case "false": return constant(.bool(false), start)
        case "null": return constant(.null, start)
        case "True", "False": throw fault("'\(name)' is no value", at: start, hint: "write '\(name.lowercased())'")
        case "None", "nil", "undefined", "NULL":
            if !scope.contains(name) { throw fault("'\(name)' is no value", at: start, hint: "write 'null'; test for presence with has(a.b)") }
        case "not":
            switch token {
            case .identifier where !isWord("in"), .symbol(.openParen): throw fault("'not' is not an operator", at: start, hint: "write '!' for not")
            default: break
            }
        case "lambda": throw fault("there are no lambdas", at: start, hint: "name the variable first: list.map(x, x.text)")
        case let word where Self.reserved.contains(word):
            throw fault("'\(word)' is a reserved word", at: start, hint: word == "if" ? "write condition ? value : other" : nil)
        default: break
        }
        if token == .symbol(.openParen) {
            advance()
            if name == "has" { return try presence(start) }
            if Macro(named: name) != nil {
                throw fault("\(name)() is called on a list or map", at: start, hint: "write list.\(name)(x, …)", code: ExpressionCode.argumentCount)
            }
            return try call(name, start, receiver: nil, arguments(), from: start)
        }
        if let slot = scope.lastIndex(of: name) { return leaf(.local(Int32(slot)), start) }
        if let type = CELType(identifier: name) { return leaf(.typeName(nameIndex(name), type), start) }
        return leaf(.name(nameIndex(name)), start)
    }

    private mutating func list() throws(Fault) -> ID {
        let start = span
        advance()
        var elements: [ID] = []
        while token != .symbol(.closeBracket) {
            elements.append(try expression())
            guard take(.comma) else { break }
        }
        try expect(.closeBracket, "to close the list")
        return try add(.list(adopt(elements)), Span(start, through: lastSpan), depth: depth(over: elements))
    }

    private mutating func map() throws(Fault) -> ID {
        let start = span
        advance()
        if token == .symbol(.openBrace), span.start == start.end {
            throw fault("'{{' inside an expression", at: Span(start, through: span), hint: "leave out '{{' and '}}'; in a template write ${{ … }}")
        }
        var entries: [ID] = []
        while token != .symbol(.closeBrace) {
            let key = try disjunction()
            guard take(.colon) else {
                var problem = unexpected(after: true, expecting: "':' after the key")
                if case .name(let name) = nodes[Int(key)], problem.diagnostic.hint == nil {
                    problem = fault(problem.diagnostic.message, at: span, hint: "keys of text stand in quotes: {'\(names[Int(name)])': …}")
                }
                throw problem
            }
            entries.append(key)
            entries.append(try expression())
            guard take(.comma) else { break }
        }
        try expect(.closeBrace, "to close the map")
        return try add(.map(adopt(entries)), Span(start, through: lastSpan), depth: depth(over: entries))
    }
}
