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
        var model: String?
        var reason: String?
        var tally = Tally()
    }

    struct Step: Sendable {
        let id: String
        let kind: String
        let dependsOn: [String]
        var status = NodeStatus.pending
        var figures = NodeFigures()
        /// Of a `for_each` step, once its list is known.
        var itemCount: Int?
        var itemsDone = 0
        var itemsFailed = 0
        var itemsRunning: Set<String> = []
        /// Of short lists only: a line of its own is printed for each.
        var items: [String: NodeFigures] = [:]

        var isDone: Bool { status != .pending && status != .running }
    }

    /// Longer lists are told in tenths and by their failures when there is no terminal.
    static let maxItemLines = 20

    public private(set) var status: RunStatus?
    private(set) var workflow = ""
    private(set) var runID = ""
    private(set) var budget: Money?
    private(set) var steps: [Step] = []
    private(set) var startedAt: Timestamp?
    private(set) var endedAt: Timestamp?
    private(set) var tally = Tally()
    private var indexes: [String: Int] = [:]
    private var holds: [String: Money] = [:]
    /// What stays held after calls ended without final usage, beyond their estimated cost.
    private var lingering = MoneySum.zero

    public init() {}

    /// Held for calls in flight or of unknown end.
    var held: MoneySum { holds.values.reduce(into: lingering) { $0.add($1) } }

    /// Steps and items at work now.
    var runningCount: Int {
        steps.reduce(0) { $0 + ($1.itemCount != nil ? $1.itemsRunning.count : $1.status == .running ? 1 : 0) }
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
            self.steps = steps.map { Step(id: $0.id, kind: $0.kind, dependsOn: $0.dependsOn) }
            for (index, step) in steps.enumerated() { indexes[step.id] = index }
        case .stepState(let path, let status, let model, let tier):
            guard let index = index(of: path) else { return }
            if path == steps[index].id {
                Self.step(&steps[index], became: status, at: moment)
            } else {
                Self.item(path, of: &steps[index], became: status, at: moment)
            }
            if let name = model ?? tier { change(path) { $0.model = name } }
        case .itemsExpanded(let id, let count):
            guard let index = index(of: id) else { return }
            steps[index].itemCount = count
        case .callStarted(let path, let call, let held):
            guard index(of: path) != nil else { return }
            holds[call] = held
        case .callEnded(let path, let call, let state, let input, let output, let cost, let held):
            holds[call] = nil
            if state == .estimated || state == .unknown, let held {
                lingering = lingering + MoneySum(held).beyond(MoneySum(cost ?? .zero))
            }
            tally.add(state, cost: cost, held: held, input: input, output: output)
            change(path) { $0.tally.add(state, cost: cost, held: held, input: input, output: output) }
        case .reason(let path, let text):
            change(path) { $0.reason = text }
        case .ended(let status):
            self.status = status
            endedAt = moment
        }
    }

    func index(of path: String) -> Int? {
        // What happens inside of a step is told at the step: `review[2]/draft`.
        indexes[path] ?? path.firstIndex { $0 == "[" || $0 == "/" }.flatMap { indexes[String(path[..<$0])] }
    }

    /// What a step or a kept item came to.
    func figures(of path: String) -> NodeFigures? {
        guard let index = index(of: path) else { return nil }
        return path == steps[index].id ? steps[index].figures : steps[index].items[path]
    }

    private mutating func change(_ path: String, _ body: (inout NodeFigures) -> Void) {
        guard let index = index(of: path) else { return }
        // A reason of an item is not its step's, but its money and its model are.
        let reason = steps[index].figures.reason
        body(&steps[index].figures)
        guard path != steps[index].id else { return }
        steps[index].figures.reason = reason
        if steps[index].items[path] != nil { body(&steps[index].items[path]!) }
    }

    // Static, so that the list of steps is changed in place and not copied.
    private static func step(_ step: inout Step, became status: NodeStatus, at moment: Timestamp) {
        step.status = status
        if status == .running, step.figures.startedAt == nil { step.figures.startedAt = moment }
        if step.isDone {
            step.figures.endedAt = moment
            step.itemsRunning = []
        }
    }

    private static func item(_ path: String, of step: inout Step, became status: NodeStatus, at moment: Timestamp) {
        if step.status == .pending { Self.step(&step, became: .running, at: moment) }
        if (step.itemCount ?? 0) <= maxItemLines, step.items[path] == nil { step.items[path] = NodeFigures() }
        switch status {
        case .pending: break
        case .running, .waiting:
            step.itemsRunning.insert(path)
            if step.items[path]?.startedAt == nil { step.items[path]?.startedAt = moment }
        case .succeeded, .failed, .skipped, .cancelled:
            step.itemsRunning.remove(path)
            step.itemsDone += 1
            if status == .failed { step.itemsFailed += 1 }
            step.items[path]?.endedAt = moment
        }
    }
}
