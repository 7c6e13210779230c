import Economics
import Expressions
import JSONSchema
import Values
import WorkflowModel

/// Reads the node tree of a workflow file into a draft. Steps are in `WorkflowDecoder+Steps.swift`.
struct WorkflowDecoder {
    let context: DecodingContext
    /// Loads another workflow file; `nil` when that is wrong, which is reported then.
    let loadWorkflow: (_ path: String, _ place: SourceRange) -> WorkflowGraph?
    var defaults = Defaults()

    /// What `defaults:` says for every step.
    struct Defaults {
        var model: Named?
        var timeout = LanguageMapping.defaults.key("timeout")!.defaultSpan
        var deadline: TimeSpan?
        var retry = RetryPolicy()
        var limits = StepLimits(hasUsualOutputCap: true)
        var onError = ErrorPolicy.fail
    }

    /// - Returns: `nil` when there is no workflow to speak of; the context holds what is wrong.
    mutating func decode(_ root: YAMLNode) -> WorkflowDraft? {
        guard let top = MappingReader(root, .top, context) else { return nil }
        var draft = WorkflowDraft()
        if let version = top.value("version") {
            if version.scalar?.value != .int(1) {
                context.report("AW105", "this agentctl reads version 1 of the language, found \(version.json.jsonText)", at: version.range)
            }
        } else {
            top.missing("version", in: "a workflow", hint: "start the file with: version: 1")
        }
        if let name = top.string("name") {
            draft.name = name
            if name.isEmpty || name.contains(where: { !($0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))) }) {
                context.report("AW106", "a workflow's name consists of letters, digits, '-', '_' and '.'", at: top.value("name")!.range)
            }
        } else if !top.has("name") {
            top.missing("name", in: "a workflow")
        }
        draft.description = top.string("description")
        if let owner = top.reader("owner", .owner) {
            draft.owner = Owner(business: owner.string("business"), engineering: owner.string("engineering"), finance: owner.string("finance"))
        }
        draft.tags = templates(top, "tags")
        draft.inputs = inputs(top)
        draft.tiers = tiers(top)
        readDefaults(top)
        if let budget = top.reader("budget", .budget) {
            context.checkBands(of: budget.node, action: "on_exceeded")
            draft.budget = Budget(
                maxCost: budget.money("max_cost_usd"), maxTokens: budget.int("max_tokens"), admit: budget.word(orDefault: "admit", Budget.Admission.self),
                onExceeded: budget.word(orDefault: "on_exceeded", Budget.Exceeded.self))
            context.afterItsDeclaration {
                (draft.budget.yellow, draft.budget.red) = (band(budget, "yellow"), band(budget, "red"))
                draft.budget.degrade = names(budget, "degrade").map(\.text)
            }
        }
        draft.decision = decision(top)
        draft.prefixes = prefixes(top)
        draft.caching = caching(top)
        draft.secrets = secrets(top)
        draft.concurrency = top.int(orDefault: "concurrency")
        draft.onFailure = top.word(orDefault: "on_failure", FailurePolicy.self)
        for (key, value) in top.mapping("outputs") ?? [] {
            if let name = context.checkedName(key, "an output"), let template = context.valueTemplate(value) { draft.outputs.append((name.text, template)) }
        }
        if let steps = top.sequence("steps") {
            if steps.isEmpty { context.report("AW104", "a workflow needs at least one step", at: top.value("steps")!.range) }
            draft.steps = steps.compactMap { step($0) }
        } else if !top.has("steps") {
            top.missing("steps", in: "a workflow")
        }
        draft.finally = (top.sequence("finally") ?? []).compactMap { step($0) }
        draft.uses = context.takeUses()
        draft.notExecuted = context.notExecuted
        draft.broken = context.broken
        draft.root = root
        draft.texts = context.files.texts
        return draft
    }

    // MARK: Parts

    func templates(_ reader: MappingReader, _ key: String) -> [(key: String, value: Template)] {
        (reader.mapping(key) ?? []).compactMap { pair in
            guard let name = pair.key.scalar?.text, let template = context.template(pair.value, name) else { return nil }
            return (name, template)
        }
    }

    /// The names under `secrets`, as far as they are right; whether they are is checked by the key's declaration.
    private func secrets(_ top: MappingReader) -> [Named] {
        guard let node = top.value("secrets") else { return [] }
        var nodes = [node]
        if case .sequence(let elements) = node.content { nodes = elements }
        return nodes.compactMap { node in node.scalar.map { Named(text: $0.text, range: node.range) } }
    }

    private func inputs(_ top: MappingReader) -> [InputDeclaration] {
        var declarations: [InputDeclaration] = []
        for (key, value) in top.mapping("inputs") ?? [] {
            guard let name = context.checkedName(key, "an input") else { continue }
            var document = value.json
            if case .null = document { document = [:] }
            guard document.objectValue != nil else {
                context.report(
                    "AW103", "an input is declared by a JSON Schema, found \(value.typeName)", at: value.range,
                    hint: ShapeHints.input(name.text, value))
                context.broken.inputs.insert(name.text)
                continue
            }
            if case .bool(let isRequired)? = document["required"] {
                context.report(
                    "AW108", "'required' of a schema is the list of the properties that an object must have, found \(isRequired)", at: value["required"]?.range ?? value.range,
                    hint: isRequired ? "remove it: an input without a default must be given" : "remove it, and give the input a default: then it may be left out")
                context.broken.inputs.insert(name.text)
                continue
            }
            guard let schema = context.compile(document, at: value.range, what: "the input '\(name.text)'", in: value) else {
                context.broken.inputs.insert(name.text)
                continue
            }
            let defaultValue = document["default"]
            if let defaultValue {
                for violation in schema.validate(defaultValue).prefix(1) {
                    context.report("AW303", "the default of '\(name.text)' does not fit its schema: \(violation.message)", at: value.range.firstLine)
                }
            }
            declarations.append(
                InputDeclaration(
                    name: name.text, schema: schema, defaultValue: defaultValue, description: document["description"]?.stringValue, range: key.range))
        }
        return declarations
    }

    private func tiers(_ top: MappingReader) -> [(name: Named, tier: ModelTier)] {
        var tiers: [(name: Named, tier: ModelTier)] = []
        for (key, value) in top.mapping("models") ?? [] {
            guard let name = context.checkedName(key, "a tier") else { continue }
            context.broken.tiers.insert(name.text)
            guard let reader = MappingReader(value, .tier, context, under: name.text) else { continue }
            guard let use = reader.string("use") else {
                if !reader.has("use") { reader.missing("use", in: "a tier", hint: "for example use: local/small") }
                continue
            }
            var models: [ModelReference] = []
            for entry in [(text: use, range: reader.value("use")!.range)] + (reader.strings("fallback") ?? []) {
                guard let reference = ModelReference(text: entry.text) else {
                    context.report(
                        "AW109", "a model is named provider/model, found '\(entry.text)'", at: entry.range,
                        hint: entry.text.isEmpty || entry.text.contains("/") || ModelHints.reference(entry.text).hasPrefix("provider/")
                            ? "for example local/small or groq/llama-3.1-8b-instant" : "for example \(ModelHints.reference(entry.text))")
                    continue
                }
                models.append(reference)
            }
            guard !models.isEmpty else { continue }
            context.broken.tiers.remove(name.text)
            tiers.append((name, ModelTier(name: name.text, models: models, sampling: sampling(reader))))
        }
        return tiers
    }

    func sampling(_ reader: MappingReader) -> Sampling {
        var sampling = Sampling()
        sampling.temperature = reader.double("temperature")
        sampling.topP = reader.double("top_p")
        sampling.seed = reader.int("seed")
        sampling.stop = reader.strings("stop")?.map(\.text)
        sampling.reasoning = reader.string("reasoning")
        sampling.maxOutputTokens = reader.int("max_output_tokens")
        sampling.stream = reader.bool("stream")
        sampling.logprobs = reader.bool("logprobs")
        return sampling
    }

    private mutating func readDefaults(_ top: MappingReader) {
        guard let reader = top.reader("defaults", .defaults) else { return }
        if let model = reader.string("model") { defaults.model = Named(text: model, range: reader.value("model")!.range) }
        defaults.timeout = reader.duration("timeout") ?? defaults.timeout
        defaults.deadline = reader.duration("deadline")
        defaults.retry = retry(reader) ?? defaults.retry
        defaults.limits = limits(reader, .defaultLimits)
        defaults.onError = onError(reader) ?? defaults.onError
    }

    func retry(_ reader: MappingReader) -> RetryPolicy? {
        guard let retry = reader.reader("retry", .retry) else { return nil }
        var policy = defaults.retry
        policy.maxAttempts = retry.int("max_attempts") ?? policy.maxAttempts
        if let words = retry.strings("on") {
            let known = retry.words("on")
            policy.on = []
            for word in words {
                if known.contains(word.text), let kind = FailureKind(rawValue: word.text) {
                    policy.on.insert(kind)
                } else {
                    context.report(
                        "AW103", "retry.on names kinds of failure, found '\(word.text)'", at: word.range,
                        hint: Suggestion.hint(for: word.text, in: known) ?? "known: \(known.joined(separator: ", "))")
                }
            }
        }
        return policy
    }

    func limits(_ reader: MappingReader, _ known: LanguageMapping = .limits) -> StepLimits {
        var limits = defaults.limits
        guard let keys = reader.reader("limits", known) else { return limits }
        limits.maxInputTokens = keys.int("max_input_tokens") ?? limits.maxInputTokens
        if let most = keys.int("max_output_tokens") { (limits.maxOutputTokens, limits.hasUsualOutputCap) = (most, false) }
        limits.onTruncation = keys.word("on_truncation", StepLimits.Truncation.self) ?? limits.onTruncation
        limits.maxTotalTokens = keys.int("max_total_tokens") ?? limits.maxTotalTokens
        limits.maxCost = keys.money("max_cost_usd") ?? limits.maxCost
        limits.trim = trim(keys, with: reader, limit: limits.maxInputTokens)
        return limits
    }

    func onError(_ reader: MappingReader) -> ErrorPolicy? {
        guard let node = reader.value("on_error") else { return nil }
        if case .mapping = node.content {
            guard let keys = MappingReader(node, .onError, context) else { return nil }
            if !keys.has("value") { keys.missing("value", in: "on_error") }
            return keys.valueTemplate("value").map { .value($0) }
        }
        switch node.scalar?.text {
        case "fail": return .fail
        case "continue": return .continue
        default:
            let meant = node.scalar.flatMap { $0.text.utf8.count > 40 ? nil : ["ignore", "skip", "true"].contains($0.text.lowercased()) ? "write on_error: continue" : Suggestion.hint(for: $0.text, in: ["fail", "continue"]) }
            context.report("AW103", "on_error is fail, continue or { value: … }, found \(node.typeName)", at: node.range, hint: meant)
            return nil
        }
    }

    private func band(_ budget: MappingReader, _ name: String) -> BudgetBand? {
        guard let keys = budget.reader(name, .band), let text = keys.value("at")?.scalar?.text else { return nil }
        guard let at = Share(text: text).map(BudgetBand.Threshold.share) ?? Money(decimal: text).map(BudgetBand.Threshold.amount) else { return nil }
        return BudgetBand(
            at: at, tiers: keys.has("models") ? names(keys, "models").map(\.text) : nil, forbidsEscalation: keys.word("escalate") != nil,
            finishesCurrent: keys.bool(orDefault: "finish_current"), asks: keys.bool(orDefault: "ask"))
    }

    private func decision(_ top: MappingReader) -> Decision? {
        guard let reader = top.reader("decision", .decision) else { return nil }
        return Decision(
            id: reader.template("id"), unit: reader.string(orDefault: "unit"), outcome: reader.template("outcome"),
            counts: reader.strings("counts")?.map(\.text) ?? [])
    }

    private func prefixes(_ top: MappingReader) -> [PrefixDraft] {
        var prefixes: [PrefixDraft] = []
        for (key, value) in top.mapping("prefixes") ?? [] {
            guard let name = context.checkedName(key, "a prefix") else { continue }
            context.broken.prefixes.insert(name.text)
            guard let reader = MappingReader(value, .prefix, context, under: name.text) else { continue }
            var text: Template?
            switch (reader.has("file"), reader.has("text")) {
            case (true, true), (false, false):
                context.report("AW112", "a prefix has either 'file' or 'text'", at: key.range)
            case (false, true):
                text = reader.template("text")
            case (true, false):
                text = reader.value("file").flatMap { context.templateFile($0, "file") }
            }
            guard let text else { continue }
            context.broken.prefixes.remove(name.text)
            let lifetime = reader.value("ttl")?.scalar.flatMap { TimeSpan(text: $0.text) }
            prefixes.append(PrefixDraft(name: name, text: text, lifetime: lifetime, mayMove: reader.word(orDefault: "order") == "any"))
        }
        return prefixes
    }

    /// What is wrong with `prefix_cache` its declaration has reported.
    private func caching(_ top: MappingReader) -> PrefixCaching {
        var caching = PrefixCaching()
        caching.latencyPrice = top.money("latency_price") ?? .zero
        guard let node = top.value("prefix_cache") else { return caching }
        if case .mapping = node.content {
            context.afterItsDeclaration {
                guard let reader = MappingReader(node, .prefixCache, context) else { return }
                caching.marks = reader.value("marks")?.scalar?.text != "off"
                caching.warmsUp = reader.value("warm_up")?.scalar?.text != "off"
                caching.holdout = reader.value("holdout")?.scalar.flatMap { Share(text: $0.text) }.flatMap { $0.millionths > 0 ? $0 : nil }
            }
        } else {
            (caching.marks, caching.warmsUp) = (false, false)
        }
        return caching
    }
}
