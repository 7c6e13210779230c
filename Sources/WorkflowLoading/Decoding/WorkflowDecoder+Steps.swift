import Economics
import Expressions
import JSONSchema
import PromptCaching
import Values
import WorkflowModel

extension WorkflowDecoder {
    func step(_ node: YAMLNode) -> StepDraft? {
        // What was noted so far is of the steps around.
        let around = context.takeUses()
        defer { _ = context.takeUses(leaving: around) }
        let problemsBefore = context.diagnostics.count
        guard let reader = MappingReader(node, .step, context) else {
            context.broken.hasNamelessSteps = true
            return nil
        }
        guard reader.has("id") else {
            reader.missing("id", in: "a step")
            context.broken.hasNamelessSteps = true
            return nil
        }
        guard let id = reader.value("id").flatMap({ context.checkedName($0, "a step") }) else { return nil }
        let draft = step(id, reader, problemsBefore)
        if draft == nil { context.broken.steps.insert(id.text) }
        return draft
    }

    private func step(_ id: Named, _ reader: MappingReader, _ problemsBefore: Int) -> StepDraft? {
        let kinds = reader.kinds
        guard kinds.count == 1 else {
            if kinds.isEmpty, !hasReportedKind(since: problemsBefore) {
                context.report(
                    "AW120", "step '\(id.text)' says nothing of what it does", at: id.range, hint: "add one of: \(LanguageMapping.stepKinds.joined(separator: ", "))")
            } else if kinds.count > 1 {
                context.report("AW120", "step '\(id.text)' has two kinds: \(kinds.joined(separator: " and "))", at: reader.keyRange(kinds[1])!, hint: "make two steps of it")
            }
            return nil
        }
        // What is wrong beside the kind is told in the same pass.
        let kind = kind(kinds[0], reader, id)
        let (description, when, with, tags) = (reader.string("description"), reader.expression("when"), with(reader), templates(reader, "tags"))
        let needs = names(reader, "needs")
        let (forEach, retry, timeout, deadline) = (forEach(reader), retry(reader), reader.duration("timeout"), reader.duration("deadline"))
        let (isOptional, onError) = (reader.bool(orDefault: "optional"), onError(reader))
        let limits = LanguageMapping.containerKinds.contains(kinds[0]) ? containerLimits(reader) : limits(reader)
        guard let kind else { return nil }
        return StepDraft(
            id: id, description: description, kind: kind, when: when, with: with, needs: needs, forEach: forEach, retry: retry ?? defaults.retry,
            timeout: timeout ?? defaults.timeout, deadline: deadline ?? (kind.isContainer || kind.isApproval ? nil : defaults.deadline), isOptional: isOptional, tags: tags,
            onError: onError ?? defaults.onError, limits: limits, trim: trimNames(reader), uses: context.takeUses(), range: id.range)
    }

    private func kind(_ key: String, _ reader: MappingReader, _ id: Named) -> StepDraft.Kind? {
        switch key {
        case "run": return run(reader)
        case "tool": return tool(reader)
        case "value": return value(reader)
        case "approve": return approval(reader)
        case "steps": return inner(reader, of: "a group").map { .group($0) }
        case "loop": return loop(reader)
        case "workflow": return workflow(reader)
        case "prompt", "prompt_file", "messages": return model(reader, key, id)
        default: preconditionFailure("'\(key)' is declared as what a step does, and nothing reads it")
        }
    }

    /// Whether the key that was to tell the kind was reported already: misspelt, or not supported yet.
    private func hasReportedKind(since count: Int) -> Bool {
        context.diagnostics[count...].contains { problem in
            problem.code == "AW102" || (problem.code == "AW101" && LanguageMapping.stepKinds.contains { problem.hint == "did you mean '\($0)'?" })
        }
    }

    func with(_ reader: MappingReader) -> [(key: String, value: ValueTemplate)] {
        (reader.mapping("with") ?? []).compactMap { pair in
            guard let name = context.checkedName(pair.key, "a value under 'with'"), let template = context.valueTemplate(pair.value) else { return nil }
            return (name.text, template)
        }
    }

    private func forEach(_ reader: MappingReader) -> ForEach? {
        guard let keys = reader.reader("for_each", .forEach) else { return nil }
        guard let items = keys.expression("items") else {
            if !keys.has("items") { keys.missing("items", in: "for_each") }
            return nil
        }
        let name = keys.value("as").flatMap { context.checkedName($0, "an item") }?.text ?? keys.declaration("as").defaultValue.stringValue!
        let isGateName = reader.has("escalate") && ReferencesRule.gateRoots.contains(name)
        if let range = keys.value("as")?.range, isGateName || ReferencesRule.roots.contains(name) {
            context.report("AW107", "'\(name)' already means something in expressions", at: range, hint: "choose another name for the item")
        }
        return ForEach(
            items: items, name: name, maxItems: keys.int("max_items"), maxParallel: keys.int("max_parallel"),
            onError: keys.word(orDefault: "on_error", ForEach.OnError.self), maxCost: keys.money("max_cost_usd"))
    }

    private func model(_ reader: MappingReader, _ kind: String, _ id: Named) -> StepDraft.Kind? {
        let body = body(reader, kind)
        if kind == "messages", reader.has("system") {
            context.report("AW121", "'system' does not go with 'messages'", at: reader.keyRange("system")!, hint: "make it the first message, with role: system")
        }
        let output = reader.reader("output", .modelOutput) ?? MappingReader(absent: .modelOutput, in: reader)
        let schema = output.value("schema").flatMap { context.schema($0, "schema") }
        let repairs = output.int(orDefault: "repair")
        let allowsEmpty = output.word(orDefault: "empty") == "allow"
        let tier = reader.string("model").map { Named(text: $0, range: reader.value("model")!.range) } ?? defaults.model
        let escalation = escalation(reader, answer: schema)
        checkToolLimits(reader)
        if tier == nil, !reader.has("model"), !reader.has("escalate") {
            context.report("AW122", "step '\(id.text)' asks a model, but names none", at: id.range, hint: "add model: TIER here, or defaults: { model: TIER }")
        }
        let attachments = attachments(reader, body: body)
        let memo = reader.reader("memo", .memo)
        if let memo, !memo.has("max_age") { memo.missing("max_age", in: "memo", hint: "how old an answer may be, for example max_age: 24h") }
        let draft = body.map {
            ModelDraft(
                tier: tier, system: reader.template("system"), prefixes: names(reader, "prefix"),
                body: $0, sampling: sampling(reader), schema: schema, repairs: repairs, attachments: attachments, memo: memo.flatMap(memoTerms),
                escalation: escalation, allowsEmpty: allowsEmpty)
        }
        return draft.map { .model($0) }
    }

    private func memoTerms(_ reader: MappingReader) -> MemoTerms? {
        let scope = reader.word(orDefault: "scope", MemoTerms.Scope.self)
        return reader.duration("max_age").map { MemoTerms(age: $0, scope: scope) }
    }

    /// What a model is asked, by the one of the three spellings that is there.
    func body(_ reader: MappingReader, _ kind: String) -> ModelStep.Body? {
        switch kind {
        case "prompt": reader.template("prompt").map { .prompt($0) }
        case "prompt_file": reader.value("prompt_file").flatMap { context.templateFile($0, "prompt_file") }.map { .prompt($0) }
        default: messages(reader)
        }
    }

    func names(_ reader: MappingReader, _ key: String) -> [Named] { (reader.strings(key) ?? []).map { Named(text: $0.text, range: $0.range) } }

    /// What others call who speaks.
    private static let roles = ["human": "user", "customer": "user", "developer": "system", "instructions": "system", "ai": "assistant", "bot": "assistant", "model": "assistant", "agent": "assistant", "gpt": "assistant"]

    private func messages(_ reader: MappingReader) -> ModelStep.Body? {
        guard let nodes = reader.sequence("messages") else { return nil }
        if nodes.isEmpty { context.report("AW104", "messages needs at least one message", at: reader.value("messages")!.range) }
        var messages: [(role: MessageRole, text: Template)] = []
        for node in nodes {
            guard let message = MappingReader(node, .message, context) else { continue }
            let roles = message.words("role")
            guard let word = message.string("role"), let role = MessageRole(rawValue: word) else {
                let list = roles.dropLast().joined(separator: ", ") + " or " + roles.last!
                context.report(
                    "AW103", "a message has role: \(list)", at: message.value("role")?.range ?? node.range.firstLine,
                    hint: message.value("role")?.scalar.flatMap { word in
                        Self.roles[word.text.lowercased()].map { "write role: \($0)" } ?? Suggestion.hint(for: word.text, in: roles)
                    })
                continue
            }
            guard let text = message.template("content") else {
                if !message.has("content") { message.missing("content", in: "a message") }
                continue
            }
            messages.append((role, text))
        }
        return .messages(messages)
    }

    private func value(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let node = reader.value("value") else { return nil }
        if case .scalar = node.content { return context.expression(node, key: "value").map { .value(.expression($0)) } }
        return context.valueTemplate(node).map { .value($0) }
    }

    private func tool(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let node = reader.value("tool"), let name = ToolStep(name: node.scalar?.text ?? "") else {
            if let node = reader.value("tool") { context.wrong("tool", KeyShape.tool.expected, node, hint: "for example tool: files.search") }
            return nil
        }
        return .plain(PlainStepDraft(kind: .tool(name)))
    }

    private func run(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let node = reader.value("run") else { return nil }
        let usesShell = reader.bool(orDefault: "shell")
        var argv: [Template] = []
        switch (node.content, usesShell) {
        case (.sequence(let words), false):
            if words.isEmpty { context.report("AW104", "run needs a program", at: node.range) }
            argv = words.compactMap { context.template($0) }
        case (.scalar, true):
            argv = context.template(node, "run").map { [$0] } ?? []
        case (_, true):
            context.report("AW103", "with shell: true, run is one command line", at: node.range)
        default:
            context.report(
                "AW103", "run is a list of the program and its arguments, found \(node.typeName)", at: node.range,
                hint: "for example run: [Plugins/kb-search/kb-search, --top, \"6\"]; a command line needs shell: true")
        }
        let output = reader.reader("output", .runOutput) ?? MappingReader(absent: .runOutput, in: reader)
        let parse = output.word(orDefault: "parse", CommandStep.Parse.self)
        let schema = output.value("schema").flatMap { context.schema($0, "schema") }
        var okExit = [Int(reader.declaration("ok_exit").defaultValue.intValue!)]
        if let node = reader.value("ok_exit") {
            let range = reader.range("ok_exit")
            let codes = (reader.strings("ok_exit") ?? []).compactMap { Int($0.text) }.filter(range.contains)
            if codes.isEmpty { context.report("AW103", "ok_exit is a list of exit codes from \(range.lowerBound) to \(range.upperBound)", at: node.range) } else { okExit = codes }
        }
        guard !argv.isEmpty else { return nil }
        var env: [(key: String, value: Template)] = []
        var passed: [String] = []
        for pair in reader.mapping("env") ?? [] {
            guard let name = pair.key.scalar?.text else { continue }
            if pair.value.scalar?.value == .null { passed.append(name) } else if let value = context.template(pair.value, name) { env.append((name, value)) }
        }
        return .run(
            CommandStep(
                argv: argv, usesShell: usesShell, stdin: reader.valueTemplate("stdin"), env: env, passedEnv: passed, okExit: okExit, parse: parse, schema: schema))
    }
}

// MARK: Steps that have steps of their own

extension WorkflowDecoder {
    private func inner(_ reader: MappingReader, of what: String) -> [StepDraft]? {
        guard let nodes = reader.sequence("steps") else {
            if !reader.has("steps") { reader.missing("steps", in: what) }
            return nil
        }
        if nodes.isEmpty { context.report("AW104", "\(what) needs at least one step", at: reader.value("steps")!.range) }
        let steps = nodes.compactMap { step($0) }
        return steps.isEmpty ? nil : steps
    }

    private func loop(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let keys = reader.reader("loop", .loop) else { return nil }
        if !keys.has("max") { keys.missing("max", in: "a loop", hint: "the most passes, for example max: 3") }
        let (steps, until, max) = (inner(keys, of: "a loop"), keys.expression("until"), keys.int("max"))
        guard let steps, let max else { return nil }
        return .loop(steps, until: until, max: max)
    }

    private func workflow(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let name = reader.string("workflow"), let range = reader.value("workflow")?.range else { return nil }
        do throws(Diagnostics) {
            let path = try context.files.resolve(name, besides: context.file, at: range)
            return loadWorkflow(path, range).map { .workflow($0) }
        } catch {
            context.report(error)
            return nil
        }
    }

    private func approval(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let keys = reader.reader("approve", .approval) else { return nil }
        if !keys.has("message") { keys.missing("message", in: "approve", hint: "what the person is asked") }
        guard let message = keys.template("message") else { return nil }
        return .approve(
            ApprovalStep(
                message: message, timeout: keys.duration("timeout"), onTimeout: keys.word(orDefault: "on_timeout", ApprovalStep.OnTimeout.self)))
    }

    private func containerLimits(_ reader: MappingReader) -> StepLimits {
        StepLimits(maxCost: reader.reader("limits", .containerLimits)?.money("max_cost_usd"))
    }
}

extension StepDraft.Kind {
    fileprivate var isApproval: Bool {
        if case .approve = self { return true }
        return false
    }

    fileprivate var isContainer: Bool {
        switch self {
        case .group, .loop, .workflow: return true
        case .model, .value, .run, .plain, .approve: return false
        }
    }
}
