import Economics
import Expressions
import JSONSchema
import PromptCaching
import Values

/// An input that a run takes.
public struct InputDeclaration: Sendable {
    public let name: String
    public let schema: Schema
    /// `nil`: the input must be given.
    public let defaultValue: JSONValue?
    public let description: String?
    public let range: SourceRange?

    package init(name: String, schema: Schema, defaultValue: JSONValue?, description: String?, range: SourceRange?) {
        self.name = name
        self.schema = schema
        self.defaultValue = defaultValue
        self.description = description
        self.range = range
    }
}

/// A named choice of model: `small`, `frontier`.
public struct ModelTier: Sendable {
    public let name: String
    /// `use`, then `fallback` in order: what a transport failure falls back to.
    public let models: [ModelReference]
    public let sampling: Sampling

    package init(name: String, models: [ModelReference], sampling: Sampling) {
        self.name = name
        self.models = models
        self.sampling = sampling
    }

    /// The same tier under another model, for `--model TIER=PROVIDER/MODEL`.
    public func using(_ model: ModelReference) -> ModelTier {
        ModelTier(name: name, models: [model], sampling: sampling)
    }
}

/// A model by the provider's entry and the name it has there: `local/small`.
public struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    @ByBytes public private(set) var provider: String
    @ByBytes public private(set) var model: String

    public init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// Splits at the first slash; model names may hold more of them. `nil` when a part is missing.
    public init?(text: String) {
        guard let (provider, model) = text.cut(at: UInt8(ascii: "/")), !provider.isEmpty, !model.isEmpty else { return nil }
        self.init(provider: provider, model: model)
    }

    public var description: String { "\(provider)/\(model)" }
}

/// Sampling settings; `nil` is not sent.
public struct Sampling: Sendable, Hashable {
    public var temperature: Double?
    public var topP: Double?
    public var seed: Int?
    public var stop: [String]?
    /// An effort word such as `low`, passed to models that take one.
    public var reasoning: String?
    public var maxOutputTokens: Int?
    public var stream: Bool?
    /// Whether log-probabilities of the output tokens are asked for and recorded.
    public var logprobs: Bool?

    public init() {}

    /// These settings over `base`.
    public func over(_ base: Sampling) -> Sampling {
        var result = base
        result.temperature = temperature ?? base.temperature
        result.topP = topP ?? base.topP
        result.seed = seed ?? base.seed
        result.stop = stop ?? base.stop
        result.reasoning = reasoning ?? base.reasoning
        result.maxOutputTokens = maxOutputTokens ?? base.maxOutputTokens
        result.stream = stream ?? base.stream
        result.logprobs = logprobs ?? base.logprobs
        return result
    }
}

/// What a run may spend, and when it may start.
public struct Budget: Sendable, Hashable {
    public enum Admission: String, Sendable, Hashable, CaseIterable {
        /// Starts if the cheapest completion fits.
        case best
        case expected
        case worst
    }

    /// What happens when the next call does not fit the run's cap.
    public enum Exceeded: String, Sendable, Hashable, CaseIterable {
        case stop, degrade, ask
    }

    public var maxCost: Money?
    /// Of all calls, input and output together.
    public var maxTokens: Int?
    public var admit: Admission
    public var yellow: BudgetBand?
    /// Begins behind `yellow`.
    public var red: BudgetBand?
    public var onExceeded: Exceeded
    /// Under `degrade`: the tiers of which the first that fits takes over.
    public var degrade: [String]

    public init(
        maxCost: Money? = nil, maxTokens: Int? = nil, admit: Admission = .best, yellow: BudgetBand? = nil, red: BudgetBand? = nil, onExceeded: Exceeded = .stop,
        degrade: [String] = []
    ) {
        self.maxCost = maxCost
        self.maxTokens = maxTokens
        self.admit = admit
        self.yellow = yellow
        self.red = red
        self.onExceeded = onExceeded
        self.degrade = degrade
    }

    public func band(_ name: BudgetBand.Name) -> BudgetBand? { name == .yellow ? yellow : red }

    /// The tiers that may be asked in place of one: where a band leaves it out, or where the budget is short.
    public func standIns(for tier: String) -> [String] {
        var names = BudgetBand.Name.allCases.compactMap { name in band(name)?.tiers.flatMap { $0.contains(tier) ? nil : $0.first } }
        if onExceeded == .degrade { names += degrade }
        var seen: TextSet = [tier]
        return names.filter { seen.insert($0).inserted }
    }
}

/// What a run decides, and how decisions are counted.
public struct Decision: Sendable {
    public let id: Template?
    public let unit: String
    public let outcome: Template?
    /// The outcomes that count as delivered.
    public let counts: [String]

    package init(id: Template?, unit: String, outcome: Template?, counts: [String]) {
        self.id = id
        self.unit = unit
        self.outcome = outcome
        self.counts = counts
    }
}

/// A block of prompt text that several steps share.
public struct PromptPrefix: Sendable {
    public let name: String
    public let text: Template
    /// Inferred from what the text refers to.
    public let stability: StabilityClass
    /// How long a cache is to keep it after its last use; `nil`: what is cheapest for what is expected of it.
    public let lifetime: TimeSpan?
    /// Whether it may stand anywhere among those of its class.
    public let mayMove: Bool
    /// Of its name.
    public let range: SourceRange?

    /// What a piece of a prompt that it makes says of where it came from.
    public var origin: String { "prefix \(name)" }

    package init(name: String, text: Template, stability: StabilityClass, lifetime: TimeSpan? = nil, mayMove: Bool = false, range: SourceRange? = nil) {
        self.range = range
        self.name = name
        self.text = text
        self.stability = stability
        self.lifetime = lifetime
        self.mayMove = mayMove
    }
}

/// What a workflow does about the prompt caches of its models' servers.
public struct PrefixCaching: Sendable, Hashable {
    /// Whether prefixes are marked and requests are kept together; otherwise servers do what they do by themselves.
    public var marks = true
    /// Whether one request of several with one prefix goes first.
    public var warmsUp = true
    /// The share of runs that are asked without either, for comparison; `nil`: none.
    public var holdout: Share?
    /// What a second of waiting is worth; zero: money counts alone.
    public var latencyPrice = Money.zero

    /// The same; `nil`: nothing waits.
    public var waitingPrice: Money? { warmsUp && marks ? latencyPrice : nil }

    public init() {}
}

/// A document with expressions at its leaves.
public indirect enum ValueTemplate: Sendable {
    case literal(JSONValue)
    case template(Template)
    case expression(Expression)
    case array([ValueTemplate])
    case object([(key: String, value: ValueTemplate)])

    /// - Throws: `EvaluationError` of the first leaf that fails.
    public func evaluate(_ scope: any Bindings) throws(EvaluationError) -> JSONValue {
        switch self {
        case .literal(let value): return value
        case .template(let template): return try template.evaluate(scope)
        case .expression(let expression): return try expression.evaluateJSON(scope)
        case .array(let elements):
            var values: [JSONValue] = []
            for element in elements { values.append(try element.evaluate(scope)) }
            return .array(values)
        case .object(let pairs):
            var object = JSONObject(minimumCapacity: pairs.count)
            for (key, value) in pairs { object[key] = try value.evaluate(scope) }
            return .object(object)
        }
    }

    /// Every reference in it.
    public var references: [Reference] {
        switch self {
        case .literal: return []
        case .template(let template): return template.references
        case .expression(let expression): return expression.references
        case .array(let elements): return elements.flatMap(\.references)
        case .object(let pairs): return pairs.flatMap(\.value.references)
        }
    }
}
