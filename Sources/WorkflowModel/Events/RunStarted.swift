import Economics
import Values

/// What a run was started with: all that its row says of it.
///
/// A class, as the other larger facts are: they pass through a dozen async frames, each of which would hold a copy.
public final class RunStarted: Sendable {
    public let workflow: String
    /// As it was named.
    public let file: String
    public let graph: ContentHash
    /// Of the manifest of ``GraphSources``: all files by hash, and what flags changed. It is the workflow's version.
    public let sources: ContentHash
    /// Of what the files mean: comments and layout do not change it.
    public let meaning: ContentHash?
    public let inputs: ContentHash
    public let maxCost: Money?
    public let maxTokens: Int?
    /// Of the request encoder: under another version, other bytes are a warning and not a fault.
    public let encoder: Int
    public let program: String
    /// The form of the run's facts: since 2 a call's tell its caps and what it holds at its end; since 3 all that rows need.
    public let facts: Int
    public let rules: Rules
    /// The people: business, engineering, finance.
    public let owner: JSONObject
    public let tags: JSONObject
    public let decision: RunDecision
    public let batch: String?
    public let batchIndex: Int?
    public let origin: RunOrigin
    public let kind: RunKind
    public let purpose: RunPurpose
    /// The run that it was made from.
    public let parent: String?
    /// What a fork keeps of it.
    public let fork: ForkOrigin?
    /// Of ``RecordedModels``: what was known of the models that it may ask; `nil`: a run of before.
    public let models: ContentHash?
    /// Whether it is one of those that are asked without marks and warm-up; `nil`: its workflow keeps none apart.
    public let holdout: Holdout?

    /// The draw of a run, recorded of each so that another rate can be decided of the same draws.
    public struct Holdout: Sendable, Hashable {
        /// From 0 up to 2⁵³.
        public let draw: Int64
        public let rate: Share

        public init(draw: Int64, rate: Share) {
            self.draw = draw
            self.rate = rate
        }

        public var isChosen: Bool { ShadowDrawn.isChosen(draw, at: rate) }
    }

    /// Of the facts that this program records.
    public static let currentFacts = 3

    public init(
        workflow: String, file: String = "", graph: ContentHash, sources: ContentHash, meaning: ContentHash? = nil, inputs: ContentHash, maxCost: Money?,
        maxTokens: Int? = nil, encoder: Int, program: String, facts: Int = currentFacts, rules: Rules = .current, owner: JSONObject = [:], tags: JSONObject = [:],
        decision: RunDecision = RunDecision(), batch: String? = nil, batchIndex: Int? = nil, origin: RunOrigin = RunOrigin(),
        kind: RunKind = .workflow, purpose: RunPurpose = .production, parent: String? = nil, holdout: Holdout? = nil, fork: ForkOrigin? = nil, models: ContentHash? = nil
    ) {
        self.workflow = workflow
        self.file = file
        self.graph = graph
        self.sources = sources
        self.meaning = meaning
        self.inputs = inputs
        self.maxCost = maxCost
        self.maxTokens = maxTokens
        self.encoder = encoder
        self.program = program
        self.facts = facts
        self.rules = rules
        self.owner = owner
        self.tags = tags
        self.decision = decision
        self.batch = batch
        self.batchIndex = batchIndex
        self.origin = origin
        self.kind = kind
        self.purpose = purpose
        self.parent = parent
        self.fork = fork
        self.holdout = holdout
        self.models = models
    }
}

/// What a run is made of.
public enum RunKind: String, Sendable, Hashable {
    case workflow, fork, imported, proxied, trial
}

/// What a run is for.
public enum RunPurpose: String, Sendable, Hashable {
    case production, experiment, eval, fork, `import`
}

/// The decision that a run is made for.
public struct RunDecision: Sendable, Hashable {
    public let id: String?
    /// What one decision is, for people: `resolved ticket`.
    public let unit: String?
    /// The outcomes that count as delivered.
    public let counts: [String]

    public init(id: String? = nil, unit: String? = nil, counts: [String] = []) {
        self.id = id
        self.unit = unit
        self.counts = counts
    }
}

/// Where the files of a run come from, beside what is in them.
public struct RunOrigin: Sendable, Hashable {
    /// The Git commit that is checked out where the project lies. That the files are as it has them is not said.
    public let commit: String?
    /// What whoever started it calls the version.
    public let release: String?

    public init(commit: String? = nil, release: String? = nil) {
        self.commit = commit
        self.release = release
    }
}
