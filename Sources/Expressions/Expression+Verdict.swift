import Values

extension Expression {
    /// What the condition comes to whatever its names stand for: `1 > 2` and `x && !x` are never true. `nil` when that depends.
    ///
    /// A condition that contradicts itself may also fail where it is evaluated; it is not true either way.
    public var verdict: Bool? {
        if let known = tree.knownValue(of: tree.root) { return known }
        return Self.contradict([self]) ? false : nil
    }

    /// Whether it is true wherever it can be computed at all: `n != 1 || n != 2` decides nothing. Where a name in it is not there it fails.
    public var isTrueWhereComputed: Bool {
        var facts = Facts()
        facts.add(tree.root, of: tree, being: false)
        return facts.areContradictory
    }

    /// Whether conditions can never be true together: one asks for what another excludes.
    ///
    /// Looked at are the terms of `&&`: a term and its negation, one path that equals two constants, bounds that leave no number.
    public static func contradict(_ conditions: [Expression]) -> Bool {
        var facts = Facts()
        for condition in conditions { facts.add(condition.tree.root, of: condition.tree) }
        return facts.areContradictory
    }
}

/// Every name is there and nothing is known of it.
private struct UnknownBindings: Bindings {
    func value(named name: String) -> CELValue? { .unknown }
}

extension SyntaxTree {
    /// The truth of a node that no binding can change.
    fileprivate func knownValue(of id: ID) -> Bool? {
        var evaluator = Evaluator(tree: self, scope: UnknownBindings(), fuel: 10_000)
        return (try? evaluator.value(of: id))?.boolValue
    }

    /// The text of a node without the spaces that do not matter, to compare nodes of several expressions.
    fileprivate func key(of id: ID) -> String {
        let span = spans[Int(id)]
        var text = source.text
        return text.withUTF8 { all -> String in
            let bytes = all[Int(span.start)..<Int(span.end)]
            // Inside of a string all spaces count; where it begins and ends is plain only as long as nothing is escaped or tripled.
            let isPlain = !bytes.contains(UInt8(ascii: "\\")) && !bytes.contains(UInt8(ascii: "/"))
            guard isPlain else { return String(decoding: bytes, as: UTF8.self) }
            var kept: [UInt8] = []
            kept.reserveCapacity(bytes.count)
            var quote: UInt8?
            for (index, byte) in bytes.enumerated() {
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                    if bytes.dropFirst(index + 1).starts(with: [byte, byte]) { return String(decoding: bytes, as: UTF8.self) }
                    quote = byte
                } else if byte == 0x20 || byte &- 0x09 < 5 {
                    if kept.last != 0x20 { kept.append(0x20) }
                    continue
                }
                kept.append(byte)
            }
            return String(decoding: kept, as: UTF8.self)
        }
    }
}

/// What must hold for the terms of an `&&` to be true together.
private struct Facts {
    private struct Bounds {
        var equal: [CELValue] = []
        var unequal: [CELValue] = []
        /// The nearest bounds, and whether they themselves are left out.
        var low: (value: Double, isOpen: Bool)?
        var high: (value: Double, isOpen: Bool)?

        var areEmpty: Bool {
            for value in equal {
                if equal.contains(where: { !($0 == value) }) || unequal.contains(where: { $0 == value }) { return true }
                guard let number = value.number else { continue }
                if let low, number < low.value || (number == low.value && low.isOpen) { return true }
                if let high, number > high.value || (number == high.value && high.isOpen) { return true }
            }
            guard let low, let high else { return false }
            return low.value > high.value || (low.value == high.value && (low.isOpen || high.isOpen))
        }
    }

    private var terms: TextTable<Bool> = [:]
    private var bounds: TextTable<Bounds> = [:]
    private var hasOpposites = false

    var areContradictory: Bool { hasOpposites || bounds.values.contains { $0.areEmpty } }

    mutating func add(_ id: SyntaxTree.ID, of tree: SyntaxTree, being outcome: Bool = true) {
        switch tree.nodes[Int(id)] {
        case .and(let children) where outcome, .or(let children) where !outcome:
            for child in tree.children(children) { add(child, of: tree, being: outcome) }
        case .not(let operand): add(operand, of: tree, being: !outcome)
        case .binary(let sign, let left, let right):
            remember(tree.key(of: id), outcome)
            if let value = tree.constant(right) {
                compare(tree.key(of: left), outcome ? sign : sign.opposite, value)
            } else if let value = tree.constant(left) {
                compare(tree.key(of: right), outcome ? sign.turned : sign.opposite?.turned, value)
            }
        default: remember(tree.key(of: id), outcome)
        }
    }

    private mutating func remember(_ term: String, _ outcome: Bool) {
        if terms.updateValue(outcome, forKey: term) == !outcome { hasOpposites = true }
    }

    private mutating func compare(_ operand: String, _ sign: SyntaxTree.BinaryOperator?, _ value: CELValue) {
        guard let sign else { return }
        var known = bounds[operand] ?? Bounds()
        switch (sign, value.number) {
        case (.equal, _): known.equal.append(value)
        case (.notEqual, _): known.unequal.append(value)
        case (.greater, let number?), (.greaterEqual, let number?):
            let isOpen = sign == .greater
            if known.low.map({ number > $0.value || (number == $0.value && isOpen) }) ?? true { known.low = (number, isOpen) }
        case (.less, let number?), (.lessEqual, let number?):
            let isOpen = sign == .less
            if known.high.map({ number < $0.value || (number == $0.value && isOpen) }) ?? true { known.high = (number, isOpen) }
        default: return
        }
        bounds[operand] = known
    }
}

extension SyntaxTree {
    fileprivate func constant(_ id: ID) -> CELValue? {
        if case .constant(let index) = nodes[Int(id)] { return constants[Int(index)] }
        return nil
    }
}

extension SyntaxTree.BinaryOperator {
    /// With its operands exchanged.
    fileprivate var turned: Self {
        switch self {
        case .less: .greater
        case .lessEqual: .greaterEqual
        case .greater: .less
        case .greaterEqual: .lessEqual
        default: self
        }
    }

    /// What holds when this does not.
    fileprivate var opposite: Self? {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterEqual
        case .lessEqual: .greater
        case .greater: .lessEqual
        case .greaterEqual: .less
        default: nil
        }
    }
}

extension CELValue {
    fileprivate var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
