import Economics
import Expressions
import JSONSchema
import PromptCaching
import Values
import WorkflowModel

extension WorkflowDecoder {
    /// The keys that decide what a step is. `prompt`, `prompt_file` and `messages` are three spellings of one kind.
    static let kindKeys = ["prompt", "prompt_file", "messages", "run", "value", "approve", "workflow", "loop", "steps"]
    private static let modelKeys = ["model", "system", "prefix", "attach", "memo", "limits"] + LanguageKeys.sampling.split(separator: " ").map(String.init)
    private static let runKeys = ["shell", "stdin", "env", "ok_exit"]
    /// What goes with each kind and with no other.
    private static func strangers(to kind: String) -> [String] {
        switch kind {
        case "prompt", "prompt_file", "messages": return runKeys
        case "run": return modelKeys
        case "value", "approve": return runKeys + modelKeys + ["output"]
        // Each step inside has its own.
        default: return runKeys + modelKeys.filter { $0 != "limits" } + ["output", "timeout", "retry"]
        }
    }

    func step(_ node: YAMLNode) -> StepDraft? {
        guard let reader = MappingReader(node, LanguageKeys.step, what: "a step", context) else {
            context.broken.hasNamelessSteps = true
            return nil
        }
        guard reader.has("id") else {
            reader.missing("id", in: "a step")
            context.broken.hasNamelessSteps = true
            return nil
        }
        guard let id = reader.value("id").flatMap({ checkedName($0, "a step") }) else { return nil }
        let draft = step(id, reader, node)
        if draft == nil { context.broken.steps.insert(id.text) }
        return draft
    }

    private func step(_ id: Named, _ reader: MappingReader, _ node: YAMLNode) -> StepDraft? {
        let kinds = Self.kindKeys.filter(reader.has)
        guard kinds.count == 1 else {
            if kinds.isEmpty, !hasReportedKind(in: node.range) {
                context.report(
                    "AW120", "step '\(id.text)' says nothing of what it does", at: id.range, hint: "add one of: \(Self.kindKeys.joined(separator: ", "))")
            } else if kinds.count > 1 {
                context.report("AW120", "step '\(id.text)' has two kinds: \(kinds.joined(separator: " and "))", at: reader.keyRange(kinds[1])!, hint: "make two steps of it")
            }
            return nil
        }
        for key in Self.strangers(to: kinds[0]) where reader.has(key) {
            context.report("AW121", "'\(key)' does not go with '\(kinds[0])'", at: reader.keyRange(key)!)
        }
        guard let kind = kind(kinds[0], reader, id) else { return nil }
        return StepDraft(
            id: id, description: reader.string("description"), kind: kind, when: reader.expression("when"), with: with(reader),
            needs: (reader.strings("needs") ?? []).map { Named(text: $0.text, range: $0.range) }, forEach: forEach(reader),
            retry: retry(reader) ?? defaults.retry, timeout: reader.duration("timeout") ?? defaults.timeout,
            deadline: reader.duration("deadline") ?? (kind.isContainer ? nil : defaults.deadline), isOptional: reader.bool("optional") ?? false,
            tags: templates(reader, "tags"),
            onError: onError(reader) ?? defaults.onError, limits: kind.isContainer ? containerLimits(reader) : limits(reader),
            trim: trimNames(reader), range: id.range)
    }

    private func kind(_ key: String, _ reader: MappingReader, _ id: Named) -> StepDraft.Kind? {
        switch key {
        case "run": return run(reader)
        case "value": return value(reader)
        case "approve": return approval(reader)
        case "steps": return inner(reader, of: "a group").map { .group($0) }
        case "loop": return loop(reader)
        case "workflow": return workflow(reader)
        default: return model(reader, key, id)
        }
    }

    /// Whether the key that was to tell the kind was reported already: misspelt, or not supported yet.
    private func hasReportedKind(in range: SourceRange) -> Bool {
        context.diagnostics.contains { problem in
            guard let place = problem.range?.start, place.line >= range.start.line, place.line <= range.end.line else { return false }
            return problem.code == "AW102" || (problem.code == "AW101" && Self.kindKeys.contains { problem.hint == "did you mean '\($0)'?" })
        }
    }

    private func with(_ reader: MappingReader) -> [(key: String, value: ValueTemplate)] {
        (reader.mapping("with") ?? []).compactMap { pair in
            guard let name = checkedName(pair.key, "a value under 'with'"), let template = context.valueTemplate(pair.value) else { return nil }
            return (name.text, template)
        }
    }

    private func forEach(_ reader: MappingReader) -> ForEach? {
        guard let keys = reader.reader("for_each", LanguageKeys.forEach) else { return nil }
        guard let items = keys.expression("items") else {
            if !keys.has("items") { keys.missing("items", in: "for_each") }
            return nil
        }
        let name = keys.value("as").flatMap { checkedName($0, "an item") }?.text ?? "item"
        if let range = keys.value("as")?.range, ["inputs", "steps", "run", "with", "index"].contains(name) {
            context.report("AW107", "'\(name)' already means something in expressions", at: range, hint: "choose another name for the item")
        }
        return ForEach(
            items: items, name: name, maxItems: keys.int("max_items", in: 0...1_000_000), maxParallel: keys.int("max_parallel", in: 1...100_000),
            onError: keys.word("on_error", ForEach.OnError.self) ?? .stop, maxCost: keys.money("max_cost_usd"))
    }

    private func model(_ reader: MappingReader, _ kind: String, _ id: Named) -> StepDraft.Kind? {
        let body: ModelStep.Body?
        switch kind {
        case "prompt": body = reader.template("prompt").map { .prompt($0) }
        case "prompt_file": body = file(reader, "prompt_file").map { .prompt($0) }
        default: body = messages(reader)
        }
        if kind == "messages", reader.has("system") {
            context.report("AW121", "'system' does not go with 'messages'", at: reader.keyRange("system")!, hint: "make it the first message, with role: system")
        }
        var schema: Schema?
        var repairs = 1
        if let output = reader.reader("output", LanguageKeys.modelOutput) {
            schema = self.schema(output, "schema")
            repairs = output.int("repair", in: 0...5) ?? 1
        }
        let tier = reader.string("model").map { Named(text: $0, range: reader.value("model")!.range) } ?? defaults.model
        if tier == nil, !reader.has("model") {
            context.report("AW122", "step '\(id.text)' asks a model, but names none", at: id.range, hint: "add model: TIER here, or defaults: { model: TIER }")
        }
        let attachments = attachments(reader, body: body)
        let memo = reader.reader("memo", LanguageKeys.memo)
        if let memo, !memo.has("max_age") { memo.missing("max_age", in: "memo", hint: "how old an answer may be, for example max_age: 24h") }
        let draft = body.map {
            ModelDraft(
                tier: tier, system: reader.template("system"), prefixes: (reader.strings("prefix") ?? []).map { Named(text: $0.text, range: $0.range) },
                body: $0, sampling: sampling(reader), schema: schema, repairs: repairs, attachments: attachments, memoAge: memo?.duration("max_age"))
        }
        return draft.map { .model($0) }
    }

    private func messages(_ reader: MappingReader) -> ModelStep.Body? {
        guard let nodes = reader.sequence("messages") else { return nil }
        if nodes.isEmpty { context.report("AW104", "messages needs at least one message", at: reader.value("messages")!.range) }
        var messages: [(role: MessageRole, text: Template)] = []
        for node in nodes {
            guard let message = MappingReader(node, LanguageKeys.message, what: "a message", context) else { continue }
            let roles = ["system", "user", "assistant"]
            guard let word = message.string("role"), let role = MessageRole(rawValue: word) else {
                context.report("AW103", "a message has role: system, user or assistant", at: message.value("role")?.range ?? node.range.firstLine,
                    hint: message.value("role")?.scalar.flatMap { Suggestion.hint(for: $0.text, in: roles) })
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

    private func run(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let node = reader.value("run") else { return nil }
        let usesShell = reader.bool("shell") ?? false
        var argv: [Template] = []
        switch (node.content, usesShell) {
        case (.sequence(let words), false):
            if words.isEmpty { context.report("AW104", "run needs a program", at: node.range) }
            argv = words.compactMap(context.template)
        case (.scalar, true):
            argv = context.template(node).map { [$0] } ?? []
        case (_, true):
            context.report("AW103", "with shell: true, run is one command line", at: node.range)
        default:
            context.report(
                "AW103", "run is a list of the program and its arguments, found \(node.typeName)", at: node.range,
                hint: "for example run: [Plugins/kb-search/kb-search, --top, \"6\"]; a command line needs shell: true")
        }
        var parse = CommandStep.Parse.text
        var schema: Schema?
        if let output = reader.reader("output", LanguageKeys.runOutput) {
            parse = output.word("parse", CommandStep.Parse.self) ?? .text
            schema = self.schema(output, "schema")
        }
        var okExit = [0]
        if let node = reader.value("ok_exit") {
            let codes = (reader.strings("ok_exit") ?? []).compactMap { Int($0.text) }.filter { (0...255).contains($0) }
            if codes.isEmpty { context.report("AW103", "ok_exit is a list of exit codes from 0 to 255", at: node.range) } else { okExit = codes }
        }
        guard !argv.isEmpty else { return nil }
        return .run(CommandStep(
            argv: argv, usesShell: usesShell, stdin: reader.valueTemplate("stdin"), env: templates(reader, "env"), okExit: okExit, parse: parse, schema: schema))
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
        guard let keys = reader.reader("loop", LanguageKeys.loop) else { return nil }
        if !keys.has("max") { keys.missing("max", in: "a loop", hint: "the most passes, for example max: 3") }
        let (steps, until, max) = (inner(keys, of: "a loop"), keys.expression("until"), keys.int("max", in: 1...1_000))
        guard let steps, let max else { return nil }
        return .loop(steps, until: until, max: max)
    }

    private func workflow(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let name = reader.string("workflow"), let range = reader.value("workflow")?.range else { return nil }
        do throws(Diagnostics) {
            let path = try files.resolve(name, besides: context.file, at: range)
            return loadWorkflow(path, range).map { .workflow($0) }
        } catch {
            context.report(error)
            return nil
        }
    }

    private func approval(_ reader: MappingReader) -> StepDraft.Kind? {
        guard let keys = reader.reader("approve", LanguageKeys.approval) else { return nil }
        if !keys.has("message") { keys.missing("message", in: "approve", hint: "what the person is asked") }
        context.noteNotExecuted("'approve'", at: reader.keyRange("approve"))
        guard let message = keys.template("message") else { return nil }
        return .approve(ApprovalStep(
            message: message, timeout: keys.duration("timeout"), onTimeout: keys.word("on_timeout", ApprovalStep.OnTimeout.self) ?? .fail))
    }

    private func containerLimits(_ reader: MappingReader) -> StepLimits {
        StepLimits(maxCost: reader.reader("limits", LanguageKeys.containerLimits)?.money("max_cost_usd"))
    }
}

extension StepDraft.Kind {
    fileprivate var isContainer: Bool {
        switch self {
        case .group, .loop, .workflow: return true
        default: return false
        }
    }
}
