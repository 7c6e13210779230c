import Economics
import Engine
import Providers
import Reports
import Values
import WorkflowLoading
import WorkflowModel

/// Looks at recorded runs on other terms: what the parts of `what-if` have in common.
final class Study {
    let composition: Composition
    let archive: any RunArchive & SpendingArchive & RecordProof
    let filter: AuditFilter
    private let global: GlobalOptions
    private let runs: [String]?
    private let list: PriceListFile?
    /// The workflow that is named by its file.
    private let file: WorkflowGraph?

    /// What is known of the runs that were looked at, the oldest first.
    private(set) var seen: [(run: String, cost: MoneySum)] = []
    private(set) var selected: TextSet = []
    private var tiers: TextSet = []
    private var workflows: TextSet = []
    private var models: Set<ModelReference> = []

    init(
        composition: Composition, archive: any RunArchive & SpendingArchive & RecordProof, global: GlobalOptions, filter: AuditFilter, runs: [String]?, list: PriceListFile?,
        file: WorkflowGraph?
    ) {
        self.composition = composition
        self.archive = archive
        self.global = global
        self.filter = filter
        self.runs = runs
        self.list = list
        self.file = file
    }

    func result(_ asked: [Alternative]) async throws -> WhatIfResult {
        var alternatives = asked
        let connections = list != nil || file != nil || alternatives.contains { !$0.models.isEmpty || !$0.settings.isEmpty } ? try composition.connect(progress: { _ in }) : nil
        defer { connections?.close() }
        try await readWorkflows(&alternatives)
        let prices = try await archive.keptPriceRows()
        let pricing = RecordedPricing(rows: PriceRowBook(prices), sources: try await sources(alternatives, connections?.provider))
        try requirePrices(of: alternatives, pricing)
        let terms = alternatives.map { RecordedPricing.Terms(usesList: list != nil, changes: $0.prices, models: $0.models) }
        var whatIf = WhatIf(zip(alternatives, terms).map { ($0.name, $1, $0.graph != nil) }, pricing)
        try await archive.forEachRecordedCall(filter, runs: runs) { calls in
            for call in calls {
                whatIf.add(call)
                self.see(call)
            }
        }
        if !seen.isEmpty {
            try requireTiers(alternatives)
            try requireModels(alternatives, prices)
        }
        for (index, alternative) in alternatives.enumerated() {
            if let graph = alternative.graph { try await decideGates(of: graph, terms[index], pricing, index, &whatIf) }
            if alternative.maxCost != nil || alternative.maxTokens != nil { try await holdCaps(alternative, terms[index], pricing, index, &whatIf) }
        }
        if alternatives.contains(where: { $0.policy != nil || $0.rules != nil }) { try await fillCaches(alternatives, PriceRowBook(prices), &whatIf) }
        return whatIf.sum()
    }

    private func see(_ call: RecordedCall) {
        if seen.last.map({ !$0.run.hasSameBytes(as: call.run) }) ?? true {
            seen.append((call.run, .zero))
            selected.insert(call.run)
        }
        if let cost = call.cost { seen[seen.count - 1].cost.add(cost) }
        tiers.insert(call.asked)
        workflows.insert(call.workflow)
        models.insert(call.model)
    }

    // MARK: What is asked for

    /// A tier that nothing asks would change nothing, which nobody would see.
    private func requireTiers(_ alternatives: [Alternative]) throws {
        guard file == nil else { return }
        for tier in alternatives.flatMap({ $0.models.keys.map { $0 } }).sorted() where !tiers.contains(tier) {
            let known = tiers.map { $0 }.sorted()
            throw UsageError("no recorded call asks the tier '\(tier)'", hint: Suggestion.hint(for: tier, in: known) ?? "these are asked: \(known.joined(separator: ", "))")
        }
    }

    /// Neither would a price that nothing was charged by.
    private func requireModels(_ alternatives: [Alternative], _ rows: [PriceRow]) throws {
        let changes = alternatives.flatMap(\.prices)
        guard !changes.isEmpty else { return }
        let others = alternatives.flatMap { $0.models.sortedByKey.map(\.value) }
        let names = TextSet((Array(models) + others).map(\.description)).sorted()
        let charged = names + rows.map { "\($0.provider)/\($0.model)" }
        for change in changes where !change.covers(charged) {
            throw UsageError("no recorded call was charged by a price of '\(change.models)'", hint: Suggestion.hint(for: change.models, in: charged) ?? "these models were asked: \(names.prefix(12).joined(separator: ", "))")
        }
    }

    private func requirePrices(of alternatives: [Alternative], _ pricing: RecordedPricing) throws {
        for model in alternatives.flatMap({ $0.models.sortedByKey.map(\.value) }) {
            if pricing.hasPrice(model, on: RecordedPricing.Terms(usesList: list != nil), at: .now()) { continue }
            throw UsageError(
                "\(model) has no known price", hint: "add it: agentctl prices add \(model) --input USD --output USD, or name a list with --prices FILE", code: ExitCodes.code(.unpriced))
        }
    }

    /// What prices and models are by.
    private func sources(_ alternatives: [Alternative], _ provider: ProviderRegistry?) async throws -> RecordedPricing.Sources {
        let directory = ProviderDirectory(composition.settings.project.providers)
        var ratios: [ModelReference: TokenRatio] = [:]
        let others = alternatives.flatMap { $0.models.sortedByKey.map(\.value) }
        if !others.isEmpty {
            let asked = try await archive.audit(by: [.model], filter: filter).compactMap { $0.keys.first.flatMap { ModelReference(text: $0) } }
            for model in asked + others where ratios[model] == nil { ratios[model] = try await archive.tokenRatio(of: model) }
        }
        return RecordedPricing.Sources(
            profile: { model in
                if let provider { return provider.knownProfile(of: model) }
                guard let entry = try? directory.entry(of: model) else { return nil }
                return ModelProfile(reference: model, servedID: entry.model?.id ?? model.model, contextWindow: nil, maxConcurrency: nil)
            }, prices: composition.prices, list: list?.book,
            shares: { call in
                guard let raw = call.usageRaw, let document = try? JSONParser.parse(raw) else { return [] }
                let entry = try? directory.entry(of: call.model)
                return RawUsage(document, entry?.provider.dialect ?? .none)?.shares ?? []
            },
            scaled: { count, asked, other in
                guard let own = ratios[asked], let new = ratios[other] else { return nil }
                let (high, low) = count.magnitude.multipliedFullWidth(by: own.thousandths.magnitude)
                guard high < new.thousandths.magnitude else { return nil }
                return Int(clamping: new.thousandths.magnitude.dividingFullWidth((high, low)).quotient)
            })
    }

    // MARK: Workflows

    /// The workflow of each alternative that decides by another gate.
    private func readWorkflows(_ alternatives: inout [Alternative]) async throws {
        guard file != nil || alternatives.contains(where: { !$0.settings.isEmpty }) else { return }
        let base = try await recordedGraph()
        guard let from = file ?? base else {
            throw UsageError("the workflow of these runs is not recorded, and its file is not there any more", hint: "name a file: --workflow FILE.yaml")
        }
        for index in alternatives.indices {
            guard file != nil || !alternatives[index].settings.isEmpty else { continue }
            alternatives[index].graph = try variant(of: from, alternatives[index].settings)
            guard let file else { continue }
            // What the file says otherwise than the record, and no flag does.
            for tier in file.tiers {
                guard let use = tier.models.first, let before = base?.tier(named: tier.name)?.models.first, before != use, alternatives[index].models[tier.name] == nil else { continue }
                alternatives[index].models[tier.name] = use
            }
            if let cap = file.budget.maxCost, cap != base?.budget.maxCost { alternatives[index].maxCost = alternatives[index].maxCost ?? cap }
            if let cap = file.budget.maxTokens, cap != base?.budget.maxTokens { alternatives[index].maxTokens = alternatives[index].maxTokens ?? cap }
        }
    }

    /// As the newest of the runs has it.
    private func recordedGraph() async throws -> WorkflowGraph? {
        var newest: RunRecord?
        if let last = runs?.max() {
            newest = try await archive.run(last)
        } else if let workflow = filter.workflow {
            newest = try await archive.runs(filter: RunFilter(workflow: workflow, since: filter.since, limit: 1)).first
        } else {
            throw UsageError("--vary steps… is of one workflow, and all are looked at", hint: "name it: --workflow NAME")
        }
        guard let newest else { return nil }
        return try await RecordedWorkflow.graph(toReadOf: newest, archive, global, here: composition.settings)
    }

    /// The workflow with other values at its steps: read and checked as a file is.
    private func variant(of graph: WorkflowGraph, _ settings: [WorkflowVariant.Setting]) throws -> WorkflowGraph {
        guard !settings.isEmpty else { return graph }
        let folder = graph.file.folderWithSlash
        var contents: TextTable<[UInt8]> = [:]
        for (index, file) in graph.sources.files.enumerated() {
            contents[index == 0 ? graph.file : file.path.utf8.first == UInt8(ascii: "/") ? file.path : folder + file.path] = file.content.bytes
        }
        let source = String(decoding: graph.sources.files.first?.content.bytes ?? [], as: UTF8.self)
        let named = settings.map { "steps.\($0.step).\($0.keys.joined(separator: "."))" }.joined(separator: ", ")
        do throws(WorkflowVariant.Failure) {
            contents[graph.file] = Array(try WorkflowVariant.text(of: source, file: graph.file, with: settings).utf8)
        } catch {
            throw UsageError("--vary \(named): \(error.message)", hint: error.hint)
        }
        let project = composition.settings.project
        do throws(Diagnostics) {
            let loaded = try WorkflowLoader.load(graph.file, root: project.root, secrets: project.secrets, hasBegun: true, recorded: contents)
            return loaded.graph.applying(graph.sources.changes)
        } catch {
            // Its places would be those of a text that nobody has written.
            let first = error.errors.first
            throw UsageError("--vary \(named): \(first?.message ?? "the workflow would be wrong")", hint: first?.hint, code: ExitCodes.invalidWorkflow)
        }
    }
}
