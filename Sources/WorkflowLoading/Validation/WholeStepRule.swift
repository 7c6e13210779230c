import Expressions
import Values
import WorkflowModel

/// What is written into a text is what a step gave, not all that is known of the step: its status, its costs and its tokens are nobody's prompt.
///
/// Under `with` a whole step may stand, for it is read there by its fields; a text that has the value whole is told so.
struct WholeStepRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var seen: Set<SourceRange> = []
        func check(_ references: [Reference], whole: Set<String> = []) {
            for reference in references {
                guard let what = reference.wholeStep(whole), seen.insert(reference.range).inserted else { continue }
                report(Diagnostic(code: "AW209", what.message, at: reference.range, hint: what.hint))
            }
        }
        for body in draft.bodies {
            // A value of a step around may be one, too.
            var around: Set<String> = []
            for index in body.around {
                for step in draft.bodies[index].steps where step.inner != nil { around.formUnion(step.wholeValues([])) }
            }
            for step in body.steps {
                let whole = step.wholeValues(around)
                for template in step.values { check(template.valueReferences, whole: whole) }
            }
        }
        for prefix in draft.prefixes { check(prefix.text.valueReferences) }
        for output in draft.outputs { check(output.value.valueReferences) }
        for template in draft.tags.map(\.value) + [draft.decision?.id, draft.decision?.outcome].compactMap({ $0 }) { check(template.valueReferences) }
    }
}

extension Reference {
    /// What is said of a reference to a whole step, or to all of them; `nil` of any other.
    ///
    /// - Parameter whole: the names under `with` that stand for whole steps.
    fileprivate func wholeStep(_ whole: Set<String>) -> (message: String, hint: String)? {
        guard isWhole else { return nil }
        let name = path.joined(separator: ".")
        switch (path.first, path.count) {
        case ("steps", 1): return ("steps are all steps, with their costs and tokens", "name what one of them gave: steps.ID.output")
        case ("steps", 2): return ("\(name) is the whole step, with its costs and tokens", "what it gave is \(name).output")
        case ("with", 2) where whole.contains(path[1]): return ("\(name) is a whole step, with its costs and tokens", "what it gave is \(name).output")
        case ("with", 1) where !whole.isEmpty: return ("with holds a whole step, with its costs and tokens", "what it gave is with.\(whole.min()!).output")
        default: return nil
        }
    }
}

extension StepDraft {
    /// The names under `with`, and of those around, that stand for whole steps.
    fileprivate func wholeValues(_ around: Set<String>) -> Set<String> {
        var whole = around
        for (key, value) in with {
            if value.valueReferences.contains(where: { $0.wholeStep(around) != nil }) { whole.insert(key) } else { whole.remove(key) }
        }
        return whole
    }

    /// What becomes text, or the value that the step gives.
    fileprivate var values: [ValueTemplate] {
        var all: [ValueTemplate] = tags.map { .template($0.value) }
        if case .value(let fallback) = onError { all.append(fallback) }
        switch kind {
        case .value(let template): all.append(template)
        case .approve(let approval): all.append(.template(approval.message))
        case .plain(let plain): all += plain.templates.map { .template($0) }
        case .run(let command): all += command.argv.map { .template($0) } + (command.stdin.map { [$0] } ?? []) + command.env.map { .template($0.value) }
        case .model(let model): all += (model.system.map { [.template($0)] } ?? []) + model.body.templates.map { .template($0) } + model.attachments.map { .template($0.source) }
        case .group, .loop, .workflow: break
        }
        for use in uses {
            switch use.content {
            case .text(let template): all.append(.template(template))
            case .value(let template): all.append(template)
            case .condition, .expression, .tier, .prefix, .field, .schema: break
            }
        }
        return all
    }
}

extension ValueTemplate {
    fileprivate var valueReferences: [Reference] {
        switch self {
        case .literal: []
        case .template(let template): template.valueReferences
        case .expression(let expression): expression.valueReferences
        case .array(let elements): elements.flatMap(\.valueReferences)
        case .object(let pairs): pairs.flatMap(\.value.valueReferences)
        }
    }
}

extension Expression {
    /// The step that the expression names and does not read, where that is all of it.
    var wholeStep: Reference? {
        valueReferences.first { $0.isWhole && $0.path.count == 2 && $0.path[0] == "steps" && $0.range == range }
    }
}
