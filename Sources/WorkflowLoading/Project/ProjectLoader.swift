import Economics
import PromptCaching
import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Finds and reads the project file.
public enum ProjectLoader {
    /// Looked for in this order, in a folder and then in those above it. The second form suits a repository that keeps its
    /// configuration out of sight.
    public static let fileNames = ["agentctl.yaml", ".agentctl.yaml"]
    /// What people call it who have not looked.
    private static let otherNames = [
        "agentctl.yml", ".agentctl.yml", "agentctl.json", ".agentctl.json", "agentctl.toml", "agentctl.config.yaml", "agentctl.config.yml", "Agentctl.yaml", "AgentCtl.yaml", "agentctl.yaml.txt",
    ]
    /// Relative to the root.
    public static let defaultLedger = ".agentctl/ledger.db"

    /// - Parameters:
    ///   - named: the file that `--config` names.
    ///   - start: the folder where the search begins, usually the workflow's.
    ///   - secrets: takes in what is written in the file and opens something, also when the file is wrong: frames show its lines.
    /// - Throws: `Diagnostics`, also for a file that was found and belongs to somebody else: see ``FileOwner``.
    public static func load(named: String?, searchingFrom start: String, secrets: SecretBook? = nil) throws(Diagnostics) -> Project {
        if let named {
            guard SourceFiles.realPath(named) != nil else {
                throw Diagnostics([Diagnostic(code: "AW001", "cannot read \(named): \(String(cString: strerror(errno)))", at: nil)])
            }
            return try read(named, secrets)
        }
        let from = SourceFiles.realPath(start) ?? SourceFiles.realPath(".") ?? "/"
        var folder = Substring(from)
        var unread: [String] = []
        while true {
            let names = otherNames.map { (folder == "/" ? "" : folder) + "/" + $0 }
            unread += names.filter { access($0, F_OK) == 0 && FileOwner.foreign(of: $0) == nil }.map(shortened)
            for name in fileNames {
                let path = (folder == "/" ? "" : folder) + "/" + name
                // One that is there but cannot be read must not be passed over.
                if access(String(path), F_OK) == 0 {
                    try refuseForeign(String(path))
                    var project = try read(shortened(String(path)), secrets)
                    project.unread = unread
                    return project
                }
            }
            guard let slash = folder.utf8.lastIndex(of: UInt8(ascii: "/")), folder != "/" else { break }
            folder = slash == folder.startIndex ? "/" : folder[..<slash]
        }
        var project = Project(root: from, file: nil, ledger: defaultLedger, providers: [], prices: [])
        project.unread = unread
        return project
    }

    /// What opens something in the text of a project file, which need not be right.
    public static func writtenSecrets(in text: String) -> [Secret] {
        let (node, problems) = YAMLReader.read(text, file: "")
        return writtenSecrets(in: text, node, isWhole: problems.isEmpty)
    }

    /// Of a text that is no YAML the tree may lack anything.
    private static func writtenSecrets(in text: String, _ node: YAMLNode?, isWhole: Bool) -> [Secret] {
        (node.map { WrittenSecrets.find(in: $0) } ?? []) + (node == nil || !isWhole ? WrittenSecrets.guess(in: text) : [])
    }

    /// The path from the working directory where that is shorter to read.
    private static func shortened(_ path: String) -> String {
        SourceFiles.realPath(".").flatMap(path.inside) ?? path
    }

    /// What is found by searching may be in a folder that others write to, and its commands would run as this user.
    private static func refuseForeign(_ path: String) throws(Diagnostics) {
        guard let owner = FileOwner.foreign(of: path) else { return }
        throw Diagnostics([
            Diagnostic(
                code: "AW006", "\(path) was found by searching upward and belongs to another user (\(owner)): it is not taken", at: nil,
                hint: "if you trust it, name it: --config \(path), or AGENTCTL_CONFIG")
        ])
    }

    private static func read(_ path: String, _ secrets: SecretBook?) throws(Diagnostics) -> Project {
        let real = SourceFiles.realPath(path) ?? path
        let root = real.cut(atLast: UInt8(ascii: "/")).map { $0.before.isEmpty ? "/" : $0.before } ?? "."
        let files = SourceFiles(root: root)
        let text = try files.read(path)
        let context = DecodingContext(file: path, files: files)
        let (node, problems) = YAMLReader.read(text, file: path)
        secrets?.add(writtenSecrets(in: text, node, isWhole: problems.isEmpty))
        context.report(problems)
        let project = node.flatMap { decode($0, path: path, root: root, context) }
        guard let project, !context.hasErrors else { throw Diagnostics(context.diagnostics, sources: files.texts) }
        return project
    }

    private static func decode(_ node: YAMLNode, path: String, root: String, _ context: DecodingContext) -> Project? {
        guard let top = MappingReader(node, .projectTop, context) else { return nil }
        if top.value("version")?.scalar?.value != .int(1) {
            context.report("AW105", "the project file says version: 1", at: top.value("version")?.range ?? node.range.firstLine)
        }
        var providers: [ProviderConfiguration] = []
        for (key, value) in top.mapping("providers") ?? [] {
            guard let name = key.scalar?.text, !name.isEmpty, !name.contains("/") else {
                context.report("AW107", "a provider's name is a word without '/'", at: key.range)
                continue
            }
            if let reader = MappingReader(value, .provider, context, under: name) { providers.append(provider(name, reader)) }
        }
        let rows = (top.sequence("prices") ?? []).flatMap { price($0, context) }
        let adjustments = adjustments(top, context)
        var secrets: [String] = []
        var sources: [(name: String, source: SecretSource)] = []
        for (key, value) in top.mapping("secrets") ?? [] {
            guard let name = context.checkedName(key, "a secret") else { continue }
            ShapeChecker(context).check(value, .mapping("secret"), as: name.text)
            secrets.append(name.text)
            if let variable = value["env"]?.scalar?.text { sources.append(("the secret \(name.text)", .environment(variable))) }
            if case .sequence(let words)? = value["command"]?.content, !words.isEmpty {
                sources.append(("the secret \(name.text)", .command(words.compactMap { $0.scalar?.text })))
            }
        }
        // Who has the address of a webhook can write to it.
        top.value("budgets")?.forEachScalar { keys, _, scalar in
            if keys.last == "env" { sources.append(("the address of an alert", .environment(scalar.text))) }
        }
        if case .sequence(let budgets)? = top.value("budgets")?.content {
            for budget in budgets { context.checkBands(of: budget, action: "enforce") }
        }
        return Project(
            root: root, file: path, ledger: top.string(orDefault: "ledger"), providers: providers, prices: rows, adjustments: adjustments, secrets: secrets,
            secretSources: sources, notExecuted: Diagnostics(context.notExecuted, sources: context.files.texts))
    }

    private static func provider(_ name: String, _ reader: MappingReader) -> ProviderConfiguration {
        let api = reader.word("api", ModelAPI.self) ?? .openAIChat
        if !reader.has("api") { reader.missing("api", in: "a provider", hint: "api: openai-chat") }
        let dialect = reader.reader("dialect", .dialect).map { DialectSettings($0.settings) } ?? .none
        let cacheOfAll = dialect.values["prompt_cache"]?.stringValue.flatMap(CacheKind.init) ?? .auto
        var models: [ModelConfiguration] = []
        for (key, value) in reader.mapping("models") ?? [] {
            guard let model = MappingReader(value, .model, reader.context, under: key.scalar?.text) else { continue }
            let serve = model.reader("serve", .serve).map { serve in
                ServeConfiguration(
                    command: portStrings(serve, "command"), ready: serve.string(orDefault: "ready"),
                    startTimeout: serve.duration(orDefault: "start_timeout"))
            }
            if serve?.command.isEmpty == true { reader.context.report("AW104", "serve needs a command", at: value.range.firstLine) }
            let alias = key.scalar?.text ?? ""
            if let own = model.value("base_url"), let text = own.scalar?.text { checkPath(of: text, at: own.range, reader.context) }
            models.append(
                ModelConfiguration(
                    alias: alias, id: model.string("id") ?? alias, baseURL: model.value("base_url")?.scalar?.text, serve: serve,
                    contextWindow: model.int("context_window"), images: model.bool("images"), files: model.bool("files"),
                    imageTokens: model.int("image_tokens"), priceAs: model.string("price_as").flatMap(ModelReference.init(text:)), api: model.word("api", ModelAPI.self),
                    logprobs: model.bool("logprobs"), cache: cache(model, besides: cacheOfAll)))
        }
        let provider = ProviderConfiguration(
            name: name, api: api, baseURL: url(reader), apiKey: apiKey(reader), headers: headers(reader),
            maxConcurrency: reader.int("max_concurrency"),
            machineHour: reader.reader("pricing", .pricing)?.money("machine_hour_usd"), models: models, dialect: dialect,
            allowsClearText: reader.bool(orDefault: "insecure_http"))
        ProviderSecretsCheck(provider: provider, reader: reader).check()
        return provider
    }

    private static func cache(_ model: MappingReader, besides kind: CacheKind) -> CacheConfiguration? {
        guard let reader = model.reader("cache", .modelCache) else { return nil }
        let own = reader.word("kind", CacheKind.self)
        let has = CacheTable.shipped.spans(of: own ?? kind)
        let spans = (reader.strings("ttls") ?? []).compactMap { entry -> TimeSpan? in
            guard let span = TimeSpan(text: entry.text) else {
                reader.context.report("AW103", "ttls has lifetimes such as 5m or 1h, found '\(entry.text)'", at: entry.range)
                return nil
            }
            if has.contains(span) { return span }
            reader.context.report(
                "AW103", "no such cache keeps a prefix for \(entry.text)", at: entry.range, hint: has.isEmpty ? "take ttls out" : "there are: \(has.map(\.description).joined(separator: ", "))")
            return nil
        }
        return CacheConfiguration(kind: own, leastTokens: reader.int("min_tokens"), mostMarks: reader.int("max_marks"), lifetimes: spans, slots: reader.int("slots"))
    }

    /// Says where an address has the path already that its API adds to it.
    private static func checkPath(of text: String, at range: SourceRange, _ context: DecodingContext) {
        var path = URLParts(text)?.path ?? ""
        while path.endsWithBytes(of: "/") { path.removeLast() }
        guard let end = ["/chat/completions", "/completions", "/responses", "/messages"].first(where: path.endsWithBytes) else { return }
        context.report(
            "AW103", "base_url ends before \(end)", at: range,
            hint: "take \(end) away: api: openai-chat adds /chat/completions by itself, openai-responses /responses and anthropic /messages")
    }

    private static func url(_ reader: MappingReader) -> String? {
        guard let text = reader.string("base_url") else { return nil }
        checkPath(of: text, at: reader.value("base_url")!.range, reader.context)
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            reader.context.report("AW103", "base_url starts with http:// or https://, found '\(text)'", at: reader.value("base_url")!.range)
            return nil
        }
        return text
    }

    /// Words in which `${{ port }}` may stand; nothing else is evaluated in a project file.
    private static func portStrings(_ reader: MappingReader, _ key: String) -> [String] {
        (reader.strings(key) ?? []).map { entry in
            let text = entry.text.replacingBytes(of: "${{port}}", with: "${{ port }}")
            if text.replacingBytes(of: "${{ port }}", with: "").containsBytes(of: "${{") {
                reader.context.report("AW111", "only ${{ port }} is known here", at: entry.range)
            }
            return text
        }
    }

    private static func apiKey(_ reader: MappingReader) -> SecretSource? {
        guard let keys = reader.reader("api_key", .apiKey) else { return nil }
        if let name = keys.string("env") {
            if !WrittenSecrets.isVariable(name) {
                reader.context.report(
                    "AW103", "env is the name of a variable, such as OPENAI_API_KEY", at: keys.value("env")!.range,
                    hint: WrittenSecrets.beginsLikeKey(name)
                        ? "the key itself stands in no file: export it, and write the name here" : "letters, digits and underscores, without $")
                return nil
            }
            return .environment(name)
        }
        if let command = keys.strings("command") { return .command(command.map(\.text)) }
        if let value = keys.string("value") {
            let base = reader.value("base_url")?.scalar?.text ?? ""
            if URLParts(base)?.isLoopback != true, !Secret.isPlaceholder(value) {
                reader.context.report(
                    "AW114", "a literal key is for loopback endpoints only", at: keys.value("value")!.range,
                    hint: "keep it out of the file: api_key: { env: NAME }")
            }
            return .value(value)
        }
        reader.context.report("AW104", "api_key needs env, command or value", at: keys.node.range)
        return nil
    }

    private static func headers(_ reader: MappingReader) -> [(key: String, value: String)] {
        (reader.mapping("headers") ?? []).compactMap { pair in
            guard let key = pair.key.scalar?.text, let value = pair.value.scalar?.text, !value.utf8.contains(0x0A), !value.utf8.contains(0x0D) else {
                reader.context.report("AW103", "a header is one line of text", at: pair.value.range)
                return nil
            }
            return (key, value)
        }
    }

    private static func price(_ node: YAMLNode, _ context: DecodingContext) -> [PriceRow] {
        guard let reader = MappingReader(node, .price, context) else { return [] }
        guard let text = reader.string("model"), let model = ModelReference(text: text) else {
            context.report("AW109", "a price names its model as provider/model", at: reader.value("model")?.range ?? node.range.firstLine)
            return []
        }
        let (from, to) = (reader.date("from"), reader.date("to"))
        let source = reader.string(orDefault: "source")
        var rows: [PriceRow] = []
        func row(_ unit: PriceUnit, _ price: Money?) {
            guard let price else { return }
            let id = "\(text)/\(unit.rawValue)@project" + (from.map { ":" + $0.dateText } ?? "")
            rows.append(
                PriceRow(
                    id: id, provider: model.provider, model: model.model, unit: unit, price: price, effectiveFrom: from, effectiveTo: to,
                    source: source, checkedAt: ""))
        }
        row(.input, reader.perMillion("input_per_mtok_usd"))
        row(.output, reader.perMillion("output_per_mtok_usd"))
        row(.cacheRead, reader.perMillion("cache_read_per_mtok_usd"))
        row(.cacheWrite, reader.perMillion("cache_write_per_mtok_usd"))
        row(.reasoning, reader.perMillion("reasoning_per_mtok_usd"))
        row(.request, reader.money("request_usd"))
        row(.machineHour, reader.money("machine_hour_usd"))
        let units = rows.map(\.unit)
        if !units.contains(.machineHour), !(units.contains(.input) && units.contains(.output)), !context.hasErrors {
            context.report(
                "AW115", "a price needs input_per_mtok_usd and output_per_mtok_usd, or machine_hour_usd", at: node.range.firstLine,
                hint: "a missing direction would not be free, but unknown")
        }
        return rows
    }
}
