import Values
import WorkflowModel

/// What `graph` prints: a checked graph by layers, as a Mermaid flowchart, or as Graphviz DOT.
///
/// A layer is the longest way from a step without dependencies: steps of one layer wait for nothing of their own layer.
public enum GraphReport {
    /// A line or more for each step, in layers; what it asks, what it waits for, and when it runs.
    public static func text(_ graph: WorkflowGraph, style: TextStyle) -> String {
        var table = Table(
            [
                .init("layer", .trailing),
                .init("step", floor: 10),
                .init("kind", expendable: 2),
                .init("model", floor: 8, expendable: 3, hidesWhenEmpty: true),
                .init("waits for", hidesWhenEmpty: true),
                .init("runs", floor: 14, expendable: 1, hidesWhenEmpty: true),
            ], emptyText: "the workflow has no steps")
        table.whole = "| cat"
        let bodies = [graph.body] + (graph.finally.map { [$0] } ?? [])
        let names = bodies.map { nameWidth($0, depth: 0) }.max() ?? 0
        // What a step waits for goes on below rather than being cut, and leaves room for the other columns.
        let room = style.width.map { max(12, min($0 - names - 12, $0 / 3)) }
        func add(_ body: StepGraph, depth: Int) {
            for (number, layer) in layers(of: body).enumerated() {
                for (position, index) in layer.enumerated() {
                    let step = body.steps[index]
                    let waits = body.dependencies[index].map { mark($0, body) }.joined(separator: ", ").wrapped(to: room)
                    for (line, text) in (waits.isEmpty ? [""] : waits).enumerated() {
                        guard line == 0 else {
                            table.add(["", "", "", "", StyledText(text)])
                            continue
                        }
                        table.add([
                            position == 0 ? StyledText("\(number + 1)", .dim) : "", StyledText(indent(depth)) + name(step), StyledText(step.kind.name, .dim),
                            StyledText(asks(step, graph, style)), StyledText(text), StyledText(conditions(step).joined(separator: "; "), .yellow),
                        ])
                    }
                    if let inner = step.kind.body { add(inner, depth: depth + 1) }
                }
            }
        }
        add(graph.body, depth: 0)
        if let finally = graph.finally {
            table.add(line: StyledText("finally", .bold))
            add(finally, depth: 0)
        }
        var lines = table.lines(style)
        func say(_ text: String) { lines += text.wrapped(to: style.width).map { StyledText($0, .dim).line(style) } }
        lines.append("")
        let top = layers(of: graph.body)
        var all = 0
        var kinds: Set<Dependency.Kind> = []
        func visit(_ body: StepGraph) {
            all += body.steps.count
            kinds.formUnion(body.dependencies.joined().map(\.kind))
            for step in body.steps { step.kind.body.map(visit) }
        }
        bodies.forEach(visit)
        let inside = all - bodies.reduce(0) { $0 + $1.steps.count }
        let counted = Figures.counted(graph.steps.count, "step") + (inside > 0 ? " with \(Figures.count(inside)) inside of them" : "")
        say(
            "\(graph.name): \(counted) in \(Figures.counted(top.count, "layer")), the widest of \(top.map(\.count).max() ?? 0)"
                + (graph.finally.map { "; \(Figures.counted($0.steps.count, "step")) in finally" } ?? ""))
        if kinds.contains(.guarded) { say("x? is read behind has(): the step runs also when x was skipped") }
        if kinds.contains(.control) { say("~x is order alone (needs): nothing of x is read") }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func nameWidth(_ body: StepGraph, depth: Int) -> Int {
        body.steps.map { step in max(depth * 2 + step.id.terminalWidth, step.kind.body.map { nameWidth($0, depth: depth + 1) } ?? 0) }.max() ?? 0
    }

    /// A model by its tier, or the workflow that is run.
    private static func asks(_ step: Step, _ graph: WorkflowGraph, _ style: TextStyle) -> String {
        if case .workflow(let other) = step.kind { return "\(style.arrow) \(other.graph.name)" }
        return model(step, graph).map { "\($0.tier) \(style.arrow) \($0.models)" } ?? ""
    }

    private static func name(_ step: Step) -> StyledText {
        StyledText(step.id) + (step.when == nil ? "" : StyledText(" if", .dim)) + (step.forEach == nil ? "" : StyledText(" each", .dim))
    }

    private static func mark(_ dependency: Dependency, _ graph: StepGraph) -> String {
        let id = graph.steps[dependency.step].id
        switch dependency.kind {
        case .required: return id
        case .guarded: return id + "?"
        case .control: return "~" + id
        }
    }

    /// Steps by layer, in the order of the file within each.
    static func layers(of graph: StepGraph) -> [[Int]] {
        var depth = [Int](repeating: 0, count: graph.steps.count)
        var open = graph.dependencies.map { Set($0.map(\.step)).count }
        var ready = graph.steps.indices.filter { open[$0] == 0 }
        var layers: [[Int]] = []
        while let step = ready.popLast() {
            while layers.count <= depth[step] { layers.append([]) }
            layers[depth[step]].append(step)
            for next in Set(graph.dependents[step]) {
                depth[next] = max(depth[next], depth[step] + 1)
                open[next] -= 1
                if open[next] == 0 { ready.append(next) }
            }
        }
        return layers.map { $0.sorted() }
    }

    /// A model step's tier with those behind it, and the first one's model with the number of its fallbacks: `local/mid +1`.
    static func model(_ step: Step, _ graph: WorkflowGraph) -> (tier: String, models: String)? {
        guard let name = step.modelStep?.tier, let models = graph.tier(named: name)?.models, let first = models.first else { return nil }
        let further = step.modelStep?.furtherTiers.map { ", \($0)" }.joined() ?? ""
        return (name + further, "\(first)" + (models.count > 1 ? " +\(models.count - 1)" : ""))
    }

    /// `when …`, `for each item of …` and `until …, at most 3 passes`, each on one line.
    static func conditions(_ step: Step) -> [String] {
        func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        var parts: [String] = []
        if let when = step.when { parts.append("when " + oneLine(when.source)) }
        if let each = step.forEach {
            parts.append("for each \(each.name) of \(oneLine(each.items.source))" + (each.maxItems.map { ", at most \($0)" } ?? ""))
        }
        if step.isOptional { parts.append("optional") }
        if case .loop(let loop) = step.kind {
            let until = loop.until.map { "until \(oneLine($0.source)), " } ?? ""
            parts.append(until + "at most \(loop.max == 1 ? "1 pass" : "\(loop.max) passes")")
        }
        return parts
    }

    /// The lines of a node in a drawing.
    static func labelLines(_ step: Step, _ graph: WorkflowGraph) -> [String] {
        let kind = step.kind.name + (subworkflow(step).map { " \($0)" } ?? "") + (model(step, graph).map { " \($0.tier): \($0.models)" } ?? "")
        return ([step.id, kind] + conditions(step)).map(\.harmless)
    }

    private static func subworkflow(_ step: Step) -> String? {
        if case .workflow(let other) = step.kind { return other.graph.name }
        return nil
    }

    /// What stands at an edge of a drawing; required ones need no word.
    static func edgeLabel(_ kind: Dependency.Kind) -> String? {
        switch kind {
        case .required: return nil
        case .guarded: return "if not skipped"
        case .control: return "order only"
        }
    }
}
