import Expressions
import PromptCaching
import Values
import WorkflowModel

/// One rule over a decoded workflow. A rule is a file and a line in `WorkflowValidator.rules`.
protocol WorkflowRule: Sendable {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void)
}

/// Turns a draft into a graph: runs every rule, collects every problem, resolves names to indexes.
struct WorkflowValidator {
    static let rules: [any WorkflowRule] = [
        UniqueNamesRule(), KnownNamesRule(), KnownModelsRule(), LogprobsRule(), ReferencesRule(), SubworkflowInputsRule(), EscalationRule(), NoCyclesRule(), TypesRule(),
        WholeStepRule(), ThresholdRule(), JudgeRule(), GateModelsRule(),
    ]

    /// Their findings are warnings. They look at whole workflows only: what a broken part reads is not known.
    static let remarks: [any WorkflowRule] = [
        OwnerRule(), OutputCapRule(), SkippedReadRule(), ConstantConditionRule(), UnusedStepRule(), UnusedDeclarationRule(), UnusedCheckRule(), GateRemarksRule(),
        InnerBudgetRule(), InnerCachingRule(), ToolListsRule(), RepeatedPrefixRule(),
        DuplicatePrefixRule(), ForeignTextRule(), LookalikeRule(),
    ]

    /// Errors that came to the language later. Their workflows ran, and did what they say.
    private static let later: Set<String> = ["AX011", "AW209"]

    /// - Parameters:
    ///   - isComplete: whether everything was decoded; only then is there a graph.
    ///   - warns: whether rules that only warn run too.
    ///   - hasBegun: whether it is the workflow of a run that has begun: what was no error then is none now.
    /// - Returns: the graph when no rule found an error, and everything that the rules found.
    static func validate(
        _ draft: WorkflowDraft, isComplete: Bool, warns: Bool = false, hasBegun: Bool = false, file: String, files: SourceFiles
    ) -> (graph: WorkflowGraph?, found: [Diagnostic]) {
        var found: [Diagnostic] = []
        for rule in rules { rule.check(draft) { found.append($0) } }
        if hasBegun { found.removeAll { later.contains($0.code) } }
        // A rule of errors that also warns does so like those that only warn.
        if !warns || !isComplete || found.contains(where: { $0.severity == .error }) { found.removeAll { $0.severity == .warning } }
        guard isComplete, !found.contains(where: { $0.severity == .error }) else { return (nil, found) }
        if warns { for rule in remarks { rule.check(draft) { found.append($0) } } }
        return (graph(draft, file: file, files: files), found)
    }

    private static func graph(_ draft: WorkflowDraft, file: String, files: SourceFiles) -> WorkflowGraph {
        let prefixes = draft.prefixes.map {
            PromptPrefix(name: $0.name.text, text: $0.text, stability: stability($0.text.references), lifetime: $0.lifetime, mayMove: $0.mayMove, range: $0.name.range)
        }
        let prefixIndex = Dictionary(uniqueKeysWithValues: prefixes.enumerated().map { ($1.name, $0) })
        let order = PrefixOrder(prefixes, usedBy: draft.allSteps.flatMap { $0.prefixLists.map { $0.map { prefixIndex[$0.text]! } } })
        func body(_ steps: [StepDraft]) -> StepGraph {
            let index = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1.id.text, $0) })
            return StepGraph(
                steps: steps.map { step in
                    Step(
                        id: step.id.text, description: step.description, kind: kind(step, in: draft, order, prefixIndex, body), when: step.when,
                        with: step.with, forEach: step.forEach, retry: step.retry, timeout: step.timeout, deadline: step.deadline,
                        isOptional: step.isOptional, tags: step.tags, onError: step.onError, limits: step.limits, range: step.range)
                },
                dependencies: steps.map { step in
                    draft.edges(of: step).compactMap { edge in index[edge.id].map { Dependency(step: $0, kind: edge.kind) } }
                }, onFailure: draft.onFailure)
        }
        var notExecuted = draft.notExecuted
        for step in draft.allSteps {
            if case .workflow(let other) = step.kind { notExecuted += other.notExecuted }
        }
        return WorkflowGraph(
            name: draft.name, description: draft.description, file: file, hash: files.hash, sources: files.sources(of: file), owner: draft.owner, tags: draft.tags,
            inputs: draft.inputs, tiers: draft.tiers.map(\.tier), budget: draft.budget, decision: draft.decision, prefixes: prefixes, caching: draft.caching,
            outputs: draft.outputs, concurrency: draft.concurrency, body: body(draft.steps),
            finally: draft.finally.isEmpty ? nil : body(draft.finally), notExecuted: notExecuted)
    }

    private static func kind(
        _ step: StepDraft, in draft: WorkflowDraft, _ order: PrefixOrder, _ prefixIndex: [String: Int], _ body: ([StepDraft]) -> StepGraph
    ) -> StepKind {
        switch step.kind {
        case .value(let template): return .value(template)
        case .run(let command): return .run(command)
        case .plain(let plain): return plain.kind
        case .approve(let approval): return .approve(approval)
        case .group(let steps): return .group(body(steps))
        case .loop(let steps, let until, let max): return .loop(LoopStep(body: body(steps), until: until, max: max))
        case .workflow(let graph): return .workflow(SubworkflowStep(graph: graph))
        case .model(let model): return .model(modelStep(model, order, prefixIndex, escalation(of: step, in: draft, order, prefixIndex)))
        }
    }

    private static func modelStep(_ model: ModelDraft, _ order: PrefixOrder, _ prefixIndex: [String: Int], _ escalation: Escalation?) -> ModelStep {
        ModelStep(
            tier: model.tiers[0].text, system: model.system, prefixes: order.ordered(model.prefixes.map { prefixIndex[$0.text]! }), body: model.body,
            bodyStability: max(.step, stability(model.body.templates.flatMap(\.references))),
            systemStability: stability(model.system?.references ?? []), sampling: model.sampling, schema: model.schema,
            repairs: model.repairs, memo: model.memo, attachments: model.attachments, escalation: escalation,
            allowsEmpty: model.allowsEmpty)
    }

    private static func escalation(of step: StepDraft, in workflow: WorkflowDraft, _ order: PrefixOrder, _ prefixIndex: [String: Int]) -> Escalation? {
        guard let draft = step.escalation else { return nil }
        let names = draft.checks.map(\.name.text)
        let checks = draft.checks.compactMap { check -> GateCheck? in
            let kind: GateCheck.Kind
            switch check.kind {
            case .expression(let expression): kind = .expression(expression)
            case .logprob(let logprob): kind = .logprob(logprob)
            case .agreement(let agreement): kind = .agreement(agreement)
            case .command(let command): kind = .command(command)
            case .judge(let judge):
                let question = modelStep(judge.question, order, prefixIndex, nil)
                let roots = judge.question.templates.flatMap(\.references).compactMap(\.path.first)
                kind = .judge(
                    JudgeCheck(
                        question: question, limits: judge.limits, minScore: judge.minScore, minProbability: judge.minProbability,
                        timeout: judge.timeout, needsFrame: !roots.contains { $0 == "output" || $0 == "question" }))
            case nil: return nil
            }
            let read = Set(step.checksRead(by: check.name))
            return GateCheck(
                name: check.name.text, kind: kind, isRecorded: check.isRecorded, reads: names.filter(read.contains), range: check.name.range)
        }
        let tiers = draft.tiers.map(\.text)
        let named = draft.start.map { start in start.literalText.flatMap(tiers.firstIndex).map(Escalation.Start.position) ?? .computed(start) }
        return Escalation(
            tiers: tiers, start: named ?? .position(0), checks: checks, accept: draft.accept, onExhausted: draft.onExhausted, onRefusal: draft.onRefusal,
            readsAcceptance: workflow.mentions.readsAcceptance(of: step), maxRate: draft.maxRate, shadow: draft.shadow, hash: draft.hash, range: draft.node.range)
    }

    /// How long a text that refers to these stays the same.
    static func stability(_ references: [Reference]) -> StabilityClass {
        references.map { reference -> StabilityClass in
            switch reference.path.first {
            case "inputs", "run": return .execution
            default: return .step
            }
        }.max() ?? .workflow
    }
}

extension WorkflowDraft {
    struct Edge: Hashable {
        let id: String
        var kind: Dependency.Kind
        var range: SourceRange
    }

    func makeEdges(of step: StepDraft) -> [Edge] {
        var edges: [Edge] = []
        var positions: [String: Int] = [:]
        func add(_ id: String, _ kind: Dependency.Kind, _ range: SourceRange) {
            if let known = positions[id] {
                if kind == .required || (kind == .guarded && edges[known].kind == .control) { edges[known].kind = kind }
            } else {
                positions[id] = edges.count
                edges.append(Edge(id: id, kind: kind, range: range))
            }
        }
        for (_, references) in step.outwardReferences(in: self) {
            for reference in references where reference.path.first == "steps" && reference.path.count > 1 {
                // Only an output can be missing; `.status` and its like always have a value.
                let readsOutput = reference.path.count > 2 && reference.path[2] == "output"
                add(reference.path[1], readsOutput && !reference.isGuarded ? .required : .guarded, reference.range)
            }
        }
        for need in step.needs { add(need.text, .control, need.range) }
        return edges
    }
}

/// Where in a step an expression stands; it decides what the expression can read.
enum ExpressionPlace {
    /// `when`, `for_each.items`: once for the step.
    case step
    /// `with`: for each item.
    case with
    /// Everything else of a step.
    case body
    /// A prefix: the same for every step that uses it.
    case prefix
    /// What is checked by its declaration alone: like `body`, and with more names.
    case checked(scope: [String])

    /// Whether it is evaluated once for the step, before there are items.
    var isOnce: Bool {
        if case .step = self { true } else { false }
    }

    var isPrefix: Bool {
        if case .prefix = self { true } else { false }
    }
}

extension StepDraft {
    /// Its references and, of the steps inside of it, those that reach out.
    func outwardReferences(in draft: WorkflowDraft) -> [(ExpressionPlace, [Reference])] {
        guard let inner else { return references(in: draft) }
        return draft.outwardReferences(of: self) {
            var all = references(in: draft)
            let ids = Set(inner.map(\.id.text))
            var reaching = inner.flatMap { step in
                step.outwardReferences(in: draft)
            }
            if case .loop(_, let until?, _) = kind { reaching.append((.body, until.references)) }
            for (place, references) in reaching {
                all.append((place, references.filter { $0.path.count < 2 || $0.path[0] != "steps" || !ids.contains($0.path[1]) }))
            }
            return all
        }
    }

    /// Every reference of the step itself by where it stands; of the steps inside of it none.
    func references(in draft: WorkflowDraft) -> [(ExpressionPlace, [Reference])] {
        var all: [(ExpressionPlace, [Reference])] = [
            (.step, when?.references ?? []), (.step, forEach?.items.references ?? []),
            (.with, with.flatMap(\.value.references)),
        ]
        if case .value(let fallback) = onError { all.append((.body, fallback.references)) }
        if !tags.isEmpty { all.append((.body, tags.flatMap(\.value.references))) }
        switch kind {
        case .value(let template): all.append((.body, template.references))
        case .approve(let approval): all.append((.body, approval.message.references))
        case .plain(let plain): all.append((.body, plain.templates.flatMap(\.references)))
        case .group, .loop, .workflow: break
        case .run(let command):
            all.append((.body, command.argv.flatMap(\.references) + (command.stdin?.references ?? []) + command.env.flatMap(\.value.references)))
        case .model(let model):
            all.append((.body, (model.system?.references ?? []) + model.body.templates.flatMap(\.references) + model.attachments.flatMap(\.source.references)))
            for name in model.prefixes {
                if let prefix = draft.prefixes.first(where: { $0.name.text == name.text }) { all.append((.prefix, prefix.text.references)) }
            }
        }
        for use in uses {
            all.append((.checked(scope: use.scope), use.references))
            if case .prefix(let name) = use.content, let prefix = draft.prefixes.first(where: { $0.name.text == name.text }) {
                all.append((.prefix, prefix.text.references))
            }
        }
        return all
    }
}
