import Economics
import Expressions
import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// A name and where it is written.
struct Named: Sendable {
    let text: String
    let range: SourceRange
}

/// Names that are declared, by parts that could not be decoded: nobody is told on top that they do not exist.
struct BrokenNames {
    var steps: Set<String> = []
    var inputs: Set<String> = []
    var tiers: Set<String> = []
    var prefixes: Set<String> = []
    /// Whether there is a step that does not even tell its name: then any step may exist.
    var hasNamelessSteps = false

    func mayHaveStep(_ name: String) -> Bool { hasNamelessSteps || steps.contains(name) }
}

/// A decoded workflow: every key read, every expression parsed, nothing resolved yet.
struct WorkflowDraft {
    var name = ""
    var description: String?
    var owner = Owner()
    var tags: [(key: String, value: Template)] = []
    var inputs: [InputDeclaration] = []
    var tiers: [(name: Named, tier: ModelTier)] = []
    var budget = Budget()
    var decision: Decision?
    var prefixes: [PrefixDraft] = []
    var caching = PrefixCaching()
    var secrets: [Named] = []
    /// The names that the project file declares; `nil` where they are not known.
    var projectSecrets: [String]?
    /// What is wrong with the name of a model; `nil` where it is not known which there are.
    var modelCheck: WorkflowLoader.ModelCheck?
    /// What models cost; `nil` where that is not asked.
    var prices: WorkflowLoader.PriceLookup?
    /// Where programs are looked for.
    var projectRoot: String?
    /// What is known of a model's log-probabilities; `nil` where that is not asked.
    var logprobCheck: WorkflowLoader.LogprobCheck?
    /// What parts refer to that are checked by their declarations alone, beside those of steps.
    var uses: [CheckedUse] = []
    var outputs: [(key: String, value: ValueTemplate)] = []
    var concurrency = 32
    var onFailure = FailurePolicy.drain
    var steps: [StepDraft] = []
    var finally: [StepDraft] = []
    /// What is checked and cannot be run.
    var notExecuted: [Diagnostic] = []
    var broken = BrokenNames()
    /// The file's tree, and the texts of all files that were read, by path: what warnings look at besides.
    var root: YAMLNode?
    var texts: TextTable<String> = [:]
    let lookups = DraftLookups()
}

struct PrefixDraft {
    let name: Named
    let text: Template
    var lifetime: TimeSpan?
    var mayMove = false
}

/// A step that needs nothing of the rest of its file: its kind is complete as it was read.
struct PlainStepDraft {
    let kind: StepKind
    /// Those of its own, beside the ones that every step has.
    var templates: [Template] = []
    var output = StaticType.dyn
}

struct StepDraft {
    enum Kind {
        case model(ModelDraft)
        case value(ValueTemplate)
        case run(CommandStep)
        case plain(PlainStepDraft)
        case approve(ApprovalStep)
        case group([StepDraft])
        case loop([StepDraft], until: Expression?, max: Int)
        case workflow(WorkflowGraph)
    }

    let id: Named
    let description: String?
    let kind: Kind
    let when: Expression?
    let with: [(key: String, value: ValueTemplate)]
    let needs: [Named]
    let forEach: ForEach?
    let retry: RetryPolicy
    let timeout: TimeSpan
    let deadline: TimeSpan?
    let isOptional: Bool
    let tags: [(key: String, value: Template)]
    let onError: ErrorPolicy
    let limits: StepLimits
    /// The names in `limits.trim`.
    let trim: [Named]
    /// What its parts refer to that are checked by their declarations alone.
    let uses: [CheckedUse]
    let range: SourceRange
}

struct ModelDraft {
    let tier: Named?
    let system: Template?
    let prefixes: [Named]
    let body: ModelStep.Body
    let sampling: Sampling
    let schema: Schema?
    let repairs: Int
    let attachments: [AttachmentTemplate]
    let memo: MemoTerms?
    let escalation: EscalationDraft?
    let allowsEmpty: Bool

    /// The tiers that it may ask, the first one first.
    var tiers: [Named] { escalation?.tiers ?? tier.map { [$0] } ?? [] }

    /// What it says to a model itself, prefixes not counted.
    var templates: [Template] { (system.map { [$0] } ?? []) + body.templates }
}

extension ModelStep.Body {
    var templates: [Template] {
        switch self {
        case .prompt(let template): return [template]
        case .messages(let messages): return messages.map(\.text)
        }
    }
}

extension StepDraft {
    var escalation: EscalationDraft? {
        if case .model(let model) = kind { model.escalation } else { nil }
    }

    /// The steps inside, of the same file.
    var inner: [StepDraft]? {
        switch kind {
        case .group(let steps), .loop(let steps, _, _): return steps
        case .model, .value, .run, .plain, .approve, .workflow: return nil
        }
    }
}

/// Steps that wait for one another, and what surrounds them.
struct BodyDraft {
    let steps: [StepDraft]
    /// Its position in `WorkflowDraft.bodies`, and those of the bodies around it.
    let index: Int
    let around: [Int]
    /// The step whose steps they are.
    var owner: String?
    /// The names of the elements of `for_each` around, the outermost first.
    var items: [String] = []
    /// The names under `with` of the steps around.
    var with: [String] = []
    var isInLoop = false
    /// Whether it is `finally` itself.
    var isFinally = false
    /// After each pass of the loop whose body it is.
    var until: Expression?
}

extension WorkflowDraft {
    func makeBodies() -> [BodyDraft] {
        var bodies: [BodyDraft] = []
        func add(_ body: BodyDraft) {
            bodies.append(body)
            for step in body.steps {
                guard let steps = step.inner else { continue }
                var inner = BodyDraft(
                    steps: steps, index: bodies.count, around: body.around + [body.index], owner: step.id.text, items: body.items,
                    with: body.with + step.with.map(\.key), isInLoop: body.isInLoop)
                if let forEach = step.forEach { inner.items.append(forEach.name) }
                if case .loop(_, let until, _) = step.kind {
                    inner.isInLoop = true
                    inner.until = until
                }
                add(inner)
            }
        }
        add(BodyDraft(steps: steps, index: 0, around: []))
        if !finally.isEmpty { add(BodyDraft(steps: finally, index: bodies.count, around: [0], isFinally: true)) }
        return bodies
    }
}
