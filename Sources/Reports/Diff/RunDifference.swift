import Economics
import Values
import WorkflowModel

/// How two runs differ: by node, in the order in which the first has them, and where the difference begins.
public struct RunDifference: Sendable {
    /// What the first difference at a node is.
    public enum Cause: Sendable, Hashable {
        /// Only one of the two has it.
        case absent(inFirst: Bool)
        /// It was skipped in one of the two.
        case skipped(inFirst: Bool)
        case model(String, String)
        /// It is asked otherwise, and what is before it is the same: the prompt or its settings are.
        case prompt(ContentHash, ContentHash)
        /// It is asked otherwise, as the run's inputs are others.
        case input(ContentHash, ContentHash)
        /// The same question, and another answer.
        case answer(ContentHash?, ContentHash?)
        /// The same calls, and one of the two has more: retries, repairs, a further tier.
        case calls(Int, Int)
        case gate(String, String)
        case failure(String, String)
        /// Without a call that differs: a program or an expression came to something else.
        case output(ContentHash?, ContentHash?)

        /// A stable word.
        public var word: String {
            switch self {
            case .absent: "absent"
            case .skipped: "skipped"
            case .model: "model"
            case .prompt: "prompt"
            case .input: "input"
            case .answer: "answer"
            case .calls: "calls"
            case .gate: "gate"
            case .failure: "failure"
            case .output: "output"
            }
        }
    }

    /// A node of the two.
    public struct Node: Sendable {
        public let path: String
        public let cause: Cause
    }

    /// What a step came to, items and passes together.
    public struct Step: Sendable {
        public let step: String
        public var costs = (MoneySum.zero, MoneySum.zero)
        public var calls = (0, 0)
        public var tokens = (0, 0)
        public var nodes = 0
        public var different = 0
        /// Of its first node that differs.
        public var cause: Cause?
    }

    public let runs: (RunRecord, RunRecord)
    /// Nodes that differ, in the order of the first run; then those that only the second has.
    public let nodes: [Node]
    public let steps: [Step]

    /// Where the difference begins; what differs behind it may follow from it.
    public var first: Node? { nodes.first }
    public var isSameOutput: Bool { runs.0.outputs == runs.1.outputs && runs.0.status == runs.1.status }
    public var isSameInput: Bool { runs.0.inputs == runs.1.inputs }
    /// Whether inputs, requests, answers, decisions, outputs and costs are the same. Times are never.
    public var isAlike: Bool { nodes.isEmpty && isSameOutput && isSameInput && runs.0.spending.cost == runs.1.spending.cost }

    public init(_ a: RunTrace, _ b: RunTrace) {
        runs = (a.run, b.run)
        let sides = (Side(a), Side(b))
        var found: [Node] = []
        var steps: [Step] = []
        var places: TextTable<Int> = [:]
        let order = sides.0.paths + sides.1.paths.filter { sides.0.nodes[$0] == nil }
        let isSameInput = a.run.inputs == b.run.inputs
        for path in order {
            let name = NodePath.step(path)
            let place = places[name] ?? steps.count
            if place == steps.count {
                places[name] = place
                steps.append(Step(step: name))
            }
            steps[place].nodes += 1
            steps[place].add(sides.0.calls[path] ?? [], sides.1.calls[path] ?? [])
            guard let cause = Self.cause(path, sides.0, sides.1, isSameInput: isSameInput) else { continue }
            steps[place].different += 1
            steps[place].cause = steps[place].cause ?? cause
            found.append(Node(path: path, cause: cause))
        }
        nodes = found
        self.steps = steps
    }

    /// What a run has, by node.
    private struct Side {
        var paths: [String] = []
        var nodes: TextTable<NodeRecord> = [:]
        var calls: TextTable<[CallRecord]> = [:]
        var tiers: TextTable<[GateTierRecord]> = [:]
        var checks: TextTable<[GateCheckRecord]> = [:]
        /// Nodes that have others inside: they differ as those do.
        var containers: TextSet = []

        init(_ trace: RunTrace) {
            for node in trace.nodes {
                paths.append(node.path)
                nodes[node.path] = node
                var path = node.path
                while let parent = NodePath.parent(path) {
                    containers.insert(parent)
                    path = parent
                }
            }
            for call in trace.calls where !call.isCount && call.purpose != CallPurpose.shadow.rawValue && call.purpose != CallPurpose.warm.rawValue { calls[call.path, default: []].append(call) }
            for tier in trace.gateTiers { tiers[tier.path, default: []].append(tier) }
            for check in trace.gateChecks { checks[check.path, default: []].append(check) }
        }

        /// Whether a fork kept a step whole that a node belongs to.
        func keeps(around path: String) -> Bool {
            var path = path
            while let parent = NodePath.parent(path) {
                if nodes[parent]?.inheritedFrom != nil { return true }
                path = parent
            }
            return false
        }
    }

    private static func cause(_ path: String, _ a: Side, _ b: Side, isSameInput: Bool) -> Cause? {
        guard let own = a.nodes[path] else { return a.keeps(around: path) ? nil : .absent(inFirst: true) }
        guard let other = b.nodes[path] else { return b.keeps(around: path) ? nil : .absent(inFirst: false) }
        // What a fork kept it did not ask, and is no decision of it.
        if own.inheritedFrom != nil || other.inheritedFrom != nil { return own.output == other.output && own.status == other.status ? nil : .output(own.output, other.output) }
        if (own.status == .skipped) != (other.status == .skipped) { return .skipped(inFirst: own.status == .skipped) }
        // Calls that are made side by side begin in any order.
        func site(_ call: CallRecord) -> (String, String, Int) { (call.tier, call.part, call.ordinal) }
        let (calls, others) = (a.calls[path] ?? [], b.calls[path] ?? [])
        for call in calls {
            guard let twin = others.first(where: { site($0) == site(call) }) else { continue }
            if call.provider != twin.provider || call.modelAsked != twin.modelAsked { return .model("\(call.provider)/\(call.modelAsked)", "\(twin.provider)/\(twin.modelAsked)") }
            if let request = call.request, let asked = twin.request, request != asked { return isSameInput ? .prompt(request, asked) : .input(request, asked) }
            if kind(call.failure) != kind(twin.failure) { return .failure(kind(call.failure) ?? "none", kind(twin.failure) ?? "none") }
            if call.response != twin.response { return .answer(call.response, twin.response) }
        }
        let decisions = (gate(path, a), gate(path, b))
        if decisions.0 != decisions.1 { return .gate(decisions.0, decisions.1) }
        if calls.count != others.count { return .calls(calls.count, others.count) }
        if a.containers.contains(path) || b.containers.contains(path) { return nil }
        if kind(own.failure) != kind(other.failure) || own.status != other.status { return .failure(kind(own.failure) ?? own.status.rawValue, kind(other.failure) ?? other.status.rawValue) }
        if own.output != other.output { return .output(own.output, other.output) }
        return nil
    }

    private static func kind(_ failure: JSONValue?) -> String? { failure?["kind"]?.stringValue }

    /// What a gate decided, in words; empty without one.
    private static func gate(_ path: String, _ side: Side) -> String {
        (side.tiers[path] ?? []).map { tier in
            let checks = (side.checks[path] ?? []).filter { $0.tier.hasSameBytes(as: tier.tier) }.sorted { $0.name < $1.name }.map { "\($0.name) \($0.result.rawValue)" }
            return "\(tier.tier) \(tier.verdict.rawValue)\(tier.isTaken ? " taken" : "")" + (checks.isEmpty ? "" : " (\(checks.joined(separator: ", ")))")
        }.joined(separator: ", ")
    }
}

extension RunDifference.Step {
    fileprivate mutating func add(_ own: [CallRecord], _ other: [CallRecord]) {
        func sum(_ calls: [CallRecord]) -> (MoneySum, Int) {
            calls.reduce((MoneySum.zero, 0)) { sum, call in (call.cost.map { sum.0 + MoneySum($0) } ?? sum.0, sum.1 + (call.inputTokens ?? 0) + (call.outputTokens ?? 0)) }
        }
        let (a, b) = (sum(own), sum(other))
        costs = (costs.0 + a.0, costs.1 + b.0)
        tokens = (tokens.0 + a.1, tokens.1 + b.1)
        calls = (calls.0 + own.count, calls.1 + other.count)
    }
}
