import Expressions
import JSONSchema
import Values
import WorkflowModel

extension WorkflowDecoder {
    /// What `escalate` says. Its keys and values are checked by their declarations; here only what goes together, and what it comes to.
    ///
    /// - Parameter schema: that of the step's answer.
    func escalation(_ reader: MappingReader, answer schema: Schema?) -> EscalationDraft? {
        guard let node = reader.value("escalate") else { return nil }
        if reader.has("model") {
            context.report(
                "AW121", "'model' does not go with 'escalate'", at: reader.keyRange("model")!, hint: "the tiers are those of escalate: { tiers: [small, mid] }")
        }
        guard case .mapping = node.content else { return nil }
        if case .sequence(let nodes)? = node["tiers"]?.content, nodes.isEmpty {
            context.report("AW104", "escalate needs at least one tier", at: node["tiers"]!.range)
        }
        checkChecks(node["checks"])
        return context.afterItsDeclaration {
            guard let keys = MappingReader(node, .escalate, context) else { return nil }
            let tiers = names(node["tiers"])
            return EscalationDraft(
                tiers: tiers, start: keys.template("start"), checks: checks(node["checks"], answer: schema), accept: keys.expression("accept"),
                onExhausted: exhaustion(keys), onRefusal: keys.knownWord(orDefault: "on_refusal", Escalation.Refusal.self),
                maxRate: keys.value("max_rate")?.scalar.flatMap { EscalationRate(text: $0.text) }, shadow: shadow(keys, tiers.map(\.text)), hash: gateHash(node), node: node)
        }
    }

    private func names(_ node: YAMLNode?) -> [Named] {
        guard case .sequence(let nodes)? = node?.content else { return [] }
        return nodes.compactMap { node in node.scalar.map { Named(text: $0.text, range: node.range) } }
    }

    private func exhaustion(_ keys: MappingReader) -> Escalation.Exhaustion {
        guard let node = keys.value("on_exhausted"), case .mapping = node.content, let ask = keys.reader("on_exhausted", .exhausted)?.reader("ask", .gateQuestion) else {
            return keys.value("on_exhausted")?.scalar?.text == "fail" ? .fail : .best
        }
        guard let message = ask.template("message") else { return .best }
        return .ask(GateQuestion(message: message, timeout: ask.duration("timeout"), onTimeout: ask.knownWord(orDefault: "on_timeout", GateQuestion.OnTimeout.self)))
    }

    private func shadow(_ keys: MappingReader, _ tiers: [String]) -> ShadowSampling? {
        guard let shadow = keys.reader("shadow", .shadow), let rate = shadow.value("rate")?.scalar.flatMap({ Share(text: $0.text) }) else { return nil }
        let asked = shadow.value("tiers")?.scalar?.text == "all" ? tiers : shadow.has("tiers") ? names(shadow, "tiers").map(\.text) : Array(tiers.suffix(1))
        return ShadowSampling(rate: rate, tiers: asked)
    }

    /// What the gate says, in order, and the texts of the files that it names. What is asked for comparison decides nothing: with another rate it is the
    /// same gate.
    private func gateHash(_ node: YAMLNode) -> ContentHash {
        let deciding = node.json.objectValue.map { said in JSONObject(said.filter { !$0.key.hasSameBytes(as: "shadow") }.map { ($0.key, $0.value) }) }
        var hash = ContentHash(of: deciding.map { JSONValue.object($0).jsonText } ?? node.json.jsonText)
        func add(file node: YAMLNode?) {
            guard let name = node?.scalar?.text, let text = context.read(name, at: node!.range)?.text else { return }
            hash = ContentHash(chaining: hash, Array(text.utf8))
        }
        guard case .mapping(let pairs)? = node["checks"]?.content else { return hash }
        for (_, check) in pairs {
            add(file: check["prompt_file"])
            add(file: check["agree"]?["prompt_file"])
            add(file: check["output"]?["schema"])
        }
        return hash
    }

    // MARK: Checks

    private static let bounds = ["min_prob", "min_p10", "min_lowest", "min_mean", "min_margin"]

    private func checkChecks(_ node: YAMLNode?) {
        guard case .mapping(let pairs)? = node?.content else { return }
        for (key, check) in pairs {
            guard let name = key.scalar?.text else { continue }
            if let kind = LanguageMapping.modelKinds.first(where: { check[$0] != nil }), check["model"] == nil, defaults.model == nil {
                context.report(
                    "AW122", "check '\(name)' asks a model, but names none", at: check.pair(kind)!.key.range, hint: "add model: TIER here, or defaults: { model: TIER }")
            }
            if let pair = check.pair("system"), check["messages"] != nil {
                context.report("AW121", "'system' does not go with 'messages'", at: pair.key.range, hint: "make it the first message, with role: system")
            }
            if let logprob = check["logprob"], case .mapping = logprob.content, !Self.bounds.contains(where: { logprob[$0] != nil }) {
                context.report("AW104", "logprob needs a bound: \(Self.bounds.joined(separator: ", "))", at: logprob.range.firstLine, hint: "for example min_prob: 0.8")
            }
            if case .sequence(let words)? = check["run"]?.content, words.isEmpty { context.report("AW104", "run needs a program", at: check["run"]!.range) }
        }
    }

    private func checks(_ node: YAMLNode?, answer schema: Schema?) -> [EscalationDraft.Check] {
        guard case .mapping(let pairs)? = node?.content else { return [] }
        return pairs.compactMap { key, check in
            key.scalar.map {
                EscalationDraft.Check(
                    name: Named(text: $0.text, range: key.range), isRecorded: check["record"]?.json == true, kind: kind(of: check, answer: schema), node: check)
            }
        }
    }

    private func kind(of node: YAMLNode, answer schema: Schema?) -> EscalationDraft.Check.Kind? {
        guard let check = MappingReader(node, .check, context), check.kinds.count == 1 else { return nil }
        switch check.kinds[0] {
        case "expr": return check.expression("expr").map { .expression($0) }
        case "logprob": return check.reader("logprob", .logprob).map { .logprob(logprob($0, answer: schema)) }
        case "agree": return check.reader("agree", .agree).flatMap(agreement).map { .agreement($0) }
        case "run": return verifier(check).map { .command($0) }
        default: return judge(check, check.kinds[0]).map { .judge($0) }
        }
    }

    private func logprob(_ keys: MappingReader, answer schema: Schema?) -> LogprobCheck {
        LogprobCheck(
            field: keys.string("of").map { AnswerField.path($0, in: schema) } ?? [], minProbability: keys.double("min_prob"), minP10: keys.double("min_p10"),
            minLowest: keys.double("min_lowest"), minMean: keys.double("min_mean"), minMargin: keys.double("min_margin"))
    }

    private func agreement(_ keys: MappingReader) -> AgreementCheck? {
        guard keys.kinds.count == 1, let asked = keys.string("model").map(AgreementCheck.Asked.tier) ?? keys.int("samples").map(AgreementCheck.Asked.samples) else { return nil }
        return AgreementCheck(
            asked: asked, prompt: keys.value("prompt_file").flatMap { context.templateFile($0, "prompt_file") }, temperature: keys.double("temperature"),
            on: keys.expression("on"), minShare: keys.double("min"), startsEarly: keys.has("start"))
    }

    private func verifier(_ check: MappingReader) -> VerifierCheck? {
        let argv = (check.sequence("run") ?? []).compactMap { context.template($0) }
        guard !argv.isEmpty else { return nil }
        let command = CommandStep(argv: argv, usesShell: false, stdin: .object(with(check)), env: [], okExit: [0], parse: .text, schema: nil)
        return VerifierCheck(command: command, timeout: check.duration("timeout"))
    }

    private func judge(_ check: MappingReader, _ kind: String) -> EscalationDraft.JudgeDraft? {
        let tier = check.string("model").map { Named(text: $0, range: check.value("model")!.range) } ?? defaults.model
        let output = check.reader("output", .judgeOutput) ?? MappingReader(absent: .judgeOutput, in: check)
        guard let tier, let body = body(check, kind) else { return nil }
        let question = ModelDraft(
            tier: tier, system: check.template("system"), prefixes: names(check, "prefix"), body: body, sampling: sampling(check),
            schema: output.value("schema").flatMap { context.schema($0, "schema") }, repairs: output.int(orDefault: "repair"), attachments: [], memo: nil,
            escalation: nil, allowsEmpty: false)
        return EscalationDraft.JudgeDraft(
            question: question, limits: limits(check, .judgeLimits), minScore: check.double("min"), minProbability: check.double("min_prob"),
            timeout: check.duration("timeout"))
    }

    /// Turns and calls are those of a loop with tools.
    func checkToolLimits(_ reader: MappingReader) {
        guard !reader.has("tools"), let limits = reader.value("limits") else { return }
        for key in ["max_turns", "max_calls"] {
            guard let pair = limits.pair(key) else { continue }
            context.report("AW121", "'\(key)' is for steps with 'tools'", at: pair.key.range)
        }
    }
}
