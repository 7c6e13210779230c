import Values

/// An expression ready to run: nodes in one array, children before parents, names and constants resolved.
///
/// The nodes carry no references, so that evaluating copies and counts nothing; what belongs to a node besides
/// (its place, in the checker its type) lies in arrays beside it under the same index.
final class SyntaxTree: Sendable {
    typealias ID = Int32

    enum Node: Sendable {
        case constant(Int32)
        /// A free name, asked of the bindings.
        case name(Int32)
        /// A name that denotes a type unless the bindings know it.
        case typeName(Int32, CELType)
        /// A variable of a comprehension.
        case local(Int32)
        case select(ID, field: Int32)
        case has(ID, field: Int32)
        case index(ID, ID)
        case list(Children)
        /// Keys and values in turn.
        case map(Children)
        case not(ID)
        case negate(ID)
        case and(Children)
        case or(Children)
        case conditional(Children)
        case binary(BinaryOperator, ID, ID)
        /// A method's receiver is its first argument.
        case call(Function, Children)
        /// Target, then predicate or transform; of a three-argument `map` the filter stands between.
        case comprehension(Macro, slot: Int32, Children)
        /// The same with two variables, in this slot and the next.
        case pairComprehension(Macro, slot: Int32, Children)
    }

    struct Children: Sendable {
        let first: Int32
        let count: Int32
    }

    enum BinaryOperator: UInt8, Sendable, CaseIterable {
        case equal, notEqual, less, lessEqual, greater, greaterEqual, `in`, add, subtract, multiply, divide, remainder

        var sign: String {
            ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"][Int(rawValue)]
        }
    }

    let source: PlacedText
    let nodes: [Node]
    let spans: [Span]
    let children: [ID]
    let constants: [CELValue]
    let names: [String]
    /// Of `matches` with a constant pattern, by the node of the call.
    let patterns: [ID: Pattern]
    let slotNames: [String]
    let root: ID

    init(
        source: PlacedText, nodes: [Node], spans: [Span], children: [ID], constants: [CELValue], names: [String],
        patterns: [ID: Pattern], slotNames: [String], root: ID
    ) {
        self.source = source
        self.nodes = nodes
        self.spans = spans
        self.children = children
        self.constants = constants
        self.names = names
        self.patterns = patterns
        self.slotNames = slotNames
        self.root = root
    }

    func children(_ range: Children) -> ArraySlice<ID> {
        children[Int(range.first)..<Int(range.first + range.count)]
    }

    func child(_ range: Children, _ index: Int) -> ID { children[Int(range.first) + index] }

    func range(of id: ID) -> SourceRange { source.range(spans[Int(id)]) }

    /// The text of a node as its author wrote it, clipped, on one line.
    func text(of id: ID) -> String {
        let span = spans[Int(id)]
        let bytes = source.text.utf8.dropFirst(Int(span.start)).prefix(min(Int(span.end - span.start), 400))
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.count > 60 ? text.prefix(59) + "…" : text
    }

    /// The names from a free root through constant fields; `isWhole` is false where a dynamic index cut it short.
    /// `nil` when the node does not start at a free name.
    func path(of id: ID) -> (names: [String], isWhole: Bool)? {
        switch nodes[Int(id)] {
        case .name(let name), .typeName(let name, _):
            return ([names[Int(name)]], true)
        case .select(let operand, let field), .has(let operand, let field):
            guard var path = path(of: operand) else { return nil }
            if path.isWhole { path.names.append(names[Int(field)]) }
            return path
        case .index(let operand, let key):
            guard var path = path(of: operand) else { return nil }
            if case .constant(let constant) = nodes[Int(key)], case .string(let name) = constants[Int(constant)] {
                if path.isWhole { path.names.append(name) }
            } else {
                path.isWhole = false
            }
            return path
        default: return nil
        }
    }
}
