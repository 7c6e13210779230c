/// The names that an expression can read where it stands.
struct VisibleNames {
    /// `inputs`, `steps`, `item`, …
    var roots: [String]
    /// Under `with`.
    let with: Set<String>
    let body: BodyDraft
    /// Of the step's `escalate`.
    var checks: [String] = []
    /// Of the answer, where it is read as `output`.
    var answerFields: [String] = []

    /// Of what belongs to no step: outputs and prefixes, and with fewer roots tags and the decision's id.
    static func outside(_ root: BodyDraft, readingSteps: Bool = true) -> VisibleNames {
        VisibleNames(roots: readingSteps ? ["inputs", "steps", "run"] : ["inputs", "run"], with: [], body: root)
    }
}

extension BodyDraft {
    /// The roots that every step of the body can read.
    private var roots: [String] {
        var roots = ["inputs", "steps", "run"] + items
        if !items.isEmpty { roots.append("index") }
        if isInLoop { roots.append("pass") }
        return roots
    }

    /// What `until` of the loop can read whose body it is.
    var visibleAfterPass: VisibleNames {
        VisibleNames(roots: roots + (with.isEmpty ? [] : ["with"]), with: Set(with), body: self)
    }

    /// What an expression of one of its steps can read.
    func visible(to step: StepDraft, at place: ExpressionPlace) -> VisibleNames {
        let outer = Set(with)
        let all = step.with.isEmpty ? outer : outer.union(step.with.map(\.key))
        var names = roots
        if !place.isOnce, let forEach = step.forEach { names += [forEach.name, "index"] }
        var visible = outer
        switch place {
        case .body: visible = all
        case .checked(let scope):
            visible = all
            names += scope
        case .with where step.takesSecrets: names.append("secrets")
        default: break
        }
        if !visible.isEmpty { names.append("with") }
        var result = VisibleNames(roots: names, with: visible, body: self, checks: step.escalation?.checks.map(\.name.text) ?? [])
        if case .model(let model) = step.kind, names.contains("output") { result.answerFields = model.schema?.shape.propertyNames ?? [] }
        return result
    }
}

extension StepDraft {
    /// Only programs are handed secrets: what a model is sent is stored.
    fileprivate var takesSecrets: Bool {
        switch kind {
        case .run: true
        case .plain(let step): step.kind.form == .effect
        case .model, .value, .approve, .group, .loop, .workflow: false
        }
    }
}
