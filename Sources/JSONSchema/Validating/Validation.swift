import Values

/// One validation under way: where it is, what it found, and what it may still spend.
struct Validation {
    enum Step {
        case key(String)
        case index(Int)
    }

    let graph: SchemaGraph
    private(set) var violations: [Violation] = []
    /// Off while only the verdict is wanted: then nothing is worded and the first failure ends the matter.
    private(set) var collects: Bool
    /// Which members of the current array or object were evaluated, by position; `nil` when nobody asks.
    var evaluated: [Bool]?
    /// The resources entered on the way here, outermost first. Kept only for `$dynamicRef`.
    private(set) var scope: [Int] = []
    /// Units of work left.
    private(set) var work: Int
    /// Why validation was cut short. Then the value counts as invalid, whatever was found: `not` must not turn
    /// an abandoned check into a pass.
    private var limit: String?
    private var overflows = false
    private var path: [Step] = []
    private var depth = 0

    init(_ graph: SchemaGraph, collects: Bool, work: Int) {
        self.graph = graph
        self.collects = collects
        self.work = work
    }

    // MARK: Applying schemas

    /// Applies a schema to a value at the current place.
    mutating func evaluate(_ index: Int, _ instance: JSONValue) -> Bool {
        guard spend(1) else { return false }
        let node = graph.nodes[index]
        if let verdict = node.verdict {
            return verdict || fail(node.pointer, nil, "is not allowed here")
        }
        guard depth < Limits.applications else {
            return stop("schemas apply each other more than \(Limits.applications) deep at this place")
        }
        depth += 1
        defer { depth -= 1 }
        let entersResource = graph.tracksScope && scope.last != node.resource
        if entersResource { scope.append(node.resource) }
        defer { if entersResource { scope.removeLast() } }
        if evaluated == nil, node.lastRules.isEmpty { return check(node.rules, instance) }

        // A schema sees only what it evaluates itself, and passes it on only if it holds.
        let outer = evaluated
        let count = instance.memberCount
        guard spend(count / 64) else { return false }
        evaluated = [Bool](repeating: false, count: count)
        var isValid = check(node.rules, instance)
        if isValid || collects { isValid = check(node.lastRules, instance) && isValid }
        let inner = evaluated
        evaluated = outer
        // While collecting, a failure here is already one of the whole, and what it looked at needs no second complaint.
        if isValid || collects, outer != nil, let inner {
            for position in inner.indices where inner[position] { evaluated![position] = true }
        }
        return isValid
    }

    private mutating func check(_ rules: [any Rule], _ instance: JSONValue) -> Bool {
        var isValid = true
        for rule in rules where !rule.check(instance, &self) {
            isValid = false
            if !collects || rule.isDecisive { break }
        }
        return isValid
    }

    /// Applies a schema to a member of the current value.
    mutating func descend(_ step: @autoclosure () -> Step, _ index: Int, _ member: JSONValue) -> Bool {
        let outer = evaluated
        evaluated = nil
        defer { evaluated = outer }
        guard collects else { return evaluate(index, member) }
        path.append(step())
        defer { path.removeLast() }
        return evaluate(index, member)
    }

    /// Applies a schema for its verdict only.
    mutating func probe(_ index: Int, _ instance: JSONValue) -> Bool {
        let outer = collects
        collects = false
        defer { collects = outer }
        return evaluate(index, instance)
    }

    /// Applies a schema to a member for its verdict only.
    mutating func probeMember(_ index: Int, _ member: JSONValue) -> Bool {
        let outer = evaluated
        evaluated = nil
        defer { evaluated = outer }
        return probe(index, member)
    }

    /// What a schema has against a value, kept apart from the violations of this validation.
    mutating func objections(of index: Int, to instance: JSONValue, at step: Step? = nil) -> [Violation] {
        let outer = (violations, evaluated, overflows)
        violations = []
        evaluated = nil
        if let step { path.append(step) }
        _ = evaluate(index, instance)
        if step != nil { path.removeLast() }
        defer { (violations, evaluated, overflows) = outer }
        return violations
    }

    func isPlace(_ violation: Violation) -> Bool { violation.instancePath.hasSameBytes(as: instancePath) }

    // MARK: Reporting

    /// Reports that the value here, or a member of it, breaks a keyword. Always `false`, to be returned.
    @discardableResult
    mutating func fail(
        _ pointer: String, _ keyword: String?, at step: Step? = nil, expected: @autoclosure () -> String? = nil,
        _ predicate: @autoclosure () -> String
    ) -> Bool {
        guard hasRoom() else { return false }
        if let step { path.append(step) }
        defer { if step != nil { path.removeLast() } }
        record(pointer, keyword, "\(subject) \(predicate())", expected())
        return false
    }

    /// Reports in words that do not begin with the value's name.
    @discardableResult
    mutating func failSaying(_ pointer: String, _ keyword: String, at step: Step? = nil, _ message: @autoclosure () -> String) -> Bool {
        guard hasRoom() else { return false }
        let text = message()
        if let step { path.append(step) }
        defer { if step != nil { path.removeLast() } }
        record(pointer, keyword, text, nil)
        return false
    }

    /// Whether a violation is wanted here, and one more can be listed.
    private mutating func hasRoom() -> Bool {
        guard collects else { return false }
        if violations.count < Limits.violations { return true }
        overflows = true
        return false
    }

    private mutating func record(_ pointer: String, _ keyword: String?, _ message: String, _ expected: String?) {
        // Wording costs far more than checking.
        guard spend(32) else { return }
        violations.append(
            Violation(
                instancePath: instancePath, schemaPath: keyword.map { JSONPointer.child(pointer, $0) } ?? pointer,
                keyword: keyword ?? "false", message: message, expected: expected))
    }

    /// The value here in words, or a member of it: `'tickets[2].category'`, `the value`.
    func name(_ step: Step? = nil) -> String { Wording.subject(path + (step.map { [$0] } ?? [])) }

    private var subject: String { Wording.subject(path) }

    private var instancePath: String {
        path.reduce("") { pointer, step in
            switch step {
            case .key(let key): JSONPointer.child(pointer, key)
            case .index(let index): "\(pointer)/\(index)"
            }
        }
    }

    // MARK: Limits

    /// Takes units of work; `false` when there are none left.
    @inline(__always)
    mutating func spend(_ units: Int) -> Bool {
        work -= units
        return work >= 0 && limit == nil || stop("it takes more work than one validation may spend")
    }

    /// Cuts validation short. Always `false`, to be returned.
    mutating func stop(_ reason: String) -> Bool {
        if limit == nil { limit = "the value could not be checked completely: \(reason)" }
        return false
    }

    /// Closes the validation with its verdict.
    mutating func finish(_ verdict: Bool) -> Bool {
        guard collects else { return verdict && limit == nil }
        if limit == nil, overflows {
            limit = "only the first \(Limits.violations) violations are listed"
        }
        if let limit {
            violations.append(
                Violation(instancePath: "", schemaPath: "", keyword: "limit", message: limit, expected: nil))
        }
        return verdict && limit == nil
    }
}

extension JSONValue {
    /// Members of an array or object, 0 for others.
    var memberCount: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let object): object.count
        default: 0
        }
    }
}
