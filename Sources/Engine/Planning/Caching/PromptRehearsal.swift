import Expressions
import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// The prompts of a workflow rendered without a run, each step's once, with made-up values for what steps come to: to see whether the same values give the same bytes.
public struct PromptRehearsal {
    public struct Prompt: Sendable, Hashable {
        /// Of the step, without items and passes.
        public var path: String
        /// Empty for the step's own, else the name of a check.
        public var part: String
        /// With what it says, in their order.
        public var segments: [Segment]

        public struct Segment: Sendable, Hashable {
            public var origin: String
            public var text: String

            public init(origin: String, text: String) {
                self.origin = origin
                self.text = text
            }
        }

        public init(path: String, part: String, segments: [Segment]) {
            self.path = path
            self.part = part
            self.segments = segments
        }
    }

    /// In an order in which the steps can run.
    public private(set) var prompts: [Prompt] = []
    /// Prompts that made-up values do not give, with the reason.
    public private(set) var failures: [(path: String, reason: String)] = []

    private let run: CELValue

    /// - Parameter inputs: bound to the graph.
    public init(_ graph: WorkflowGraph, inputs: JSONObject, run: RunID, at time: Timestamp) {
        self.run = CELValue(.object(["id": .string(run.text), "started_at": .string(time.rfc3339)]))
        _ = visit(graph, inputs, prefix: "")
    }

    /// Inputs that fit what a workflow declares, as far as one can be made up; those that are given win.
    public static func inputs(of graph: WorkflowGraph, given: JSONObject) -> JSONObject {
        var inputs = given
        for input in graph.inputs where inputs[input.name] == nil && input.defaultValue == nil { inputs[input.name] = input.schema.sample }
        return inputs
    }

    private struct Place {
        let graph: WorkflowGraph
        let inputs: JSONObject
        /// States of steps that can be read.
        var steps: JSONObject
        var with: JSONObject = [:]
        var items: [RunScope.Item] = []
        var pass: CELValue?
        var prefix: String
    }

    private func scope(_ place: Place) -> RunScope {
        RunScope(inputs: CELValue(.object(place.inputs)), steps: CELValue(.object(place.steps)), run: run, with: place.with, items: place.items, pass: place.pass)
    }

    /// - Returns: its outputs.
    private mutating func visit(_ graph: WorkflowGraph, _ inputs: JSONObject, prefix: String) -> JSONValue {
        var place = Place(graph: graph, inputs: inputs, steps: [:], prefix: prefix)
        place.steps = visit(graph.body, place)
        if let finally = graph.finally { _ = visit(finally, place) }
        var outputs = JSONObject()
        let scope = scope(place)
        for (name, value) in graph.outputs { outputs[name] = (try? value.evaluate(scope)) ?? "text" }
        return .object(outputs)
    }

    /// - Returns: the states of its steps, with those around.
    private mutating func visit(_ body: StepGraph, _ place: Place) -> JSONObject {
        var place = place
        // Whatever is read before it is there, in a loop or by a guard, is skipped.
        for step in body.steps { place.steps[step.id] = ["status": .string(NodeStatus.skipped.rawValue)] }
        for index in PlanBuilder.topologicalOrder(body) {
            let step = body.steps[index]
            let output = visit(step, place)
            place.steps[step.id] = [
                "status": .string(NodeStatus.succeeded.rawValue), "output": output, "accepted": true, "tier": .string(step.modelStep?.tier ?? ""), "attempts": 1, "tiers_asked": 1, "cost_usd": 0.01,
                "tokens": 100, "exit_code": 0,
            ]
        }
        return place.steps
    }

    private mutating func visit(_ step: Step, _ place: Place) -> JSONValue {
        var place = place
        let path = place.prefix + step.id
        if let forEach = step.forEach {
            let item = (try? forEach.items.evaluateJSON(scope(place)))?.arrayValue?.first ?? "text"
            place.items.append(RunScope.Item(name: forEach.name, value: CELValue(item), index: 0))
        }
        let around = scope(place)
        for (name, template) in step.with { place.with[name] = (try? template.evaluate(around)) ?? "text" }
        let output: JSONValue
        switch step.kind {
        case .model(let model):
            output = model.schema?.sample ?? "An answer."
            render(model, step, path, place, output)
        case .value(let template): output = (try? template.evaluate(scope(place))) ?? "text"
        case .run(let command): output = command.schema?.sample ?? (command.parse == .text ? "Printed text." : command.parse == .jsonl ? [] : [:])
        case .approve: output = ["approved": true, "by": "somebody", "note": ""]
        case .group(let body): output = Self.outputs(of: body, visit(body, inside(place, path)))
        case .loop(let loop):
            var inner = inside(place, path)
            inner.pass = CELValue(["index": 0])
            output = Self.outputs(of: loop.body, visit(loop.body, inner))
        case .workflow(let other):
            output = visit(other.graph, Self.inputs(of: other.graph, given: place.with), prefix: path + "/")
        default: output = "text"
        }
        return step.forEach == nil ? output : [output]
    }

    private func inside(_ place: Place, _ path: String) -> Place {
        var inner = place
        inner.prefix = path + "/"
        return inner
    }

    private static func outputs(of body: StepGraph, _ states: JSONObject) -> JSONValue {
        var outputs = JSONObject()
        for step in body.steps { outputs[step.id] = states[step.id]?.objectValue?["output"] }
        return .object(outputs)
    }

    private mutating func render(_ model: ModelStep, _ step: Step, _ path: String, _ place: Place, _ answer: JSONValue) {
        let scope = scope(place)
        add(model, path, "", place.graph, scope, frame: nil)
        guard let own = prompts.last, own.path == path, own.part.isEmpty, let escalation = model.escalation else { return }
        let question = own.segments.map(\.text).joined(separator: PromptSegment.joiner)
        for check in escalation.checks {
            guard case .judge(let judge) = check.kind else { continue }
            let judging = scope.judging(RunScope.Judged(question: question, output: CELValue(answer), tier: model.tier, checks: CELValue([:])))
            add(judge.question, path, check.name, place.graph, judging, frame: judge.needsFrame ? PromptRenderer.frame(question: question, answer: answer) : nil)
        }
    }

    private mutating func add(_ model: ModelStep, _ path: String, _ part: String, _ graph: WorkflowGraph, _ scope: RunScope, frame: String?) {
        do throws(EvaluationError) {
            let segments = try PromptRenderer(graph: graph).segments(model, scope: scope, frame: frame)
            prompts.append(Prompt(path: path, part: part, segments: segments.map { Prompt.Segment(origin: $0.origin, text: $0.text) }))
        } catch {
            failures.append((path, error.message))
        }
    }

    // MARK: Two of them

    /// Where two renderings of one prompt part.
    public struct Difference: Sendable, Hashable {
        public let path: String
        public let part: String
        /// The segment with the first byte that differs, and how many bytes of the prompt stand before that.
        public let segment: Int
        public let origin: String
        public let bytes: Int
        /// How many segments the prompt has.
        public let count: Int

        /// Whether there is something behind it, or in front of it nothing: of the last part of a prompt nothing is shared.
        public var isLast: Bool { segment == count - 1 }
    }

    /// The first difference of each prompt.
    public static func differences(_ first: [Prompt], _ second: [Prompt]) -> [Difference] {
        zip(first, second).compactMap { a, b in
            var bytes = 0
            for index in 0..<max(a.segments.count, b.segments.count) {
                guard index < a.segments.count, index < b.segments.count, a.segments[index].text.hasSameBytes(as: b.segments[index].text) else {
                    let texts = (index < a.segments.count ? Array(a.segments[index].text.utf8) : [], index < b.segments.count ? Array(b.segments[index].text.utf8) : [])
                    let equal = zip(texts.0, texts.1).prefix { $0 == $1 }.count
                    let origin = index < a.segments.count ? a.segments[index].origin : b.segments[index].origin
                    return Difference(path: a.path, part: a.part, segment: index, origin: origin, bytes: bytes + equal, count: max(a.segments.count, b.segments.count))
                }
                bytes += a.segments[index].text.utf8.count + PromptSegment.joiner.utf8.count
            }
            return nil
        }
    }
}
