/// What a condition can still come to while some of what it reads is not known.
public struct Prospect: Sendable, Hashable {
    public enum Verdict: Sendable, Hashable {
        /// It is true, whatever the unknown turns out to be.
        case holds
        /// It is never true: false, or without a value.
        case fails
        case open
    }

    public let verdict: Verdict
    /// While it is open, what is read where an unknown can still change it, in order of writing.
    public let reads: [Reference]
    /// Of one that fails for want of a value, what is wrong; `nil`: it is false.
    public let failure: EvaluationError?
}

extension Expression {
    /// Evaluates a condition of which an error is a no.
    ///
    /// `&&`, `||`, `!` and `?:` are looked into: of `a && (b || c)` with `a` and `b` unknown and `c` true, only `a` is left to be read. A part
    /// without a value is looked at as what it does to the whole: `bad && a` is never true, whatever `a` is, and `!(bad && a)` may be.
    /// The operands are taken to be independent of each other, so what is said to be open may be settled; what is said to be settled is.
    public func prospect(_ scope: any Bindings, stepLimit: Int = Expression.defaultStepLimit) -> Prospect {
        var outlook = Outlook(tree: tree, evaluator: Evaluator(tree: tree, scope: scope, fuel: stepLimit))
        do throws(Failure) {
            switch try outlook.chance(of: tree.root, being: true) {
            case .sure: return Prospect(verdict: .holds, reads: [], failure: nil)
            case .none: return Prospect(verdict: .fails, reads: [], failure: outlook.failure.map(error))
            case .open(let parts):
                return Prospect(verdict: .open, reads: parts.sorted().flatMap { ReferenceCollector.references(in: tree, below: $0) }, failure: nil)
            }
        } catch {
            return Prospect(verdict: .fails, reads: [], failure: self.error(error))
        }
    }

    func error(_ failure: Failure) -> EvaluationError {
        EvaluationError(code: failure.code, message: failure.message(), range: tree.range(of: failure.node))
    }
}

/// Whether nodes come out as wanted.
private struct Outlook {
    let tree: SyntaxTree
    var evaluator: Evaluator
    /// The first part that has no value, or none that says yes or no.
    private(set) var failure: Failure?

    init(tree: SyntaxTree, evaluator: Evaluator) {
        self.tree = tree
        self.evaluator = evaluator
    }

    enum Chance {
        case sure, none
        /// It depends on these nodes.
        case open(Set<SyntaxTree.ID>)
    }

    /// - Throws: when the work is too much.
    mutating func chance(of id: SyntaxTree.ID, being wanted: Bool) throws(Failure) -> Chance {
        let value: CELValue
        do throws(Failure) {
            value = try evaluator.value(of: id)
        } catch {
            if error.code == .limitExceeded { throw error }
            failure = failure ?? error
            return .none
        }
        switch value {
        case .bool(let known): return known == wanted ? .sure : .none
        case .unknown: break
        case let other:
            failure = failure ?? Failure(.noSuchOverload, id) { "its value is of type \(other.type.rawValue) and no bool" }
            return .none
        }
        switch tree.nodes[Int(id)] {
        case .not(let operand): return try chance(of: operand, being: !wanted)
        case .and(let terms): return wanted ? try all(terms, being: true) : try any(terms, being: false)
        case .or(let terms): return wanted ? try any(terms, being: true) : try all(terms, being: false)
        case .conditional(let parts): return try conditional(parts, wanted)
        default: return .open([id])
        }
    }

    private mutating func all(_ terms: SyntaxTree.Children, being wanted: Bool) throws(Failure) -> Chance {
        var parts: Set<SyntaxTree.ID> = []
        for term in tree.children(terms) {
            switch try chance(of: term, being: wanted) {
            case .sure: continue
            case .none: return .none
            case .open(let more): parts.formUnion(more)
            }
        }
        return parts.isEmpty ? .sure : .open(parts)
    }

    private mutating func any(_ terms: SyntaxTree.Children, being wanted: Bool) throws(Failure) -> Chance {
        var parts: Set<SyntaxTree.ID> = []
        for term in tree.children(terms) {
            switch try chance(of: term, being: wanted) {
            case .sure: return .sure
            case .none: continue
            case .open(let more): parts.formUnion(more)
            }
        }
        return parts.isEmpty ? .none : .open(parts)
    }

    /// One branch counts, by the condition: a value that it has leads to the one, an error to neither.
    private mutating func conditional(_ parts: SyntaxTree.Children, _ wanted: Bool) throws(Failure) -> Chance {
        var open: Set<SyntaxTree.ID> = []
        for (branch, outcome) in [(1, true), (2, false)] {
            let condition = try chance(of: tree.child(parts, 0), being: outcome)
            if case .none = condition { continue }
            let value = try chance(of: tree.child(parts, branch), being: wanted)
            if case .none = value { continue }
            if case .sure = condition { return value }
            for case .open(let more) in [condition, value] { open.formUnion(more) }
        }
        return open.isEmpty ? .none : .open(open)
    }
}
