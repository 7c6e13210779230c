import Expressions
import WorkflowModel

/// What a gate goes by: its tiers, what is looked at in each answer, and which answer is taken. Nothing in it asks a model, so that
/// recorded answers are decided by the same terms as those of a run.
public struct GateTerms: Sendable {
    /// What is looked at in an answer.
    public struct Check: Sendable {
        /// In the order in which they are run: what is computed first, then what is paid.
        public enum Kind: Int, Sendable, Hashable, CaseIterable, Comparable {
            case expression, logprob, agree, run, judge

            public static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
        }

        public let name: String
        public let kind: Kind
        /// Of those of a kind the lightest is run first: the place of its model among the workflow's, which stand cheapest first.
        public let weight: Int
        /// Whether it is run behind the decision, where the decision did not need it.
        public let isRecorded: Bool
        /// Whether whoever is asked by it is asked once for all tiers: another model, the same question.
        public let isAskedOnce: Bool
        /// Whether it is asked together with the first try, whatever the other checks may decide.
        public let startsEarly: Bool
        /// Other checks that it reads.
        public let reads: [String]

        public init(
            name: String, kind: Kind, weight: Int = 0, isRecorded: Bool = false, isAskedOnce: Bool = false, startsEarly: Bool = false, reads: [String] = []
        ) {
            self.name = name
            self.kind = kind
            self.weight = weight
            self.isRecorded = isRecorded
            self.isAskedOnce = isAskedOnce
            self.startsEarly = startsEarly
            self.reads = reads
        }

        /// Whether it costs money or time beyond that of the answer.
        public var isPaid: Bool { kind > .logprob }
    }

    /// What becomes of a step whose answers were not accepted.
    public enum Exhausted: Sendable, Hashable {
        /// It has the answer of the highest tier that passed the hard checks.
        case best
        case fail
        /// A person chooses.
        case ask
    }

    public let tiers: [String]
    public let checks: [Check]
    /// `nil`: every check passes.
    public let accept: Expression?
    public let onExhausted: Exhausted
    /// Whether a further tier is asked where one declines; otherwise the step fails.
    public let escalatesRefusals: Bool
    /// Whether anything reads what becomes of the last tier's answer. Where nothing does, no paid check of it is run.
    public let readsVerdict: Bool
    /// The places of the checks in the order in which they are run.
    let order: [Int]

    public init(
        tiers: [String], checks: [Check], accept: Expression? = nil, onExhausted: Exhausted = .best, escalatesRefusals: Bool = false,
        readsVerdict: Bool = true
    ) {
        self.tiers = tiers
        self.checks = checks
        self.accept = accept
        self.onExhausted = onExhausted
        self.escalatesRefusals = escalatesRefusals
        self.readsVerdict = readsVerdict
        order = checks.indices.sorted { (checks[$0].kind, checks[$0].weight, $0) < (checks[$1].kind, checks[$1].weight, $1) }
    }

    /// Whether paid checks are run of an answer of that tier although accept may not need them.
    func looksAt(tier: Int) -> Bool { tier < tiers.count - 1 || readsVerdict || onExhausted != .best }

    /// The checks that may be run of an answer of that tier, whatever it is.
    public func checks(atTier tier: Int) -> [Int] {
        let scope = GateScope(base: UnknownNames(), tier: tiers[tier], checks: .unknown, output: .unknown)
        var reached = Set(needed(by: scope) { _ in true })
        if !looksAt(tier: tier) { reached = reached.filter { !checks[$0].isPaid } }
        return order.filter { reached.contains($0) || checks[$0].isRecorded }
    }

    /// The checks that are asked together with the first try of the tier which is asked first, in the order in which they are run: those that say so, and
    /// one without which nothing decides. Follows from the terms alone, so that whoever goes on with a gate asks the same.
    public func early(from start: Int) -> [Int] {
        guard looksAt(tier: start) else { return [] }
        let scope = GateScope(base: UnknownNames(), tier: tiers[start], checks: .unknown, output: .unknown)
        let needed = needed(by: scope) { _ in true }
        let readsAnswer = accept?.prospect(scope).reads.contains { $0.path.first == "output" } ?? false
        return needed.filter { check in
            checks[check].kind == .agree && checks[check].reads.isEmpty && (checks[check].startsEarly || needed.count == 1 && !readsAnswer)
        }
    }

    /// The most calls that a gate can come to which begins at a tier: every tier is asked, with all its tries, and every check of each that
    /// may be run.
    ///
    /// - Parameters:
    ///   - tierCalls: of each tier's question.
    ///   - checkCalls: of each check at each tier, by tier and check.
    public func mostCalls(from start: Int = 0, tierCalls: [Int], checkCalls: (_ tier: Int, _ check: Int) -> Int) -> Int {
        var calls = 0
        var asked: Set<Int> = []
        for tier in tiers.indices[start...] {
            calls += tierCalls[tier]
            for check in checks(atTier: tier) where !checks[check].isAskedOnce || asked.insert(check).inserted { calls += checkCalls(tier, check) }
        }
        return calls
    }

    /// The checks that can still change what accept comes to, with those that they read.
    ///
    /// - Parameter isPending: has no outcome, and may get one.
    func needed(by scope: GateScope, _ isPending: (Int) -> Bool) -> [Int] {
        var needed: Set<Int> = []
        func add(_ name: String) {
            guard let check = checks.firstIndex(where: { $0.name == name }), isPending(check), needed.insert(check).inserted else { return }
            for other in checks[check].reads { add(other) }
        }
        if let accept {
            for read in accept.prospect(scope).reads where read.path.first == "checks" {
                if read.path.count > 1 { add(read.path[1]) } else { for check in checks { add(check.name) } }
            }
        } else {
            for check in checks { add(check.name) }
        }
        return order.filter(needed.contains)
    }
}

/// What `accept` and checks read: an answer, whose it is, and what was found in it so far.
struct GateScope: Bindings {
    let base: any Bindings
    let tier: String
    let checks: CELValue
    let output: CELValue

    func value(named name: String) -> CELValue? {
        switch name {
        case "output": output
        case "checks": checks
        case "tier": .string(tier)
        default: base.value(named: name)
        }
    }

    var names: [String] { ["output", "checks", "tier"] + base.names }
}

/// Every name is there and nothing is known of it.
struct UnknownNames: Bindings {
    func value(named name: String) -> CELValue? { .unknown }
}
