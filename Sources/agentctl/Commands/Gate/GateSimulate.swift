import ArgumentParser
import Engine
import Reports
import Values
import WorkflowModel

struct GateSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Decide recorded answers as a step's gate would have; no model is asked.",
        discussion: """
            Each line of the file is an object: for each tier the answer that it gave to the same input, whether that was right, and what it cost.
              {"id": "7", "tiers": {"small": {"output": "B", "correct": true, "cost_usd": "0.0000342", "signals": {"logprob_min": -0.4}, \
            "checks": {"judge": {"score": 0.8, "cost_usd": "0.00001"}}}, "frontier": {"output": "C", "correct": false, "cost_usd": "0.00051"}}}
            What can be computed from that is: conditions, log-probabilities (logprob_min, _mean, _p10, _margin, _sum), agreement with the \
            answers of other tiers and with "samples". What only a call can tell is read from "checks". Where nothing is recorded, both ways are counted.
              agentctl gate simulate answers.jsonl.gz --step triage.yaml#classify --tier small=llama_8b
            """)

    @Argument(help: "The recorded answers, a JSON object a line, also compressed by gzip; - reads stdin.", completion: .file(extensions: ["jsonl", "gz"])) var rows: String
    @Option(help: ArgumentHelp("The workflow and the step whose gate decides.", valueName: "file#step"), completion: .workflowFile) var step: String
    @Option(
        name: .customLong("tier"), parsing: .singleValue, help: ArgumentHelp("The name that rows have for a tier, repeatable.", valueName: "tier=name"))
    var tiers: [String] = []
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard let (file, name) = step.cut(atLast: UInt8(ascii: "#")), !file.isEmpty, !name.isEmpty else {
            throw UsageError("--step takes file#step, found '\(step)'", hint: "for example --step triage.yaml#classify")
        }
        let settings = try global.settings(besides: file)
        let graph = try WorkflowSource.load(file, settings)
        let found = try Self.step(name, of: graph, in: file)
        guard let model = found.step.modelStep, let gate = model.escalation else {
            let gates = graph.gates
            throw UsageError(
                "step '\(name)' of \(file) has no gate", hint: gates.isEmpty ? "a gate is escalate: { tiers: [small, large], checks: { … } }" : "these have: \(gates.joined(separator: ", "))")
        }
        var names: TextTable<String> = [:]
        for option in tiers {
            guard let (tier, row) = option.cut(at: UInt8(ascii: "=")), !tier.isEmpty, !row.isEmpty else {
                throw UsageError("--tier takes tier=name, found '\(option)'", hint: "for example --tier small=llama_8b")
            }
            guard found.graph.tier(named: String(tier)) != nil else {
                let known = found.graph.tiers.map(\.name)
                throw UsageError("the workflow has no tier '\(tier)'", hint: Suggestion.hint(for: String(tier), in: known) ?? "it has: \(known.joined(separator: ", "))")
            }
            names[String(tier)] = String(row)
        }
        var simulator = GateSimulator(model, gate, in: found.graph, keepsCut: found.step.limits.onTruncation == .keep, names: names)
        let lines = try await JSONLines(rows)
        while let line = try lines.next() {
            do throws(RecordedAnswersError) { try simulator.add(line.value) } catch { throw UsageError("\(line.place): \(error)") }
        }
        let report = SimulationReport(simulator.result, step: step)
        Output.write(styled: json ? JSONEncoding.pretty.string(report.json) + "\n" : report.text(style: Output.style))
    }

    /// A step by its path.
    private static func step(_ path: String, of graph: WorkflowGraph, in file: String) throws -> (step: Step, graph: WorkflowGraph) {
        if let found = graph.step(at: path) { return found }
        let gates = graph.gates
        throw UsageError("there is no step '\(path)' in \(file)", hint: Suggestion.hint(for: path, in: gates) ?? "steps with a gate: \(gates.joined(separator: ", "))")
    }
}

extension WorkflowGraph {
    /// The paths of the steps that have one.
    var gates: [String] {
        var paths: [String] = []
        func visit(_ body: StepGraph?, below folder: String) {
            for step in body?.steps ?? [] {
                if step.modelStep?.escalation != nil { paths.append(folder + step.id) }
                visit(step.kind.container?.body, below: "\(folder)\(step.id)/")
                visit(step.kind.container?.finally, below: "\(folder)\(step.id)/")
            }
        }
        visit(body, below: "")
        visit(finally, below: "")
        return paths
    }
}
