import Values
import WorkflowLoading

/// A whole workflow with the files that it names: loading with warnings, and formatting.
struct WorkflowTarget: FuzzTarget {
    let name = "workflow"
    private let generator = LanguageGenerator(.workflow)

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        if random.chance(oneIn: 40) { return FuzzInput("w.yaml", ScaleGenerator.text(of: ScaleGenerator.workflows, &random)) }
        var bytes: [UInt8]
        if random.chance(oneIn: 4) {
            bytes = random.pick(corpus.workflows)
        } else {
            var generator = generator
            bytes = Array(YAMLWriter.text(of: generator.file(&random), &random).utf8)
        }
        if random.chance(oneIn: 4) { Mutator.mutate(&bytes, &random, besides: corpus.yaml) }
        var input = FuzzInput("w.yaml", bytes)
        var expressions = ExpressionGenerator(names: [("inputs.topic", .string), ("inputs.n", .int)])
        input.add("prompts/p.md", TemplateGenerator.template(&expressions, &random))
        input.add("schemas/s.json", (random.chance(oneIn: 6) ? SchemaGenerator.schema(&random) : random.pick(SchemaGenerator.usual)).jsonText)
        let others = [
            "version: 1\nname: other\ninputs: { a: { type: string, default: x }, b: { default: 1 }, topic: { default: 1 }, policy: { default: 1 }, small: { default: 1 }, x_1: { default: 1 }, y: { default: 1 } }\nsteps: [{ id: a, value: inputs.a }]\noutputs: { x: \"${{ steps.a.output }}\" }\n",
            "version: 1\nname: other\nsteps: [{ id: a, workflow: w.yaml }]\n", "steps:",
        ]
        input.add("other.yaml", random.chance(oneIn: 8) ? random.pick(others) : others[0])
        return input
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        Formatting.check(input, trial)
        do throws(Diagnostics) {
            let loaded = try trial.measure("loading") { () throws(Diagnostics) in try WorkflowLoader.load("w.yaml", root: ".", warns: true) }
            trial.check(loaded.warnings, mayBeEmpty: true)
            return true
        } catch {
            trial.check(error)
            return false
        }
    }
}

/// What the formatter promises: the same value, and that formatting again changes nothing.
enum Formatting {
    static func check(_ input: FuzzInput, _ trial: Trial) {
        guard let text = String(validating: input.main, as: UTF8.self) else { return }
        do throws(Diagnostics) {
            let after = try trial.measure("formatting") { () throws(Diagnostics) in try LanguageFormatter.format(text, file: "w.yaml") }
            let (before, again) = (value(of: text), value(of: after))
            trial.expect(before != nil && before == again, "formatting changes the value:\n\(after)")
            let twice = try? LanguageFormatter.format(after, file: "w.yaml")
            trial.expect(twice == after, "formatting twice is not formatting once:\n\(after)\n--- and then\n\(twice ?? "(refused)")")
        } catch {
            trial.check(error)
            trial.expect(!error.all.contains { $0.code == "AW020" } || value(of: text) != nil, "AW020 for what is not YAML")
        }
    }

    private static func value(of text: String) -> JSONValue? { try? SourceDocument(parsing: text, file: "w.yaml").value }
}
