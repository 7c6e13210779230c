import Expressions
import PromptCaching
import Values
import WorkflowModel

extension PrefixOutlook {
    /// What is taken for what nobody knows before a run.
    enum Assumed {
        /// Of a call, a command and other steps, in seconds.
        static let call = 5.0
        static let command = 5.0
        /// Until a person answers: longer than five minutes, shorter than an hour.
        static let person = 1800.0
        /// Of a list whose length is not known; where it is bounded, half of that if it is less.
        static let items = 4.0
        /// That a step with a condition runs, and that a gate goes on to its next tier.
        static let chance = 0.5
    }

    /// - Parameters:
    ///   - history: of runs that succeeded: how often a step asked, and how long its calls took.
    ///   - inputs: the run's, bound; `nil`: not known yet, so that the outlook holds for all runs.
    init(_ graph: WorkflowGraph, history: WorkflowHistory = WorkflowHistory(), inputs: JSONObject? = nil) {
        var survey = PrefixSurvey(root: graph, history: history)
        survey.visit(graph, PrefixSurvey.Place(graph: graph, scope: PlanScope(inputs: inputs.map { CELValue(.object($0)) } ?? .unknown)))
        self.init(axes: survey.axes, asked: survey.asked)
    }
}

/// Goes through a graph for ``PrefixOutlook``.
struct PrefixSurvey {
    /// What a value depends on: equal words and equal places on the axes, equal values.
    struct Origin {
        var words: String
        var axes: [Int] = []

        static func joined(_ origins: [Origin]) -> Origin {
            var axes: [Int] = []
            for axis in origins.flatMap(\.axes) where !axes.contains(axis) { axes.append(axis) }
            return Origin(words: origins.map(\.words).joined(separator: ";"), axes: axes.sorted())
        }
    }

    /// What the names of expressions stand for.
    struct Names {
        /// Of a workflow that another one runs; `nil`: those of the run.
        var inputs: [(name: String, origin: Origin)]?
        /// The bodies around, the outermost first.
        var bodies: [(body: StepGraph, path: String, axes: [Int])] = []
        var items: [(name: String, origin: Origin)] = []
        var index: Origin?
        var pass: Origin?
        var with: [(name: String, origin: Origin)] = []
        /// An answer and what was found of it.
        var answer: Origin?

        /// What a prefix can read: the same for every step that uses it.
        var shared: Names {
            var names = self
            (names.items, names.index, names.pass, names.with, names.answer) = ([], nil, nil, [], nil)
            return names
        }

        private static func find(_ name: String?, in list: [(name: String, origin: Origin)]) -> Origin {
            guard let name else { return Origin.joined(list.map(\.origin)) }
            return list.last { $0.name.hasSameBytes(as: name) }?.origin ?? Origin(words: "no \(name)")
        }

        func origin(of reference: Reference) -> Origin {
            let name = reference.path.count > 1 ? reference.path[1] : nil
            switch reference.path[0] {
            case "inputs": return inputs.map { Self.find(name, in: $0) } ?? Origin(words: "inputs")
            case "run": return Origin(words: "run")
            case "with": return Self.find(name, in: with)
            case "index": return index ?? Origin(words: "index")
            case "pass": return pass ?? Origin(words: "pass")
            case "steps":
                guard let name, let around = bodies.last(where: { $0.body.index(of: name) != nil }) else {
                    return Origin(words: "steps of \(bodies.last?.path ?? "")", axes: bodies.last?.axes ?? [])
                }
                return Origin(words: "step \(around.path)\(name)", axes: around.axes)
            case let root:
                if let item = items.last(where: { $0.name.hasSameBytes(as: root) }) { return item.origin }
                return answer ?? Origin(words: root)
            }
        }

        func origin(of references: [Reference]) -> Origin { Origin.joined(references.map(origin)) }

        func origin(of template: Template) -> Origin {
            var words = ""
            for part in template.parts {
                switch part {
                case .text(let text): words += "\(text.utf8.count):\(text)"
                case .expression(let expression): words += "{\(expression.source)}"
                }
            }
            return with(words, template.references)
        }

        func origin(of template: ValueTemplate) -> Origin {
            switch template {
            case .literal(let value): return Origin(words: value.jsonText)
            case .template(let template): return origin(of: template)
            case .expression(let expression): return with("{\(expression.source)}", expression.references)
            case .array(let elements): return Origin.joined([Origin(words: "[\(elements.count)")] + elements.map { origin(of: $0) })
            case .object(let pairs): return Origin.joined(pairs.flatMap { [Origin(words: $0.key), origin(of: $0.value)] })
            }
        }

        private func with(_ words: String, _ references: [Reference]) -> Origin {
            references.isEmpty ? Origin(words: words) : Origin.joined([Origin(words: words)] + references.map(origin))
        }
    }

    /// Where a body stands.
    struct Place {
        var graph: WorkflowGraph
        var scope: PlanScope
        var path = ""
        var axes: [Int] = []
        var probability = 1.0
        /// Seconds from the beginning of the run.
        var start = 0.0
        var names = Names()
    }

    let root: WorkflowGraph
    let history: WorkflowHistory
    private(set) var axes: [PrefixOutlook.Axis] = []
    private(set) var asked: [PrefixOutlook.Asked] = []
    private var identities: TextTable<Int> = [:]
    private var spaces: TextTable<Int> = [:]

    init(root: WorkflowGraph, history: WorkflowHistory) {
        self.root = root
        self.history = history
    }

    private mutating func addAxis(_ kind: PrefixOutlook.Axis.Kind, _ count: Double, width: Double, period: Double) -> Int {
        axes.append(PrefixOutlook.Axis(kind: kind, count: count, width: max(1, min(width, count)), period: period))
        return axes.count - 1
    }

    // MARK: Steps

    /// - Returns: how long it takes, in seconds.
    @discardableResult
    mutating func visit(_ graph: WorkflowGraph, _ place: Place) -> Double {
        var place = place
        place.graph = graph
        let body = visit(graph.body, place)
        guard let finally = graph.finally else { return body }
        place.start += body
        place.names.bodies.append((graph.body, place.path, place.axes))
        return body + visit(finally, place)
    }

    private mutating func visit(_ body: StepGraph, _ place: Place) -> Double {
        var place = place
        place.names.bodies.append((body, place.path, place.axes))
        var ends = [Double](repeating: 0, count: body.steps.count)
        var probabilities = [Double](repeating: 1, count: body.steps.count)
        for index in PlanBuilder.topologicalOrder(body) {
            let step = body.steps[index]
            var here = place
            here.path += step.id
            var start = 0.0
            var chance = 1.0
            for edge in body.dependencies[index] {
                start = max(start, ends[edge.step])
                if edge.kind == .required { chance = min(chance, probabilities[edge.step]) }
            }
            if let when = step.when { chance *= self.chance(when, place.scope) }
            probabilities[index] = chance
            here.probability *= chance
            here.start += start
            ends[index] = start + visit(step, here, concurrency: place.graph.concurrency)
        }
        return ends.max() ?? 0
    }

    private func chance(_ condition: Expression, _ scope: PlanScope) -> Double {
        guard case .bool(let isTrue)? = try? condition.evaluate(scope) else { return PrefixOutlook.Assumed.chance }
        return isTrue ? 1 : 0
    }

    private mutating func visit(_ step: Step, _ place: Place, concurrency: Int) -> Double {
        var place = place
        var items: Int?
        if let forEach = step.forEach {
            let count = count(forEach, place)
            let width = Double(forEach.maxParallel ?? concurrency)
            // How long one takes is known only when its steps have been gone through.
            let axis = addAxis(.items, count, width: width, period: 0)
            items = axis
            place.axes.append(axis)
            place.names.items.append((forEach.name, Origin.joined([Origin(words: "item of \(place.path)", axes: [axis]), place.names.origin(of: forEach.items.references)])))
            place.names.index = Origin(words: "index of \(place.path)", axes: [axis])
        }
        for (name, template) in step.with { place.names.with.append((name, place.names.origin(of: template))) }
        let once: Double
        switch step.kind {
        case .model(let model): once = visit(model, step, place)
        case .approve(let approval): once = min(PrefixOutlook.Assumed.person, approval.timeout.map { Double($0.milliseconds) / 1000 } ?? .infinity)
        case .group(let body):
            place.path += "/"
            once = visit(body, place)
        case .workflow(let other):
            var inner = place
            inner.path += "/"
            inner.scope = place.scope.inputs(of: step)
            inner.names = Names(
                inputs: other.graph.inputs.map { input in
                    let given = step.with.firstIndex { $0.key.hasSameBytes(as: input.name) }
                    return (input.name, given.map { place.names.origin(of: step.with[$0].value) } ?? Origin(words: "default \(input.defaultValue?.jsonText ?? "")"))
                })
            once = visit(other.graph, inner)
        case .loop(let loop):
            // Who may stop early does so halfway.
            let passes = loop.until == nil ? Double(loop.max) : Double(loop.max + 1) / 2
            let axis = addAxis(.passes, passes, width: 1, period: 0)
            place.names.pass = Origin(words: "pass of \(place.path)", axes: [axis])
            place.axes.append(axis)
            place.path += "/"
            let pass = visit(loop.body, place)
            axes[axis] = PrefixOutlook.Axis(kind: .passes, count: passes, width: 1, period: pass)
            once = pass * passes
        default: once = step.kind.form == .value ? 0 : min(PrefixOutlook.Assumed.command, Double(step.timeout.milliseconds) / 1000)
        }
        guard let items else { return once }
        let axis = PrefixOutlook.Axis(kind: .items, count: axes[items].count, width: axes[items].width, period: once)
        axes[items] = axis
        return axis.spread + once
    }

    private func count(_ forEach: ForEach, _ place: Place) -> Double {
        if let list = (try? forEach.items.evaluateJSON(place.scope))?.arrayValue { return Double(list.count) }
        return min(PrefixOutlook.Assumed.items, forEach.maxItems.map { max(1, Double($0) / 2) } ?? .infinity)
    }

    // MARK: Questions

    /// - Returns: how long it takes once.
    private mutating func visit(_ model: ModelStep, _ step: Step, _ place: Place) -> Double {
        let calls = history.steps[place.path] ?? []
        let known = calls.reduce(0) { $0 + $1.calls }
        let seconds = known > 0 ? Double(calls.reduce(0) { $0 + $1.milliseconds }) / 1000 / Double(known) : PrefixOutlook.Assumed.call
        let often = place.axes.reduce(place.probability) { $0 * axes[$1].count }
        guard let escalation = model.escalation else {
            let learned = history.runs > 0 ? Double(calls.reduce(0) { $0 + $1.calls + $1.callsWithoutUsage }) / Double(history.runs) : nil
            ask(model, step, tier: model.tier, expected: learned.flatMap { $0 > 0 ? $0 : nil } ?? often, at: place.start, place)
            return seconds
        }
        let first = if case .position(let position) = escalation.start { position } else { 0 }
        let rates = history.gates.filter { $0.step.hasSameBytes(as: place.path) && $0.gate == escalation.hash }
        var (share, time, all) = (1.0, 0.0, 0.0)
        var before: GateRate?
        for tier in escalation.tiers[first...] {
            let rate = rates.first { $0.tier.hasSameBytes(as: tier) }
            if all > 0 { share *= before.map { Double((rate?.asked ?? 0) + 1) / Double($0.asked + 2) } ?? PrefixOutlook.Assumed.chance }
            before = rate ?? GateRate(step: "", gate: escalation.hash, tier: tier, accepted: 0, decided: 0)
            ask(model, step, tier: tier, expected: often * min(1, share), at: place.start + time, place)
            for check in escalation.checks {
                guard case .agreement(let agree) = check.kind, case .samples = agree.asked, agree.firstWave > 0 else { continue }
                var samples = place
                samples.axes.append(addAxis(.answers, Double(agree.firstWave), width: .infinity, period: 0))
                ask(agree.question(of: model), step, part: check.name, tier: tier, expected: often * min(1, share) * Double(agree.firstWave), at: place.start + time + seconds, samples)
            }
            all += min(1, share)
            time += seconds
        }
        for check in escalation.checks {
            var looking = place
            switch check.kind {
            case .judge(let judge):
                let axis = addAxis(.answers, all, width: 1, period: seconds)
                looking.axes.append(axis)
                looking.names.answer = Origin(words: "answer of \(place.path) for \(check.name)", axes: looking.axes)
                ask(judge.question, step, part: check.name, tier: judge.question.tier, expected: often * all, at: place.start + seconds, looking, frames: judge.needsFrame)
            case .agreement(let agree):
                guard case .tier(let other) = agree.asked else { continue }
                ask(agree.question(of: model), step, part: check.name, tier: other, expected: often, at: place.start + (agree.startsEarly ? 0 : seconds), looking)
            case .expression, .logprob, .command: break
            }
        }
        return time
    }

    private mutating func ask(
        _ model: ModelStep, _ step: Step, part: String = "", tier: String, expected: Double, at start: Double, _ place: Place, frames: Bool = false
    ) {
        let named = place.graph.tier(named: tier) ?? root.tier(named: tier)
        var space = "\(named?.models.first.map(\.description) ?? "?")\n"
        space += (named.map { model.sampling.over($0.sampling) } ?? model.sampling).reasoning ?? ""
        space += "\n" + (model.schema?.source.jsonText ?? "")
        asked.append(
            PrefixOutlook.Asked(
                path: place.path, part: part, tier: tier, model: named?.models.first, step: step, question: model, space: Self.number(space, &spaces),
                blocks: blocks(model, step, place, frames: frames), axes: place.axes, expected: expected, start: start))
    }

    private static func number(_ words: String, _ table: inout TextTable<Int>) -> Int {
        if let known = table[words] { return known }
        let next = table.count
        table[words] = next
        return next
    }

    /// As ``PromptRenderer`` makes segments.
    private mutating func blocks(_ model: ModelStep, _ step: Step, _ place: Place, frames: Bool) -> [PrefixOutlook.Block] {
        var blocks: [PrefixOutlook.Block] = []
        let own = place.scope.with(step)
        func add(_ role: MessageRole, _ stability: StabilityClass, _ origin: String, _ value: Origin, _ template: Template?, _ scope: PlanScope, opens: Bool = false) {
            var (bytes, isComplete) = template.map { Self.size($0, scope) } ?? (0, false)
            // What stands between two segments of a message is the second one's.
            if !opens, blocks.last?.role == role { bytes += PromptSegment.joiner.utf8.count }
            blocks.append(
                PrefixOutlook.Block(
                    identity: Self.number("\(role.rawValue) \(opens) \(value.words)", &identities), role: role, stability: stability, origin: origin, axes: value.axes, knownBytes: bytes,
                    isComplete: isComplete))
        }
        func attach() {
            for attachment in model.attachments {
                var value = place.names.origin(of: attachment.source)
                value.words += " attached as \(attachment.detail.map { "\($0)" } ?? "it is")"
                add(.user, attachment.stability, PrefixOutlook.attachment, value, nil, own)
            }
        }
        func frame(opens: Bool) {
            add(.user, .attempt, "what is judged", place.names.answer ?? Origin(words: "what is judged", axes: place.axes), nil, own, opens: opens)
        }
        if let system = model.system { add(.system, model.systemStability, "system", place.names.origin(of: system), system, own) }
        for index in model.prefixes {
            let prefix = place.graph.prefixes[index]
            add(prefix.stability <= .tenant ? .system : .user, prefix.stability, prefix.origin, place.names.shared.origin(of: prefix.text), prefix.text, place.scope)
        }
        switch model.body {
        case .prompt(let template):
            attach()
            if frames { frame(opens: false) }
            add(.user, model.bodyStability, "prompt", place.names.origin(of: template), template, own)
        case .messages(let messages):
            let last = messages.lastIndex { $0.role == .user }
            var isFramed = false
            for (index, message) in messages.enumerated() {
                if index == last { attach() }
                if frames, !isFramed, message.role == .user {
                    frame(opens: index > 0)
                    isFramed = true
                }
                add(message.role, model.bodyStability, "messages[\(index)]", place.names.origin(of: message.text), message.text, own, opens: index > 0)
            }
        }
        return blocks
    }

    private static func size(_ template: Template, _ scope: PlanScope) -> (bytes: Int, isComplete: Bool) {
        var (bytes, isComplete) = (0, true)
        for part in template.parts {
            switch part {
            case .text(let text): bytes += text.utf8.count
            case .expression(let expression):
                guard let value = try? expression.evaluateJSON(scope) else {
                    isComplete = false
                    continue
                }
                bytes += (value.stringValue ?? value.jsonText).utf8.count
            }
        }
        return (bytes, isComplete)
    }
}
