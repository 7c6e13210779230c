import Expressions
import Values
import WorkflowModel

/// What is known of the names that a workflow's expressions read: the inputs by their schemas, outputs as far as the steps
/// before have been looked at.
///
/// Whether a name exists is not asked here; `ReferencesRule` does that, so a name that is not known is `dyn`.
struct WorkflowTypes {
    private let inputs: StaticType
    private let run: StaticType
    private var outputs: [String: StaticType] = [:]
    /// What steps with a gate have besides.
    private var gates: [String: [ObjectType.Field]] = [:]
    /// One of the tiers that are declared.
    let tier: StaticType
    private let status: StaticType

    /// What others call how a step ended.
    private static let statusAliases: [(word: String, meant: String)] = [
        ("success", "succeeded"), ("successful", "succeeded"), ("ok", "succeeded"), ("done", "succeeded"), ("completed", "succeeded"), ("complete", "succeeded"), ("passed", "succeeded"),
        ("finished", "succeeded"), ("failure", "failed"), ("error", "failed"), ("errored", "failed"), ("fail", "failed"), ("canceled", "cancelled"), ("aborted", "cancelled"), ("skip", "skipped"),
        ("in_progress", "running"), ("queued", "pending"),
    ]

    init(_ draft: WorkflowDraft) {
        inputs = .object(ObjectType(draft.inputs.map { .init($0.name, SchemaTypes.type(of: $0.schema, .given)) }, others: .dyn))
        status = Choice(NodeStatus.allCases.map { .string($0.rawValue) }, origin: .language, aliases: Self.statusAliases).map { .choice($0) } ?? .string
        // One that could not be read may have any name.
        let tiers = draft.broken.tiers.isEmpty ? Choice(draft.tiers.map { .string($0.tier.name) }, origin: .declared) : nil
        tier = tiers.map { .choice($0) } ?? .string
        run = .object(ObjectType(ReferencesRule.runFields.map { .init($0, .string) }, others: .dyn))
    }

    func output(of step: String) -> StaticType? { outputs[step] }

    mutating func setOutput(_ type: StaticType, of step: String) { outputs[step] = type }

    /// - Parameter checks: the type of `checks` in the gate.
    mutating func setGate(of step: StepDraft, checks: StaticType) {
        guard let escalation = step.escalation else { return }
        let fields = Self.gateFields(tier: Self.tier(of: escalation), checks: checks)
        guard let forEach = step.forEach else { return gates[step.id.text] = fields }
        // Of an item that failed nothing is known.
        var mayLack = forEach.onError == .collect
        if case .continue = step.onError { mayLack = true }
        gates[step.id.text] = fields.map { .init($0.name, .list(mayLack ? $0.type.joined(with: .null) : $0.type), isRequired: false) }
    }

    /// One of the tiers of a gate.
    static func tier(of escalation: EscalationDraft) -> StaticType {
        Choice(escalation.tiers.map { .string($0.text) }, origin: .declared).map { .choice($0) } ?? .string
    }

    private static func gateFields(tier: StaticType, checks: StaticType) -> [ObjectType.Field] {
        [
            .init("accepted", .bool, isRequired: false), .init("tier", tier, isRequired: false), .init("attempts", .int, isRequired: false),
            .init("tiers_asked", .int, isRequired: false), .init("checks", checks, isRequired: false),
        ]
    }

    /// The environment of an expression outside of `for_each`.
    ///
    /// - Parameter references: what the expressions read: only those steps are looked up, of ten thousand there may be.
    func environment(for references: [Reference]) -> TypeEnvironment {
        var names: [String] = []
        var known: Set<String> = []
        for reference in references where reference.path.count > 1 && reference.path[0] == "steps" && known.insert(reference.path[1]).inserted {
            names.append(reference.path[1])
        }
        let steps = names.compactMap { name in outputs[name].map { ObjectType.Field(name, state(output: $0, gate: gates[name])) } }
        return TypeEnvironment(["inputs": inputs, "run": run, "steps": .object(ObjectType(steps, others: .dyn))], isOpen: true)
    }

    /// `steps.X`.
    private func state(output: StaticType, gate: [ObjectType.Field]?) -> StaticType {
        let asked: [ObjectType.Field] = [.init("accepted", .bool, isRequired: false), .init("tier", tier, isRequired: false), .init("attempts", .int, isRequired: false)]
        return .object(
            ObjectType(
                (gate ?? asked) + [
                    .init("output", output, isRequired: false), .init("status", status), .init("cost_usd", .number, isRequired: false), .init("tokens", .int, isRequired: false),
                    .init("exit_code", .int, isRequired: false),
                ], others: .dyn))
    }

    /// What a step leaves under `steps.X.output`, from what it makes of one item.
    ///
    /// - Parameter checks: the type of `checks` in its gate.
    static func output(of step: StepDraft, making base: StaticType, fallback: StaticType?, checks: StaticType = .dyn) -> StaticType {
        let item = fallback.map(base.joined) ?? base
        guard let forEach = step.forEach else { return item }
        switch (forEach.onError, step.onError) {
        case (.collect, _):
            let fields: [ObjectType.Field] = [
                .init("ok", .bool), .init("output", item.joined(with: .null)), .init("error", .nullable(.string)),
            ]
            guard let escalation = step.escalation else { return .list(.object(ObjectType(fields))) }
            return .list(.object(ObjectType(fields + gateFields(tier: tier(of: escalation), checks: checks))))
        case (.stop, .continue): return .list(item.joined(with: .null))
        case (.stop, _): return .list(item)
        }
    }
}
