import Economics
import Values
import WorkflowModel

/// The live picture of a run: fed with updates, asked for frames. No clock of its own.
///
/// For example:
///
///     var tree = LiveTree()
///     tree.apply(update, at: now)
///     let lines = tree.frame(now: now, style: style, height: 24)
public struct LiveTree: Sendable {
    struct NodeFigures: Sendable {
        var startedAt: Timestamp?
        var endedAt: Timestamp?
        /// Who was asked first, and who is asked now or has answered.
        var asked: String?
        var model: String?
        var reason: String?
        /// What a person answered to what it asked, and whether that was a yes.
        var decision: String?
        var isRejected = false
        /// Calls that came to nothing, one after the other.
        var triesFailed = 0
        /// Who was asked last at each tier, of a step that asks several.
        var modelOfTier: [String: String] = [:]
        /// Such tiers in the order in which they were asked.
        var tiers: [String] = []
        /// Those of them in whose place another is asked.
        var replaced: Set<String> = []
        var tally = Tally()

        /// What is said of a call without the name of its model, which stands beside it.
        func withoutModel(_ text: String) -> String {
            for name in [model, asked] {
                if let name, text.hasPrefix(name + ": ") { return String(text.dropFirst(name.count + 2)) }
            }
            return text
        }

        /// `py/free (asked fake/dear)`: who answered, and who was asked where that is another one; `local/mid (in place of small)` by a band of the budget; `local/small > local/mid` of a step that goes on to a further tier, and
        /// `local/small of local/small > local/mid` where the answer of an earlier one is taken.
        var modelText: String? {
            guard tiers.count > 1 else { return model.map { Answerer.text($0, asked: asked, inPlaceOf: tiers.first { replaced.contains($0) }) } }
            let way = tiers.map { tier in Answerer.text(modelOfTier[tier]!, asked: nil, inPlaceOf: replaced.contains(tier) ? tier : nil) }.joined(separator: " > ")
            return model.map { $0 == tiers.last.flatMap { modelOfTier[$0] } ? way : "\($0) of \(way)" }
        }

        /// - Parameter tier: `nil`: no model answered, a person did.
        mutating func take(_ tier: String?) {
            if let tier { model = modelOfTier[tier] ?? model } else { (model, asked, tiers, replaced) = (nil, nil, [], []) }
        }
    }

    struct Step: Sendable {
        let id: String
        let kind: String
        let dependsOn: [String]
        /// How many steps it stands in.
        let depth: Int
        /// Whether it runs more than once, in items or passes around it.
        var isRepeated = false
        var status = NodeStatus.pending
        var figures = NodeFigures()
        /// Of a `for_each` step, once its list is known; of all its lists, where it has more than one.
        var itemCount: Int?
        var itemsDone = 0
        var itemsFailed = 0
        var itemsRunning: Set<String> = []
        /// The places, in items or passes around it, where it is at work, and how often it ended.
        var running: Set<String> = []
        var ended = 0
        var failed = 0
        /// The first of its items, or of its runs, that failed, and why.
        var firstFailure: Failure?

        var isDone: Bool { ![.pending, .running, .waiting].contains(status) }
        var isContainer: Bool { ["group", "loop", "workflow"].contains(kind) }
        /// Itself, or something of it.
        var hasFailed: Bool { status == .failed || itemsFailed > 0 || failed > 0 }
        /// How much of it failed: a step, or its items.
        var failures: Int { itemCount != nil ? max(itemsFailed, status == .failed ? 1 : 0) : failed }
    }

    /// Why a node failed.
    struct Failure: Sendable {
        let path: String
        /// With the number of tries, where there were several.
        let text: String
    }

    /// Longer lists are told in tenths and by their failures when there is no terminal.
    static let maxItemLines = 20

    public private(set) var status: RunStatus?
    private(set) var workflow = ""
    private(set) var runID = ""
    private(set) var budget: Money?
    /// Of its budget, the last that it came to.
    private(set) var band: BudgetBand.Name?
    private(set) var steps: [Step] = []
    private(set) var startedAt: Timestamp?
    private(set) var endedAt: Timestamp?
    private(set) var tally = Tally()
    private var indexes: [String: Int] = [:]
    /// Whether steps come into it as they are told of.
    private var showsWhatIsTold = false
    /// What is at work in items and passes, and what ended last, by path.
    private var places: [String: NodeFigures] = [:]
    private var endedPlace: String?
    private var holds: [String: Money] = [:]
    /// The paths of calls in flight.
    private var inFlight: [String: String] = [:]
    /// What calls in flight ask for, where that is no answer of their step; and of the call that ended last.
    private var parts: [String: String] = [:]
    private var lastPart: (call: String, name: String)?
    private var remarks: TextSet = []
    /// Whether the last remark was not made before.
    private(set) var isNewRemark = false
    private static let mostRemarks = 100
    /// The first node that failed by these words, as long as there are not too many of them: what is said twice is said once.
    private var failureTexts: TextTable<String> = [:]
    private static let mostFailures = 10_000
    /// Of the last failure, which node failed by the same words before, and whether that is one inside of it.
    private(set) var saidBefore: String?
    private(set) var isRepeated = false
    /// Whether the last reason is another than the one before it.
    private(set) var isNewReason = false
    /// A failure that the run's last line is going to tell, and that nothing else has told.
    private(set) var heldBack: Failure?

    public init() {}

    /// The failure that was not told by a line of its own, unless the message tells it.
    public func untold(by message: String?) -> String? {
        guard let held = heldBack, message?.contains(held.text) != true else { return nil }
        return "\(held.path)  \(held.text)".harmless
    }

    /// Held for calls in flight or of unknown end.
    var held: MoneySum { holds.values.reduce(into: tally.spending.heldOpen) { $0.add($1) } }

    /// Steps and items at work now.
    var runningCount: Int {
        steps.reduce(0) { $0 + ($1.isContainer ? 0 : $1.itemCount != nil ? $1.itemsRunning.count : $1.running.count) }
    }

    /// Takes in one update. Updates of steps that the run does not have are ignored.
    public mutating func apply(_ update: LiveUpdate, at moment: Timestamp) {
        switch update {
        case .runStarted(let id, let workflow, let steps, let budget):
            self = LiveTree()
            status = .running
            runID = id
            self.workflow = workflow
            self.budget = budget
            startedAt = moment
            showsWhatIsTold = steps == nil
            for step in steps ?? [] { insert(step, at: self.steps.count) }
        case .stepState(let path, let status, let model, let tier):
            if showsWhatIsTold { show(path) }
            guard let index = index(of: path) else { return }
            if NodePath.index(path) == nil {
                Self.step(path, of: &steps[index], became: status, at: moment)
            } else {
                Self.item(path, of: &steps[index], became: status, at: moment)
            }
            keep(path, status, at: moment)
            if let name = model ?? tier { change(path) { ($0.asked, $0.model) = (name, name) } }
        case .itemsExpanded(let id, let count):
            guard let index = index(of: id) else { return }
            steps[index].itemCount = (steps[index].itemCount ?? 0) + count
        case .callStarted(let path, let call, let model, let tier, let isReplaced, let part, let held):
            guard index(of: path) != nil else { return }
            holds[call] = held
            inFlight[call] = path
            if !part.isEmpty { parts[call] = part } else if let model { answers(path, model, tier, isReplaced: isReplaced) }
        case .taken(let path, let tier): change(path) { $0.take(tier) }
        case .callEnded(let path, let call, let state, let input, let output, let cost, let held, let isEstimate):
            // Where an end does not say what it holds: what it is known to have held stays, until its usage is known.
            let reserved = holds.removeValue(forKey: call)
            inFlight[call] = nil
            lastPart = parts.removeValue(forKey: call).map { (call, $0) }
            let held = held ?? (state == .estimated || state == .unknown ? reserved : cost)
            tally.add(state, cost: cost, held: held, input: input, output: output, isEstimate: isEstimate)
            change(path, andAround: true) { $0.tally.add(state, cost: cost, held: held, input: input, output: output, isEstimate: isEstimate) }
        case .reason(let path, let text):
            isNewReason = figures(of: path)?.reason != text
            explain(path, text)
        case .tryFailed(let path, let call, _, let text):
            if let part = part(of: call) { return explain(path, "\(part): \(text)") }
            change(path) { $0.triesFailed += 1 }
            let tries = figures(of: path)?.triesFailed ?? 1
            explain(path, tries > 1 ? "\(tries) tries failed: \(text)" : text)
        case .failed(let path, let text, let endsRun): fail(path, text, endsRun: endsRun)
        case .decided(let path, let isApproved, let text):
            change(path) { ($0.decision, $0.isRejected, $0.reason) = (text, !isApproved, nil) }
        case .entered(let name, _): band = name
        case .resumed:
            for (call, path) in inFlight.sorted(by: { $0.key < $1.key }) {
                apply(.callEnded(path: path, call: call, state: .unknown, inputTokens: nil, outputTokens: nil, cost: nil, held: nil), at: moment)
            }
        case .remark(let path, let text):
            isNewRemark = remarks.count < Self.mostRemarks && remarks.insert(text).inserted
            if isNewRemark { change(path) { $0.reason = text } }
        case .ended(let status):
            self.status = status
            endedAt = moment
        }
    }

    /// What a call that has just ended asked for; `nil`: the answer of its step.
    func part(of call: String) -> String? { lastPart.flatMap { $0.call == call ? $0.name : nil } }

    private mutating func answers(_ path: String, _ model: String, _ tier: String?, isReplaced: Bool) {
        change(path) { figures in
            figures.model = model
            guard let tier else { return }
            // Nobody of the step's own tier was asked.
            if isReplaced, figures.replaced.insert(tier).inserted { figures.asked = model }
            if figures.modelOfTier[tier] == nil { figures.tiers.append(tier) }
            figures.modelOfTier[tier] = model
        }
    }

    /// A reason of an item, or of one run of many, is not its step's.
    private mutating func explain(_ path: String, _ text: String?) {
        if let index = indexes[path] { steps[index].figures.reason = text }
        places[path]?.reason = text
    }

    private mutating func fail(_ path: String, _ text: String, endsRun: Bool) {
        guard let index = index(of: path) else { return }
        let failure = Failure(path: path, text: text)
        let isAround = steps[index].isContainer || (steps[index].itemCount != nil && path == steps[index].id)
        let inner = isAround ? saidInside(text) : nil
        saidBefore = inner ?? failureTexts[text]
        isRepeated = inner != nil
        if failureTexts.count < Self.mostFailures, failureTexts[text] == nil { failureTexts[text] = path }
        if endsRun, heldBack == nil { heldBack = failure }
        explain(path, isRepeated ? nil : text)
        if !isRepeated, steps[index].firstFailure == nil { steps[index].firstFailure = failure }
    }

    /// What is around a node that failed repeats it behind a path, `item 3: review[3]/judge: …`: who said it.
    private func saidInside(_ text: String) -> String? {
        var rest = text.utf8[...]
        for _ in 0..<4 {
            repeat {
                guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
                rest = rest[rest.index(after: colon)...]
            } while rest.first != UInt8(ascii: " ")
            rest.removeFirst()
            if let path = failureTexts[String(Substring(rest))] { return path }
        }
        return nil
    }

    private mutating func insert(_ step: LiveUpdate.Step, at place: Int) {
        for index in place..<steps.count { indexes[steps[index].id] = index + 1 }
        indexes[step.id] = place
        steps.insert(Step(id: step.id, kind: step.kind, dependsOn: step.dependsOn, depth: step.id.utf8.count { $0 == UInt8(ascii: "/") }), at: place)
    }

    /// A step of which nothing was known, behind what stands in the same step, and the steps that it stands in.
    private mutating func show(_ path: String) {
        let id = NodePath.step(path)
        guard indexes[id] == nil else { return }
        let outer = NodePath.parent(id)
        if let outer { show(outer) }
        var place = outer.flatMap { indexes[$0] }.map { $0 + 1 } ?? steps.count
        if let outer { while place < steps.count, steps[place].id.hasPrefix(outer + "/") { place += 1 } }
        insert(LiveUpdate.Step(id: id, kind: ""), at: place)
    }

    /// The step of a node, wherever that is.
    func index(of path: String) -> Int? { indexes[NodePath.step(path)] }

    /// Whether there are so many of it that single ones are not worth a line.
    func isOneOfMany(_ path: String) -> Bool {
        var place: String? = path
        while let current = place {
            if let index = indexes[NodePath.step(current)], (steps[index].itemCount ?? 0) > Self.maxItemLines { return current != steps[index].id }
            place = NodePath.parent(current)
        }
        return false
    }

    /// What a step, an item or a step in one came to; of the latter only while they run and as they end.
    func figures(of path: String) -> NodeFigures? { places[path] ?? indexes[path].map { steps[$0].figures } }

    private mutating func change(_ path: String, andAround: Bool = false, _ body: (inout NodeFigures) -> Void) {
        guard let index = index(of: path) else { return }
        body(&steps[index].figures)
        if places[path] != nil { body(&places[path]!) }
        guard andAround else { return }
        var place = NodePath.parent(path)
        while let current = place {
            if places[current] != nil { body(&places[current]!) }
            // An item or a pass is a place in its step, which comes next.
            if NodePath.index(current) == nil, NodePath.step(current) != steps[index].id, let outer = self.index(of: current) { body(&steps[outer].figures) }
            place = NodePath.parent(current)
        }
    }

    private mutating func keep(_ path: String, _ status: NodeStatus, at moment: Timestamp) {
        if let ended = endedPlace { places[ended] = nil }
        endedPlace = nil
        guard indexes[path] == nil else { return }
        if places[path] == nil { places[path] = NodeFigures() }
        if status == .running { places[path]!.startedAt = places[path]!.startedAt ?? moment }
        if status != .running, status != .pending {
            places[path]!.endedAt = moment
            endedPlace = path
        }
    }

    // Static, so that the list of steps is changed in place and not copied.
    private static func step(_ path: String, of step: inout Step, became status: NodeStatus, at moment: Timestamp) {
        step.isRepeated = step.isRepeated || path != step.id
        if status == .running {
            step.running.insert(path)
            step.figures.startedAt = step.figures.startedAt ?? moment
        } else if status == .waiting {
            step.running.remove(path)
        } else if status != .pending {
            step.running.remove(path)
            step.ended += 1
            if status == .failed { step.failed += 1 }
            step.figures.endedAt = moment
            if step.running.isEmpty { step.itemsRunning = [] }
        }
        // Of many, one that failed tells more than one that ended last.
        step.status = !step.running.isEmpty ? .running : step.isRepeated && step.failed > 0 ? .failed : status
    }

    private static func item(_ path: String, of step: inout Step, became status: NodeStatus, at moment: Timestamp) {
        if step.status == .pending { Self.step(NodePath.parent(path)!, of: &step, became: .running, at: moment) }
        switch status {
        case .pending: break
        case .running, .waiting: step.itemsRunning.insert(path)
        case .succeeded, .failed, .skipped, .cancelled:
            step.itemsRunning.remove(path)
            step.itemsDone += 1
            if status == .failed { step.itemsFailed += 1 }
        }
    }
}
