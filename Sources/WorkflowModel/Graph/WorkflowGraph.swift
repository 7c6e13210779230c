import Economics
import Expressions
import Values

/// A checked workflow: every expression compiled, every reference resolved, no cycle. The only thing that the engine runs.
///
/// Only the validator of `WorkflowLoading` makes one, so holding a graph is the proof that the checks passed.
public final class WorkflowGraph: Sendable {
    public let name: String
    public let description: String?
    /// The path of the file as the user gave it.
    public let file: String
    /// SHA-256 over the workflow's text and the texts of all files that it refers to.
    public let hash: ContentHash
    /// What it was made of.
    public let sources: GraphSources
    public let owner: Owner
    public let tags: [(key: String, value: Template)]
    public let inputs: [InputDeclaration]
    public let tiers: [ModelTier]
    public let budget: Budget
    public let decision: Decision?
    public let prefixes: [PromptPrefix]
    public let caching: PrefixCaching
    public let outputs: [(key: String, value: ValueTemplate)]
    /// How many nodes of one run may work at once.
    public let concurrency: Int
    public let body: StepGraph
    /// Runs when everything else has ended, well or not; `nil` without `finally:`.
    public let finally: StepGraph?
    /// What the workflow asks for and this version does not do: the file is checked, but cannot run.
    public let notExecuted: [Diagnostic]

    public var steps: [Step] { body.steps }
    public var dependencies: [[Dependency]] { body.dependencies }
    public var dependents: [[Int]] { body.dependents }

    package init(
        name: String, description: String?, file: String, hash: ContentHash, sources: GraphSources, owner: Owner, tags: [(key: String, value: Template)],
        inputs: [InputDeclaration], tiers: [ModelTier], budget: Budget, decision: Decision?, prefixes: [PromptPrefix],
        caching: PrefixCaching = PrefixCaching(), outputs: [(key: String, value: ValueTemplate)], concurrency: Int, body: StepGraph, finally: StepGraph?, notExecuted: [Diagnostic]
    ) {
        self.name = name
        self.description = description
        self.file = file
        self.hash = hash
        self.sources = sources
        self.owner = owner
        self.tags = tags
        self.inputs = inputs
        self.tiers = tiers
        self.budget = budget
        self.decision = decision
        self.prefixes = prefixes
        self.caching = caching
        self.outputs = outputs
        self.concurrency = concurrency
        self.body = body
        self.finally = finally
        self.notExecuted = notExecuted
    }

    /// The prefix that a piece of a prompt was made of, by its ``PromptSegment/origin``.
    public func prefix(ofOrigin origin: String) -> PromptPrefix? { prefixes.first { origin.hasSameBytes(as: $0.origin) } }

    /// The lifetimes that its author gives the pieces of a prompt, by their positions.
    public func wishedLifetimes(ofOrigins origins: some Sequence<String>) -> [Int: TimeSpan] {
        guard prefixes.contains(where: { $0.lifetime != nil }) else { return [:] }
        var wished: [Int: TimeSpan] = [:]
        for (position, origin) in origins.enumerated() { wished[position] = prefix(ofOrigin: origin)?.lifetime }
        return wished
    }

    public func tier(named name: String) -> ModelTier? { tiers.first { $0.name == name } }

    /// Every step of the file, nested ones and `finally` included.
    public func forEachStep(_ visit: (Step) -> Void) {
        body.forEachStep(visit)
        finally?.forEachStep(visit)
    }
}

/// Why one step waits for another.
public struct Dependency: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Reads the output without a guard: a skipped source skips the reader.
        case required
        /// Reads the output behind `has()`.
        case guarded
        /// `needs`: order only.
        case control
    }

    /// Index of the step that is waited for.
    public let step: Int
    public let kind: Kind

    public init(step: Int, kind: Kind) {
        self.step = step
        self.kind = kind
    }
}

/// Who answers for a workflow.
public struct Owner: Sendable, Hashable {
    public let business: String?
    public let engineering: String?
    public let finance: String?

    public init(business: String? = nil, engineering: String? = nil, finance: String? = nil) {
        self.business = business
        self.engineering = engineering
        self.finance = finance
    }

    public var json: JSONObject {
        JSONObject().with("business", business.map(JSONValue.string)).with("engineering", engineering.map(JSONValue.string))
            .with("finance", finance.map(JSONValue.string))
    }
}

/// What happens to the siblings of a failed step.
public enum FailurePolicy: String, Sendable, Hashable, CaseIterable {
    /// Steps that do not depend on the failed one run to their end.
    case drain
    /// What is in flight is cancelled, nothing new starts.
    case cancel
}

extension WorkflowGraph {
    /// The same graph under another cap, as `--budget` asks for it.
    public func withBudget(_ cap: Money) -> WorkflowGraph {
        var budget = budget
        budget.maxCost = cap
        return copy(tiers: tiers, budget: budget, change: .budget(cap))
    }

    /// The same graph with what flags changed in the one of a record.
    public func applying(_ changes: [GraphSources.Change]) -> WorkflowGraph {
        changes.reduce(self) { graph, change in
            switch change {
            case .budget(let cap): return graph.withBudget(cap)
            case .tier(let name, let model): return graph.withTier(name, using: model)
            }
        }
    }

    /// The same graph with another model in a tier, as `--model` asks for it.
    public func withTier(_ name: String, using model: ModelReference) -> WorkflowGraph {
        copy(tiers: tiers.map { $0.name == name ? $0.using(model) : $0 }, budget: budget, change: .tier(name, model))
    }

    /// Another graph has another hash: a run's record says what really ran.
    private func copy(tiers: [ModelTier], budget: Budget, change: GraphSources.Change) -> WorkflowGraph {
        WorkflowGraph(
            name: name, description: description, file: file, hash: ContentHash(chaining: hash, Array(change.text.utf8)), sources: sources.adding(change), owner: owner,
            tags: tags, inputs: inputs, tiers: tiers, budget: budget, decision: decision, prefixes: prefixes, caching: caching, outputs: outputs,
            concurrency: concurrency, body: body, finally: finally, notExecuted: notExecuted)
    }
}
