import Expressions
import Values
import WorkflowModel

/// Every expression goes with the types of what it reads.
struct TypesRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var pass = TypesPass(draft)
        pass.run()
        // A prompt file that two steps use has its mistakes once.
        var seen: Set<Diagnostic> = []
        for problem in pass.problems where seen.insert(problem).inserted { report(problem) }
    }
}

/// One look at all expressions of a workflow, steps before those that read them.
private struct TypesPass {
    private let draft: WorkflowDraft
    private let textSteps: Set<String>
    private var types: WorkflowTypes
    /// Of the values that workflows are given, by the places of the steps' ids.
    private var withTypes: [SourceRange: [String: StaticType]] = [:]
    private(set) var problems: [Diagnostic] = []

    init(_ draft: WorkflowDraft) {
        self.draft = draft
        types = WorkflowTypes(draft)
        textSteps = Set(
            draft.allSteps.compactMap { step in
                if step.forEach == nil, case .model(let model) = step.kind, model.schema == nil { step.id.text } else { nil }
            })
    }

    mutating func run() {
        for step in draft.inOrder(draft.steps) { check(step, [:]) }
        for step in draft.inOrder(draft.finally) { check(step, [:]) }
        for prefix in draft.prefixes { text(prefix.text, types.environment(for: prefix.text.references)) }
        for (_, template) in draft.outputs { _ = type(of: template, types.environment(for: template.references)) }
        for template in draft.tags.map(\.value) + [draft.decision?.id, draft.decision?.outcome].compactMap({ $0 }) {
            text(template, types.environment(for: template.references))
        }
    }

    // MARK: Steps

    /// - Parameter around: the types of names that steps around it bring into scope.
    private mutating func check(_ step: StepDraft, _ around: [String: StaticType]) {
        var environment = types.environment(for: step.references(in: draft).filter { !$0.0.isPrefix }.flatMap(\.1))
        environment.names.merge(around) { $1 }
        if let when = step.when {
            condition(when, "when", environment)
        }
        if let forEach = step.forEach {
            let found = keep(forEach.items.checkJSON(in: environment), references: forEach.items.references)
            if found.element == nil {
                problems.append(
                    Diagnostic(
                        code: "AW207", "for_each.items takes a list, found \(found)", at: forEach.items.range,
                        hint: forEach.items.wholeStep.map { "what the step gave is \($0.path.joined(separator: ".")).output" } ?? (found.isMap ? "take its keys: \(forEach.items.source.prefix(40)).map(key, key)" : nil)))
            }
            environment.names[forEach.name] = found.element ?? .dyn
            environment.names["index"] = .int
        }
        var with: [ObjectType.Field] = []
        for (key, template) in step.with {
            let type = type(of: template, environment)
            with.append(ObjectType.Field(key, type))
            if case .workflow = step.kind { withTypes[step.id.range, default: [:]][key] = type }
        }
        if !with.isEmpty { environment.names["with"] = .object(ObjectType(with, others: .dyn)) }
        for (_, template) in step.tags { text(template, environment) }
        checkTrim(of: step, with)
        let base = step.inner == nil ? body(of: step, environment) : inner(of: step, environment, around)
        check(step.uses, of: step, making: base, environment)
        var fallback: StaticType?
        if case .value(let template) = step.onError { fallback = exactType(of: template, environment) }
        let checks = step.escalation == nil ? StaticType.dyn : checks(of: step)
        types.setOutput(WorkflowTypes.output(of: step, making: base, fallback: fallback, checks: checks).bounded, of: step.id.text)
        types.setGate(of: step, checks: checks)
    }

    /// Only texts and lists can be cut.
    private mutating func checkTrim(of step: StepDraft, _ with: [ObjectType.Field]) {
        for name in step.trim {
            guard let type = with.first(where: { $0.name == name.text })?.type.plain, type != .string, type.element == nil else { continue }
            problems.append(
                Diagnostic(
                    code: "AW140", "'\(name.text)' is \(type.isMap ? "an object" : "of type \(type)"), and only texts and lists are cut", at: name.range,
                    hint: "hand over a text or a list, or cut another value"))
        }
    }

    /// What a step makes that has steps of its own: their outputs by id, as far as they ran.
    private mutating func inner(of step: StepDraft, _ environment: TypeEnvironment, _ around: [String: StaticType]) -> StaticType {
        let steps = step.inner ?? []
        var names = around
        for name in [step.forEach?.name, step.forEach == nil ? nil : "index", step.with.isEmpty ? nil : "with"].compactMap({ $0 }) {
            names[name] = environment.names[name]
        }
        if case .loop = step.kind {
            // What a pass gives is not known before its body was looked at.
            names["pass"] = .object(ObjectType([.init("index", .int), .init("previous", .dyn, isRequired: false)], others: .dyn))
        }
        for inner in draft.inOrder(steps) { check(inner, names) }
        if case .loop(_, let until?, _) = step.kind {
            var environment = types.environment(for: until.references)
            environment.names.merge(names) { $1 }
            condition(until, "until", environment)
        }
        return .object(ObjectType(steps.map { .init($0.id.text, types.output(of: $0.id.text) ?? .dyn, isRequired: false) }))
    }

    /// What a workflow is given goes with what it takes. Values that are known were held against the schemas already.
    private mutating func given(to graph: WorkflowGraph, by step: StepDraft) {
        for (key, template) in step.with where !template.references.isEmpty {
            guard let input = graph.inputs.first(where: { $0.name == key }) else { continue }
            let wanted = SchemaTypes.type(of: input.schema)
            let found = withTypes[step.id.range]?[key] ?? .dyn
            if !found.mayEqual(wanted) {
                problems.append(
                    Diagnostic(
                        code: "AW303", "the input '\(key)' of the workflow '\(graph.name)' is \(wanted), found \(found)",
                        at: draft.place(of: key, under: step)))
            }
        }
    }

    /// What the step makes of one item.
    private mutating func body(of step: StepDraft, _ environment: TypeEnvironment) -> StaticType {
        switch step.kind {
        case .value(let template): return type(of: template, environment)
        case .approve(let approval):
            text(approval.message, environment)
            return .object(ObjectType([.init("approved", .bool), .init("by", .string), .init("note", .nullable(.string))]))
        case .workflow(let graph):
            given(to: graph, by: step)
            // The types of its outputs are its own business; that they are there is not certain either.
            return .object(ObjectType(graph.outputs.map { .init($0.key, .dyn, isRequired: false) }))
        case .plain(let plain):
            for template in plain.templates { text(template, environment) }
            return plain.output
        case .group, .loop: return .dyn
        case .run(let command):
            for template in command.argv + command.env.map(\.value) { text(template, environment) }
            if let stdin = command.stdin { _ = type(of: stdin, environment) }
            switch command.parse {
            case .text: return .string
            case .json: return command.schema.map { SchemaTypes.type(of: $0) } ?? .dyn
            case .jsonl: return command.schema.map { SchemaTypes.type(of: $0) } ?? .list(.dyn)
            }
        case .model(let model):
            for template in [model.system].compactMap({ $0 }) + model.body.templates { text(template, environment) }
            for attachment in model.attachments { checkPath(attachment.source, environment) }
            return model.schema.map { SchemaTypes.type(of: $0) } ?? .string
        }
    }

    private mutating func checkPath(_ source: Template, _ environment: TypeEnvironment) {
        let found = keep(source.check(in: environment), references: source.references).withoutNull
        let path = found.element?.plain ?? found.plain
        guard let expression = source.wholeExpression, path != .string, path != .null, !path.isDynamic else { return }
        problems.append(Diagnostic(code: "AW141", "attach takes a path or a list of paths, found \(found)", at: expression.range))
    }

    // MARK: What is checked by its declaration

    /// - Parameter base: what the step makes of one item: what gates read as `output`.
    private mutating func check(_ uses: [CheckedUse], of step: StepDraft, making base: StaticType, _ environment: TypeEnvironment) {
        for use in uses {
            var environment = environment
            for name in use.scope {
                switch name {
                case "output": environment.names[name] = base
                case "checks": environment.names[name] = checks(of: step)
                case "tier": environment.names[name] = step.escalation.map(WorkflowTypes.tier) ?? types.tier
                default: environment.names[name] = .string
                }
            }
            switch use.content {
            case .condition(let expression, let key): condition(expression, key, environment)
            case .expression(let expression): _ = keep(expression.checkJSON(in: environment), references: expression.references)
            case .text(let template): text(template, environment)
            case .value(let template): _ = type(of: template, environment)
            case .field(let name): field(name, of: base)
            case .tier, .prefix, .schema: break
            }
        }
    }

    /// `checks`, whose names are checked elsewhere: whether each passed, its score, and what it gave; of a judge the answer.
    private func checks(of step: StepDraft) -> StaticType {
        let checks = step.escalation?.checks ?? []
        return .object(
            ObjectType(
                checks.map { check in
                    var fields: [ObjectType.Field] = [.init("passed", .bool), .init("score", .number, isRequired: false), .init("output", .dyn)]
                    switch check.kind {
                    case .expression: fields = [.init("passed", .bool), .init("output", .bool)]
                    case .judge(let judge): fields[2] = .init("output", judge.question.schema.map { SchemaTypes.type(of: $0) } ?? .string)
                    default: break
                    }
                    return .init(check.name.text, .object(ObjectType(fields)))
                }, others: .dyn))
    }

    /// A path of fields that the output can have.
    private mutating func field(_ name: Named, of output: StaticType) {
        var type = output
        let path = AnswerField.path(name.text) { field in
            guard case .object(let object) = output.withoutNull else { return false }
            return object.field(field) != nil
        }
        for part in path {
            switch type.withoutNull {
            case .object(let object):
                if let field = object.field(part) {
                    type = field.type
                } else if let others = object.others {
                    type = others
                } else {
                    let names = object.fields.map(\.name)
                    return problems.append(
                        Diagnostic(
                            code: "AW204", "the output has no field '\(part)'", at: name.range,
                            hint: Suggestion.hint(for: String(part), in: names) ?? "it has: \(names.joined(separator: ", "))"))
                }
            case .dyn, .nothing: return
            case .map(_, let value): type = value
            default:
                return problems.append(
                    Diagnostic(
                        code: "AW204", "the output is \(type) and has no field '\(part)'", at: name.range, hint: "give the step output: { schema: … } to get an object"))
            }
        }
    }

    // MARK: Expressions

    private mutating func condition(_ expression: Expression, _ key: String, _ environment: TypeEnvironment) {
        let found = keep(expression.check(in: environment), references: expression.references)
        guard !found.mayBeBool else { return }
        problems.append(
            Diagnostic(
                code: "AW206", "\(key) takes a bool, found \(found)", at: expression.range,
                hint: expression.wholeStep.map { "what the step gave is \($0.path.joined(separator: ".")).output" }
                    ?? (found.element != nil ? "it is a list: ask for all of it, for example \(expression.source.prefix(40)).all(x, x)" : "compare it, for example \(expression.source.prefix(40)) != …")))
    }

    private mutating func text(_ template: Template, _ environment: TypeEnvironment) {
        _ = keep(template.checkText(in: environment), references: template.references)
    }

    private mutating func type(of template: ValueTemplate, _ environment: TypeEnvironment) -> StaticType {
        switch template {
        case .literal(let value): return StaticType(of: value)
        case .template(let template): return keep(template.check(in: environment), references: template.references)
        case .expression(let expression): return keep(expression.checkJSON(in: environment), references: expression.references)
        case .array(let elements):
            var element = StaticType.nothing
            for template in elements { element = element.joined(with: type(of: template, environment)) }
            return .list(element).bounded
        case .object(let pairs):
            var fields: [ObjectType.Field] = []
            for (key, value) in pairs { fields.append(ObjectType.Field(key, type(of: value, environment))) }
            return StaticType.object(ObjectType(fields)).bounded
        }
    }

    /// The type of what stands in for a step's output: constants are known by their values, so that they join a closed set.
    private mutating func exactType(of template: ValueTemplate, _ environment: TypeEnvironment) -> StaticType {
        switch template {
        case .literal(let value): return StaticType(exactly: value)
        case .object(let pairs):
            var fields: [ObjectType.Field] = []
            for (key, value) in pairs { fields.append(ObjectType.Field(key, exactType(of: value, environment))) }
            return StaticType.object(ObjectType(fields)).bounded
        case .template, .expression, .array: return type(of: template, environment)
        }
    }

    /// Notes the problems and hands on the type.
    private mutating func keep(_ checked: CheckedType, references: [Reference]) -> StaticType {
        for problem in checked.problems { problems.append(worded(problem, references)) }
        return checked.type
    }

    /// A field of a step's output has a code of its own, and a text output what to do about it.
    private func worded(_ problem: Diagnostic, _ references: [Reference]) -> Diagnostic {
        if problem.code == ExpressionCode.neverEqual, problem.severity == .warning {
            return Diagnostic(.warning, code: "AW422", problem.message, at: problem.range, hint: problem.hint)
        }
        guard problem.code == ExpressionCode.unknownField,
            let path = references.first(where: { $0.range.start == problem.range?.start && $0.path.first == "steps" })?.path, path.count > 3
        else { return problem }
        let isText = textSteps.contains(path[1]) && problem.message.contains(" is a string and has no field ")
        return Diagnostic(
            code: "AW204", problem.message, at: problem.range,
            hint: isText ? "give the step output: { schema: … } to get an object" : problem.hint)
    }
}

extension StaticType {
    fileprivate var isMap: Bool {
        switch withoutNull {
        case .map, .object: true
        default: false
        }
    }
}

extension WorkflowDraft {
    /// Steps of one body, each after those that it reads; steps that wait for each other come last.
    fileprivate func inOrder(_ steps: [StepDraft]) -> [StepDraft] {
        let index = Dictionary(zip(steps.map(\.id.text), 0...), uniquingKeysWith: { first, _ in first })
        var waiting = [Int](repeating: 0, count: steps.count)
        var readers = [[Int]](repeating: [], count: steps.count)
        for (position, step) in steps.enumerated() {
            for edge in edges(of: step) {
                guard let source = index[edge.id] else { continue }
                waiting[position] += 1
                readers[source].append(position)
            }
        }
        var ready = steps.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            for reader in readers[ready[next]] {
                waiting[reader] -= 1
                if waiting[reader] == 0 { ready.append(reader) }
            }
            next += 1
        }
        return (ready + steps.indices.filter { waiting[$0] > 0 }).map { steps[$0] }
    }
}
