import Expressions
import Values

/// Texts with `${{ }}`: parsing, checking and rendering.
struct TemplateTarget: FuzzTarget {
    let name = "template"

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        if random.chance(oneIn: 25) { return FuzzInput("p.md", ScaleGenerator.text(of: ScaleGenerator.templates, &random)) }
        var bytes: [UInt8]
        if random.chance(oneIn: 5) {
            bytes = random.pick(corpus.prompts)
        } else {
            var generator = ExpressionGenerator.world
            bytes = Array(TemplateGenerator.template(&generator, &random).utf8)
        }
        if random.chance(oneIn: 3) { Mutator.mutate(&bytes, &random, besides: corpus.prompts) }
        return FuzzInput("p.md", bytes)
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        let text = input.text
        do throws(Diagnostics) {
            let template = try trial.measure("parsing") { () throws(Diagnostics) in try Template(parsing: text, at: SourceLocation(file: "p.md", line: 1, column: 1)) }
            let problems = trial.measure("type checking") { template.checkText(in: TypeEnvironment(isOpen: true)).problems }
            trial.check(Diagnostics(problems, sources: ["p.md": text]), mayBeEmpty: true)
            let rendered = trial.measure("rendering") { try? template.render(ExpressionTarget.world) }
            _ = trial.measure("evaluating") { try? template.evaluate(ExpressionTarget.world) }
            if !text.contains("${{") { trial.expect(template.isLiteral && rendered == text, "a text without expressions is not itself: \(rendered ?? "(nothing)")") }
            trial.expect(template.isLiteral == template.parts.allSatisfy { if case .text = $0 { true } else { false } }, "literal with expressions")
            trial.expect(!template.isLiteral || template.references.isEmpty, "a literal that reads something")
            return true
        } catch {
            trial.check(Diagnostics(error.all, sources: ["p.md": text]))
            return false
        }
    }
}
