import Economics
import Expressions
import JSONSchema
import PromptCaching
import Values

/// One step of a checked workflow.
public final class Step: Sendable {
    public let id: String
    public let description: String?
    public let kind: StepKind
    public let when: Expression?
    public let with: [(key: String, value: ValueTemplate)]
    public let forEach: ForEach?
    public let retry: RetryPolicy
    /// The longest that one HTTP attempt or command may take.
    public let timeout: TimeSpan
    /// The longest that the step, or one item of it, may take in all.
    public let deadline: TimeSpan?
    /// Whether the run goes on without it when its budget is short.
    public let isOptional: Bool
    public let tags: [(key: String, value: Template)]
    public let onError: ErrorPolicy
    public let limits: StepLimits
    public let range: SourceRange?

    package init(
        id: String, description: String?, kind: StepKind, when: Expression?, with: [(key: String, value: ValueTemplate)],
        forEach: ForEach?, retry: RetryPolicy, timeout: TimeSpan, deadline: TimeSpan?, isOptional: Bool,
        tags: [(key: String, value: Template)], onError: ErrorPolicy, limits: StepLimits, range: SourceRange?
    ) {
        self.id = id
        self.description = description
        self.kind = kind
        self.when = when
        self.with = with
        self.forEach = forEach
        self.retry = retry
        self.timeout = timeout
        self.deadline = deadline
        self.isOptional = isOptional
        self.tags = tags
        self.onError = onError
        self.limits = limits
        self.range = range
    }

    public var modelStep: ModelStep? {
        if case .model(let step) = kind { return step }
        return nil
    }
}

/// What a step does; decided by the key that is present.
public enum StepKind: Sendable {
    case model(ModelStep)
    case value(ValueTemplate)
    case run(CommandStep)
    case tool(ToolStep)
    case approve(ApprovalStep)
    /// Steps as one, mostly for `for_each`.
    case group(StepGraph)
    case loop(LoopStep)
    case workflow(SubworkflowStep)

    /// `model`, `value`, `run`: as tables show it.
    public var name: String {
        switch self {
        case .model: return "model"
        case .value: return "value"
        case .run: return "run"
        case .tool: return "tool"
        case .approve: return "approve"
        case .group: return "group"
        case .loop: return "loop"
        case .workflow: return "workflow"
        }
    }

    /// What kinds have in common, for whoever does not need to know each.
    public enum Form: Sendable {
        /// Asks a model.
        case model
        /// Is computed from what is there.
        case value
        /// Does something outside of the run, or is done to it.
        case effect
        /// Asks a person.
        case question
        /// Works through steps of its own.
        case container
    }

    public var form: Form {
        switch self {
        case .model: return .model
        case .value: return .value
        case .run, .tool: return .effect
        case .approve: return .question
        case .group, .loop, .workflow: return .container
        }
    }

    /// The steps inside, of the same file.
    public var body: StepGraph? {
        guard let container, !container.isOtherFile else { return nil }
        return container.body
    }

    /// What it works through, where it has steps of its own.
    public var container: StepContainer? {
        switch self {
        case .group(let body): return StepContainer(body: body)
        case .loop(let loop): return StepContainer(body: loop.body, hasPasses: true)
        case .workflow(let other): return StepContainer(body: other.graph.body, finally: other.graph.finally, isOtherFile: true)
        case .model, .value, .run, .tool, .approve: return nil
        }
    }

    /// Whether it works through steps of its own.
    public var isContainer: Bool { container != nil }
}

/// A step that asks a model.
public final class ModelStep: Sendable {
    public enum Body: Sendable {
        /// One user message, after the prefixes.
        case prompt(Template)
        /// Messages verbatim.
        case messages([(role: MessageRole, text: Template)])
    }

    /// The tier that is asked, of a gate the first one of its list.
    public let tier: String
    /// `nil`: what `tier` answers is the answer.
    public let escalation: Escalation?
    public let system: Template?
    /// Indexes into the graph's prefixes, in wire order.
    public let prefixes: [Int]
    public let body: Body
    /// The stability of what `body` and `system` say, inferred from what they refer to.
    public let bodyStability: StabilityClass
    public let systemStability: StabilityClass
    public let sampling: Sampling
    public let schema: Schema?
    /// The most tokens that the schema's text can have; 0 without one.
    public let schemaBound: Int
    /// How often an answer that breaks the schema is sent back with what is wrong with it.
    public let repairs: Int
    /// Whether an answer without text is one.
    public let allowsEmpty: Bool
    /// Which answers to the same question are taken again; `nil`: the model is always asked.
    public let memo: MemoTerms?
    public let attachments: [AttachmentTemplate]

    /// The tiers that `escalate` names behind the first one, in their order.
    public var furtherTiers: [String] { escalation.map { Array($0.tiers.dropFirst()) } ?? [] }

    package init(
        tier: String, system: Template?, prefixes: [Int], body: Body, bodyStability: StabilityClass,
        systemStability: StabilityClass, sampling: Sampling, schema: Schema?, repairs: Int, memo: MemoTerms?,
        attachments: [AttachmentTemplate], escalation: Escalation? = nil, allowsEmpty: Bool = false
    ) {
        self.allowsEmpty = allowsEmpty
        self.tier = tier
        self.escalation = escalation
        self.system = system
        self.prefixes = prefixes
        self.body = body
        self.bodyStability = bodyStability
        self.systemStability = systemStability
        self.sampling = sampling
        self.schema = schema
        schemaBound = schema.map { TokenBound.inlineText($0.source.jsonText) } ?? 0
        self.repairs = repairs
        self.memo = memo
        self.attachments = attachments
    }
}

/// An image or a document that goes with a prompt, as the step names it.
public struct AttachmentTemplate: Sendable {
    /// What was found at a path without expressions when the workflow was checked.
    public struct Known: Sendable, Hashable {
        public let type: AttachmentType
        public let size: ImageSize?
        /// Of a text, as a tokenizer may count it.
        public let textBound: Int

        package init(type: AttachmentType, size: ImageSize?, textBound: Int) {
            self.type = type
            self.size = size
            self.textBound = textBound
        }
    }

    /// `nil`: what the file's content says.
    public let kind: PromptAttachment.Kind?
    /// A path inside the project, relative to the workflow's file; one whole expression may also give a list of them.
    public let source: Template
    public let detail: PromptAttachment.Detail?
    /// The most tokens that each is billed as, which a reservation counts in place of what is known of the model.
    public let maxTokens: Int?
    /// Inferred from what the path refers to.
    public let stability: StabilityClass
    public let known: Known?

    package init(
        kind: PromptAttachment.Kind?, source: Template, detail: PromptAttachment.Detail?, maxTokens: Int?, stability: StabilityClass, known: Known?
    ) {
        self.kind = kind
        self.source = source
        self.detail = detail
        self.maxTokens = maxTokens
        self.stability = stability
        self.known = known
    }
}

/// A step that runs a program.
public final class CommandStep: Sendable {
    public enum Parse: String, Sendable, Hashable, CaseIterable {
        case text, json, jsonl
    }

    /// The program and its arguments; with a shell, the command line alone.
    public let argv: [Template]
    public let usesShell: Bool
    /// `nil`: the JSON of `with`.
    public let stdin: ValueTemplate?
    public let env: [(key: String, value: Template)]
    /// Variables that it sees as agentctl does, also where they hold a key.
    public let passedEnv: [String]
    public let okExit: [Int]
    public let parse: Parse
    public let schema: Schema?

    package init(
        argv: [Template], usesShell: Bool, stdin: ValueTemplate?, env: [(key: String, value: Template)], passedEnv: [String] = [], okExit: [Int],
        parse: Parse, schema: Schema?
    ) {
        self.argv = argv
        self.usesShell = usesShell
        self.stdin = stdin
        self.env = env
        self.passedEnv = passedEnv
        self.okExit = okExit
        self.parse = parse
        self.schema = schema
    }
}

/// Running a step once for each element of a list.
public struct ForEach: Sendable {
    public enum OnError: String, Sendable, Hashable, CaseIterable {
        /// The first failed item fails the step; items in flight end, no new one starts.
        case stop
        /// The output is a list of `{ok, output, error}`.
        case collect
    }

    public let items: Expression
    /// The name of the element in expressions.
    public let name: String
    public let maxItems: Int?
    public let maxParallel: Int?
    public let onError: OnError
    /// For the whole step, all items together.
    public let maxCost: Money?

    package init(items: Expression, name: String, maxItems: Int?, maxParallel: Int?, onError: OnError, maxCost: Money?) {
        self.items = items
        self.name = name
        self.maxItems = maxItems
        self.maxParallel = maxParallel
        self.onError = onError
        self.maxCost = maxCost
    }
}

/// When a failed call is tried again.
public struct RetryPolicy: Sendable, Hashable {
    /// Tries in all, the first included. From 1.
    public var maxAttempts: Int
    public var on: Set<FailureKind>

    public init(maxAttempts: Int = 3, on: Set<FailureKind> = [.rateLimit, .timeout, .serverError, .connection]) {
        self.maxAttempts = maxAttempts
        self.on = on
    }
}

/// What a failed step does to its run.
public enum ErrorPolicy: Sendable {
    case fail
    /// The run goes on; the step has no output.
    case `continue`
    /// The run goes on with this output.
    case value(ValueTemplate)
}

/// Caps on one node.
public struct StepLimits: Sendable, Hashable {
    /// What becomes of a prompt that is longer than `maxInputTokens`.
    public enum Overflow: String, Sendable, Hashable, CaseIterable {
        case fail
        /// Values under `with` are cut until it fits.
        case trim
    }

    /// What becomes of an answer that stops at `maxOutputTokens`.
    public enum Truncation: String, Sendable, Hashable, CaseIterable {
        case fail
        /// The cut text is the output.
        case keep
        /// The model is asked for the rest.
        case `continue`
    }

    public var maxInputTokens: Int?
    /// Sent with the request; the server enforces it.
    public var maxOutputTokens: Int
    /// Whether nobody wrote `maxOutputTokens`: only then may a gate ask for more of an answer that was cut.
    public var hasUsualOutputCap: Bool
    public var onTruncation: Truncation
    public var maxTotalTokens: Int?
    public var maxCost: Money?
    /// The `with` values that are cut, in order, when a prompt is longer than `maxInputTokens`; empty: the step fails.
    public var trim: [String]

    /// Applies where a workflow says nothing.
    public static let defaultMaxOutputTokens = 1024

    public init(
        maxInputTokens: Int? = nil, maxOutputTokens: Int = defaultMaxOutputTokens, maxTotalTokens: Int? = nil, maxCost: Money? = nil,
        trim: [String] = [], onTruncation: Truncation = .fail, hasUsualOutputCap: Bool = false
    ) {
        self.hasUsualOutputCap = hasUsualOutputCap
        self.onTruncation = onTruncation
        self.maxInputTokens = maxInputTokens
        self.maxOutputTokens = maxOutputTokens
        self.maxTotalTokens = maxTotalTokens
        self.maxCost = maxCost
        self.trim = trim
    }
}
