import Economics
import Values
import WorkflowModel

/// What `diff RUN RUN` prints.
public struct RunDiffReport: Sendable {
    private let difference: RunDifference
    private let outputs: (JSONValue?, JSONValue?)
    /// What was asked, or answered, where the difference begins, as `diff -u` writes it.
    private let detail: String?

    /// - Parameters:
    ///   - outputs: the documents of the two; `nil`: they are not there any more.
    ///   - detail: of the first difference; `nil`: its texts are not there.
    public init(_ difference: RunDifference, outputs: (JSONValue?, JSONValue?) = (nil, nil), detail: String? = nil) {
        self.difference = difference
        self.outputs = outputs
        self.detail = detail
    }

    /// More lines of a text say less.
    private static let mostLines = 40
    private static let mostValues = 20

    // MARK: Text

    public func text(style: TextStyle) -> String {
        let (a, b) = difference.runs
        var lines = ["\(a.id)  \(a.workflow), \(a.status.rawValue)", "\(b.id)  \(b.workflow), \(b.status.rawValue)"].map { StyledText($0).line(style) }
        if difference.isAlike { return (lines + ["", "the two are alike: the same inputs, requests, answers, decisions, outputs and cost"]).map { $0 + "\n" }.joined() }
        lines.append("")
        lines += table(style).lines(style)
        lines.append("")
        if let first = difference.first {
            lines += "first cause: \(first.path): \(first.cause.sentence)".wrapped(to: style.width)
            if let detail, !detail.isEmpty {
                let all = detail.lines.map(String.init)
                lines += all.prefix(Self.mostLines).map { StyledText("  " + $0).line(style) }
                if all.count > Self.mostLines { lines.append("  \(Figures.counted(all.count - Self.mostLines, "more line"))") }
            }
            let rest = difference.nodes.count - 1
            if rest > 0 { lines += "\(Figures.counted(rest, "further node")) differ\(rest == 1 ? "s" : ""), which may follow from it".wrapped(to: style.width) }
        } else if !difference.isSameInput {
            lines.append("the inputs differ, and no step does")
        } else if difference.isSameOutput {
            lines.append("requests, answers and outputs are the same; the costs are not: prices, caches or what servers billed")
        }
        lines.append(difference.isSameOutput ? "outputs: the same" : "outputs: differ")
        if !difference.isSameOutput, let before = outputs.0, let after = outputs.1 {
            let found = Self.values(before, after)
            for value in found.prefix(Self.mostValues) {
                lines.append(StyledText("  \(value.place.isEmpty ? "(all)" : value.place): \(Self.short(value.before)) \(style.arrow) \(Self.short(value.after))").line(style))
            }
            if found.count > Self.mostValues { lines.append("  and \(found.count - Self.mostValues) more; --json has all") }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func table(_ style: TextStyle) -> Table {
        var table = Table([
            .init("step", floor: 12), .init("differs", expendable: 1), .init("nodes", .trailing, expendable: 4, hidesWhenEmpty: true), .init("calls", .trailing, expendable: 5),
            .init("tokens", .trailing, expendable: 3), .init("cost", .trailing, expendable: 2), .init("then", .trailing), .init("difference", .trailing),
        ])
        func pair(_ a: Int, _ b: Int) -> String { a == b ? Figures.count(a) : "\(Figures.count(a)) \(style.arrow) \(Figures.count(b))" }
        for step in difference.steps {
            table.add([
                StyledText(step.step), StyledText(step.cause?.word ?? "", .yellow), StyledText(step.nodes > 1 ? "\(Figures.count(step.different)) of \(Figures.count(step.nodes))" : ""),
                StyledText(pair(step.calls.0, step.calls.1)), StyledText(pair(step.tokens.0, step.tokens.1)), StyledText(step.costs.0.displayText), StyledText(step.costs.1.displayText),
                StyledText(DiffFigures.signed(step.costs.1 - step.costs.0)),
            ])
        }
        let (a, b) = (difference.runs.0, difference.runs.1)
        table.footer = [
            StyledText("total", .bold), "", "", StyledText(pair(a.spending.calls, b.spending.calls)), StyledText(pair(a.inputTokens + a.outputTokens, b.inputTokens + b.outputTokens)),
            StyledText(a.spending.cell(style)), StyledText(b.spending.cell(style)), StyledText(DiffFigures.signed(b.spending.cost - a.spending.cost)),
        ]
        return table
    }

    // MARK: Values

    private struct Value {
        let place: String
        let before: JSONValue?
        let after: JSONValue?
    }

    /// Where two documents differ, by JSON pointer; objects and lists of one length are gone into.
    private static func values(_ a: JSONValue, _ b: JSONValue, at place: String = "") -> [Value] {
        if a == b { return [] }
        switch (a, b) {
        case (.object(let x), .object(let y)):
            return x.keys.map { String($0) }.flatMap { key -> [Value] in
                guard let other = y[key] else { return [Value(place: place + "/" + key, before: x[key], after: nil)] }
                return values(x[key]!, other, at: place + "/" + key)
            } + y.keys.filter { !x.contains(String($0)) }.map { Value(place: place + "/" + $0, before: nil, after: y[String($0)]) }
        case (.array(let x), .array(let y)) where x.count == y.count:
            return zip(x, y).enumerated().flatMap { values($1.0, $1.1, at: "\(place)/\($0)") }
        default: return [Value(place: place, before: a, after: b)]
        }
    }

    private static func short(_ value: JSONValue?) -> String {
        guard let text = value?.jsonText else { return "not there" }
        return text.utf8.count > 60 ? text.beginning(bytes: 57) + "…" : text
    }

    // MARK: JSON

    public var json: JSONValue {
        func run(_ run: RunRecord) -> JSONValue {
            [
                "id": .string(run.id), "workflow": .string(run.workflow), "status": .string(run.status.rawValue), "cost_usd": run.spending.cost.json,
                "tokens": .number(run.inputTokens + run.outputTokens), "version": .hash(run.version),
            ]
        }
        var object: JSONObject = [
            "alike": .bool(difference.isAlike), "same_inputs": .bool(difference.isSameInput), "same_outputs": .bool(difference.isSameOutput),
            "runs": [run(difference.runs.0), run(difference.runs.1)],
            "first_cause": difference.first.map { ["path": .string($0.path), "cause": .string($0.cause.word), "says": .string($0.cause.sentence)] } ?? .null,
            "nodes": .array(difference.nodes.map { ["path": .string($0.path), "cause": .string($0.cause.word)] }),
            "steps": .array(
                difference.steps.map { step in
                    [
                        "step": .string(step.step), "nodes": .number(step.nodes), "different": .number(step.different), "calls": [.number(step.calls.0), .number(step.calls.1)],
                        "tokens": [.number(step.tokens.0), .number(step.tokens.1)], "costs_usd": [step.costs.0.json, step.costs.1.json],
                    ]
                }),
        ]
        if let before = outputs.0, let after = outputs.1 {
            object["outputs"] = .array(Self.values(before, after).map { ["at": .string($0.place), "first": $0.before ?? .null, "second": $0.after ?? .null] })
        }
        return .object(object)
    }
}

extension RunDifference.Cause {
    /// Behind the node's path.
    var sentence: String {
        func model(_ name: String) -> String { name.isEmpty ? "none" : name }
        switch self {
        case .absent(let inFirst): return inFirst ? "only the second run has it" : "only the first run has it"
        case .skipped(let inFirst): return inFirst ? "the first run skipped it, the second did not" : "the second run skipped it, the first did not"
        case .model(let a, let b): return "another model is asked: \(model(a)), then \(model(b))"
        case .prompt: return "it is asked otherwise, though inputs and all before it are the same: its prompt or its settings changed"
        case .input: return "it is asked otherwise, as the run's inputs are others"
        case .answer: return "the same question was answered otherwise"
        case .calls(let a, let b): return "the same answers, and \(Figures.counted(a, "call")) then \(Figures.count(b))"
        case .gate(let a, let b): return "its gate decided otherwise: \(a.isEmpty ? "none" : a); then \(b.isEmpty ? "none" : b)"
        case .failure(let a, let b): return "it ended otherwise: \(a), then \(b)"
        case .output: return "it came to another output without a call that differs"
        }
    }
}

enum DiffFigures {
    /// `+$0.01`.
    static func signed(_ amount: MoneySum) -> String { (amount > .zero ? "+" : "") + amount.displayText }

    /// Pico-dollars as a statistic has them.
    static func amount(_ picoDollars: Double) -> MoneySum {
        let most = 9.2e18
        let pico = Int64(max(-most, min(most, picoDollars.rounded())))
        return MoneySum(dollars: pico / 1_000_000_000_000, picoDollars: pico % 1_000_000_000_000)
    }

    /// `12.5 %`, with one decimal.
    static func percent(_ share: Double, signed: Bool = false) -> String {
        let permille = Int((share * 1000).rounded())
        let text = "\(abs(permille) / 10).\(abs(permille) % 10) %"
        return (permille < 0 ? "-" : signed && permille > 0 ? "+" : "") + text
    }
}
