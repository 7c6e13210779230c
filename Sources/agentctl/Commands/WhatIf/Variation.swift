import Economics
import Engine
import PromptCaching
import Values
import WorkflowLoading
import WorkflowModel

/// One thing that `--vary` changes.
struct Variation {
    enum Change {
        case price(PriceChange)
        case model(tier: String, ModelReference)
        case step(WorkflowVariant.Setting)
        case maxCost(Money)
        case maxTokens(Int)
        case policy(CachePolicy)
        case rules(CacheRules)
    }

    /// As it was asked for.
    let name: String
    let change: Change

    private static let kinds = ["prices", "models", "steps", "budget", "cache"]
    private static let hint = "prices.MODEL[.CLASS], models.TIER.use, steps.STEP.escalate…, budget.max_cost_usd, budget.max_tokens, cache.policy or cache.rules"

    /// Reads `KEY=VALUE`; several values, with commas between them, are alternatives, but of a step, whose values may have commas.
    static func read(_ text: String) throws -> (key: String, alternatives: [Variation]) {
        guard let (key, value) = text.cut(at: UInt8(ascii: "=")), !value.isEmpty else {
            throw UsageError("--vary takes KEY=VALUE, found '\(text)'", hint: "for example --vary models.frontier.use=openai/gpt-4o, or --vary 'prices.anthropic/*=+20%'")
        }
        let parts = key.parts(at: UInt8(ascii: ".")).map(String.init)
        guard let kind = parts.first, kinds.contains(where: { $0.hasSameBytes(as: kind) }), parts.count > 1 else {
            throw UsageError("--vary knows no '\(key)'", hint: Suggestion.hint(for: parts.first ?? "", in: kinds) ?? "it varies \(hint)")
        }
        let rest = String(Substring(key.utf8.dropFirst(kind.utf8.count + 1)))
        if kind.hasSameBytes(as: "steps") { return (String(key), [Variation(name: text, change: try step(rest, String(value)))]) }
        let values = value.parts(at: UInt8(ascii: ",")).map { String($0.drop { $0 == " " }) }
        return (
            String(key),
            try values.map { value in
                let change: Change
                switch kind {
                case "prices": change = try price(rest, value)
                case "models": change = try model(parts, value)
                case "budget": change = try budget(rest, value)
                default: change = try cache(rest, value)
                }
                return Variation(name: "\(key)=\(value)", change: change)
            }
        )
    }

    /// A model's name may have dots; what stands behind the last is a class where it is one.
    private static func price(_ rest: String, _ value: String) throws -> Change {
        var (models, place) = (rest, nil as String?)
        if let (before, last) = rest.cut(atLast: UInt8(ascii: ".")), PriceChange.unit(of: String(last)) != nil { (models, place) = (String(before), String(last)) }
        guard models.utf8.contains(UInt8(ascii: "/")) else {
            throw UsageError("--vary prices takes provider/model, found '\(models)'", hint: "for example prices.anthropic/*=+20%, or prices.openai/gpt-4o.output=2.50")
        }
        do throws(PriceError) { return .price(try PriceChange(models: models, place: place, value: value)) } catch { throw UsageError("--vary \(error.description)") }
    }

    private static func model(_ parts: [String], _ value: String) throws -> Change {
        guard parts.count == 3, parts[2].hasSameBytes(as: "use") else {
            throw UsageError("--vary knows no '\(parts.joined(separator: "."))'", hint: "a tier's model is models.TIER.use")
        }
        guard let reference = ModelReference(text: value) else { throw UsageError("--vary models.\(parts[1]).use takes provider/model, found '\(value)'", hint: "for example local/small") }
        return .model(tier: parts[1], reference)
    }

    private static func step(_ rest: String, _ value: String) throws -> Change {
        let parts = rest.parts(at: UInt8(ascii: ".")).map(String.init)
        guard parts.count > 2, parts[1].hasSameBytes(as: "escalate") else {
            throw UsageError(
                "--vary steps takes a key of a step's gate, found 'steps.\(rest)'",
                hint: "for example steps.draft.escalate.accept='output.ok'; what another prompt would ask: agentctl replay RUN --from STEP --workflow FILE --dry-run")
        }
        return .step(WorkflowVariant.Setting(step: parts[0], keys: Array(parts[1...]), value: value))
    }

    private static func budget(_ rest: String, _ value: String) throws -> Change {
        switch rest {
        case "max_cost_usd":
            guard value.utf8.first != UInt8(ascii: "-"), let money = Money(decimal: value) else { throw UsageError("--vary budget.max_cost_usd takes dollars such as 0.25, found '\(value)'") }
            return .maxCost(money)
        case "max_tokens":
            guard let count = Int(value), count >= 0 else { throw UsageError("--vary budget.max_tokens takes a number of tokens, found '\(value)'") }
            return .maxTokens(count)
        default:
            let known = ["max_cost_usd", "max_tokens"]
            throw UsageError("--vary knows no 'budget.\(rest)'", hint: Suggestion.hint(for: rest, in: known) ?? "there are: budget.max_cost_usd, budget.max_tokens")
        }
    }

    private static func cache(_ rest: String, _ value: String) throws -> Change {
        switch rest {
        case "policy":
            if let policy = CachePolicy(rawValue: value) { return .policy(policy) }
            let known = CachePolicy.allCases.map(\.rawValue)
            throw UsageError("there is no policy '\(value)'", hint: Suggestion.hint(for: value, in: known) ?? "one of: \(known.joined(separator: ", "))")
        case "rules":
            if let rules = CacheRules.known.first(where: { $0.name.hasSameBytes(as: value) }) { return .rules(rules) }
            let known = CacheRules.known.map(\.name)
            throw UsageError("there are no rules '\(value)'", hint: Suggestion.hint(for: value, in: known) ?? "there are: \(known.joined(separator: ", "))")
        default:
            throw UsageError("--vary knows no 'cache.\(rest)'", hint: Suggestion.hint(for: rest, in: ["policy", "rules"]) ?? "there are: cache.policy, cache.rules")
        }
    }
}

/// A set of terms: one column.
struct Alternative {
    var name: String
    var prices: [PriceChange] = []
    var models: TextTable<ModelReference> = [:]
    var settings: [WorkflowVariant.Setting] = []
    var maxCost: Money?
    var maxTokens: Int?
    var policy: CachePolicy?
    var rules: CacheRules?
    /// The workflow by whose gates recorded answers are decided again.
    var graph: WorkflowGraph?

    /// More of them cannot be read side by side.
    private static let most = 12

    init(_ name: String, _ variations: [Variation] = []) {
        self.name = name
        for variation in variations {
            switch variation.change {
            case .price(let change): prices.append(change)
            case .model(let tier, let model): models[tier] = model
            case .step(let setting): settings.append(setting)
            case .maxCost(let cap): maxCost = cap
            case .maxTokens(let cap): maxTokens = cap
            case .policy(let policy): self.policy = policy
            case .rules(let rules): self.rules = rules
            }
        }
    }

    /// What several `--vary` come to: those of one key are alternatives, with what the others vary; each with each.
    ///
    /// - Parameter common: what all of them are called where nothing is an alternative, as a file is named.
    static func all(_ varied: [String], common: String?) throws -> [Alternative] {
        var axes: [(key: String, variations: [Variation])] = []
        for text in varied {
            let (key, variations) = try Variation.read(text)
            if let place = axes.firstIndex(where: { $0.key.hasSameBytes(as: key) }) { axes[place].variations += variations } else { axes.append((key, variations)) }
        }
        var rows: [[Variation]] = [[]]
        for axis in axes { rows = rows.flatMap { row in axis.variations.map { row + [$0] } } }
        guard rows.count <= most else { throw UsageError("\(rows.count) alternatives are more than \(most)", hint: "several values of several keys are taken each with each") }
        if axes.isEmpty { return common.map { [Alternative($0)] } ?? [] }
        return rows.map { row in
            let named = zip(row, axes).filter { $1.variations.count > 1 }.map(\.0.name)
            return Alternative((named.isEmpty ? row.map(\.name) : named).joined(separator: ", "), row)
        }
    }
}
