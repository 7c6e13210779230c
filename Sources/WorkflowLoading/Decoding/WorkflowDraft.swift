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
    var outputs: [(key: String, value: ValueTemplate)] = []
    var concurrency = 32
    var onFailure = FailurePolicy.drain
    var steps: [StepDraft] = []
    var broken = BrokenNames()
    /// The file's tree, and the texts of all files that were read, by path: what warnings look at besides.
    var root: YAMLNode?
    var texts: [String: String] = [:]
}

struct PrefixDraft {
    let name: Named
    let text: Template
}

struct StepDraft {
    enum Kind {
        case model(ModelDraft)
        case value(ValueTemplate)
        case run(CommandStep)
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
    let onError: ErrorPolicy
    let limits: StepLimits
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
}

extension ModelStep.Body {
    var templates: [Template] {
        switch self {
        case .prompt(let template): return [template]
        case .messages(let messages): return messages.map(\.text)
        }
    }
}
