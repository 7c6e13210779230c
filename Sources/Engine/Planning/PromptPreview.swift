import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// The prompt of a model step without a run, from values that are given instead of computed.
///
/// Rendered by the renderer of runs, in the scope of runs: what it shows is what would be sent.
///
///     let preview = PromptPreview(of: 2, model, in: graph, inputs: inputs, data: ["steps": ["classify": ["output": "billing"]]])
///     if preview.missing.isEmpty { print(try preview.render().segments) }
public struct PromptPreview: Sendable {
    /// A rendered prompt and what it can come to.
    public struct Rendered: Sendable {
        public let segments: [PromptSegment]
        /// The element of `for_each` that it is for, and how many there are where the list was computed.
        public let item: (index: Int, count: Int?)?
        /// The most tokens it can have, as calls are reserved: of the texts, of the schema, of the chat template.
        /// With an attachment of which no bound is known, the text is that of the rest.
        public let bound: (text: Int, schema: Int, template: Int)
        /// The attachments that nothing bounds but the model's context window.
        public let unbounded: [String]
        /// The tokens of the attachments that are counted.
        public let attachedTokens: Int
        /// The values that were cut so that it fits.
        public let trimmed: [TrimmedValue]

        /// The most tokens of each segment, in their order; `nil` where that is not known.
        public func segmentTokens(_ support: AttachmentSupport) -> [Int?] {
            segments.map { segment in segment.attachment.map { RequestBound.tokens($0, support) } ?? TokenBound.inlineText(segment.text) }
        }

        /// What `limits.max_input_tokens` is held against.
        public var estimate: Int { TokenBound.estimate(bytes: segments.reduce(0) { $0 + $1.text.utf8.count }) + attachedTokens }
    }

    /// What the prompt needs and `data` does not give: `steps.classify.output`, `item`. In the order of reading.
    public let missing: [String]
    /// Whether it reads what other steps come to: without data it is another prompt than in a run.
    let readsSteps: Bool

    private let graph: WorkflowGraph
    private let step: Step
    private let model: ModelStep
    private let scope: RunScope
    private let givenItem: (value: JSONValue, index: Int)?

    /// - Parameters:
    ///   - step: a model step, and `model` what it asks.
    ///   - inputs: bound to the graph.
    ///   - data: `steps`, an object of `{output, status, …}` by id; `item` (or the name that `for_each.as` gives) and
    ///     `index`; `run`. What is not there of `run` is as if the run began now. A step that is not there counts as skipped.
    public init(
        of step: Step, _ model: ModelStep, in graph: WorkflowGraph, inputs: JSONObject, data: JSONObject, run: RunID, at: Timestamp
    ) {
        self.graph = graph
        self.step = step
        self.model = model
        let given = data["steps"]?.objectValue ?? [:]
        var steps = JSONObject(minimumCapacity: graph.steps.count)
        for step in graph.steps { steps[step.id] = Self.state(given[step.id]) }
        var runFields: JSONObject = ["id": .string(run.text), "started_at": .string(at.rfc3339)]
        data["run"]?.objectValue?.forEachPair { runFields[$0] = $1 }
        scope = RunScope(
            inputs: CELValue(.object(inputs)), steps: CELValue(.object(steps)), run: CELValue(.object(runFields)))

        let read = Self.references(of: step, model, in: graph)
        var missing = read.compactMap { Self.missing($0, in: steps) }
        readsSteps = (read + (step.forEach?.items.references ?? [])).contains { $0.path.first == "steps" }
        givenItem = step.forEach.flatMap { forEach in
            (data[forEach.name] ?? data["item"]).map { ($0, Int(data["index"]?.intValue ?? 0)) }
        }
        if let forEach = step.forEach, givenItem == nil, read.contains(where: { [forEach.name, "index"].contains($0.path[0]) }),
            forEach.items.references.contains(where: { Self.missing($0, in: steps) != nil })
        {
            missing.append(forEach.name)
        }
        var seen: TextSet = []
        self.missing = missing.filter { seen.insert($0).inserted }
    }

    /// - Parameters:
    ///   - files: where attached files are read from.
    ///   - support: what is known of the model's way with attachments.
    /// - Throws: `StepFailure`, as the step would fail in a run; also when a value of `missing` is read.
    public func render(files: (any AttachmentSource)? = nil, support: AttachmentSupport = .none) async throws(StepFailure) -> Rendered {
        let (scope, item) = try itemScope()
        let own = try StepFailure.evaluating { () throws(EvaluationError) in try scope.evaluating(with: step.with) }
        let attached = try await AttachmentReader(source: files, file: graph.file).segments(model.attachments, own)
        let attachedTokens = RequestBound.knownTokens(attached, support)
        let renderer = PromptRenderer(graph: graph)
        let (segments, trimmed) = try StepFailure.evaluating { () throws(EvaluationError) -> ([PromptSegment], [TrimmedValue]) in
            let whole = try renderer.segments(model, scope: own, attached: attached)
            let cut = try PromptTrimmer(step.limits, attachedTokens: attachedTokens)?.fit(whole, own) { scope throws(EvaluationError) in
                try renderer.segments(model, scope: scope, attached: attached)
            }
            return (cut?.segments ?? whole, cut?.values ?? [])
        }
        let unbounded = segments.compactMap { segment in segment.attachment.flatMap { RequestBound.tokens($0, support) == nil ? $0.name : nil } }
        let bounded = segments.filter { $0.attachment.map { RequestBound.tokens($0, support) != nil } ?? true }
        let whole = RequestBound.inputTokens(bounded, schemaBound: model.schemaBound, support: support)!
        let template = TokenBound.templateOverhead(messages: bounded.count)
        return Rendered(
            segments: segments, item: item, bound: (whole - model.schemaBound - template, model.schemaBound, template), unbounded: unbounded,
            attachedTokens: attachedTokens, trimmed: trimmed)
    }

    /// In the scope of the item that is shown.
    private func itemScope() throws(StepFailure) -> (RunScope, (index: Int, count: Int?)?) {
        var scope = scope
        var item: (index: Int, count: Int?)?
        if let forEach = step.forEach {
            if let givenItem {
                scope = scope.adding(RunScope.Item(name: forEach.name, value: CELValue(givenItem.value), index: givenItem.index))
                item = (givenItem.index, nil)
            } else if missing.isEmpty {
                let list = try items(forEach)
                scope = scope.adding(RunScope.Item(name: forEach.name, value: CELValue(list[0]), index: 0))
                item = (0, list.count)
            }
        }
        return (scope, item)
    }

    private func items(_ forEach: ForEach) throws(StepFailure) -> [JSONValue] {
        let value = try StepFailure.evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(scope) }
        guard let list = value.arrayValue else { throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)") }
        guard !list.isEmpty else {
            throw StepFailure(.items, "for_each.items is empty: no prompt would be sent", details: ["give '\(forEach.name)' to see the prompt of one"])
        }
        return list
    }

    /// As a run leaves a step behind; what is given wins.
    private static func state(_ given: JSONValue?) -> JSONValue {
        guard let fields = given?.objectValue else { return .object(["status": .string(NodeStatus.skipped.rawValue)]) }
        var state: JSONObject = ["status": .string(NodeStatus.succeeded.rawValue), "accepted": true]
        fields.forEachPair { state[$0] = $1 }
        return .object(state)
    }

    private static func references(of step: Step, _ model: ModelStep, in graph: WorkflowGraph) -> [Reference] {
        var references = (model.system?.references ?? []) + model.prefixes.flatMap { graph.prefixes[$0].text.references }
        switch model.body {
        case .prompt(let template): references += template.references
        case .messages(let messages): references += messages.flatMap(\.text.references)
        }
        references += model.attachments.flatMap(\.source.references)
        return references + step.with.flatMap(\.value.references)
    }

    /// The path of a read that nothing given answers. What is not an object is left to evaluation.
    private static func missing(_ reference: Reference, in steps: JSONObject) -> String? {
        guard reference.path.first == "steps", !reference.isGuarded else { return nil }
        var value = JSONValue.object(steps)
        for name in reference.path.dropFirst() {
            guard let object = value.objectValue else { return nil }
            guard let next = object[name] else { return reference.path.joined(separator: ".") }
            value = next
        }
        return nil
    }
}
