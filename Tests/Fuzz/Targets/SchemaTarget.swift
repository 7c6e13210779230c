import JSONSchema
import Values

/// JSON Schema: compiling, validating, patterns.
struct SchemaTarget: FuzzTarget {
    let name = "schema"

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        let schema = random.chance(oneIn: 8) ? (try? JSONParser.parse(random.pick(corpus.schemas))) ?? true : SchemaGenerator.schema(&random)
        var bytes = Array(schema.jsonText.utf8)
        if random.chance(oneIn: 25) {
            bytes = Array(ScaleGenerator.text(of: ScaleGenerator.schemas, &random).utf8)
        } else if random.chance(oneIn: 6) {
            Mutator.mutate(&bytes, &random, besides: corpus.schemas)
        }
        var input = FuzzInput("s.json", bytes)
        input.add("d.json", random.chance(oneIn: 20) ? ScaleGenerator.text(of: ScaleGenerator.instances, &random) : SchemaGenerator.instance(of: schema, &random).jsonText)
        return input
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        guard let document = try? JSONParser.parse(input.main) else { return false }
        do throws(SchemaError) {
            let schema = try trial.measure("compiling") { () throws(SchemaError) in try Schema(compiling: document) }
            guard let instance = input.bytes(of: "d.json").flatMap({ try? JSONParser.parse($0) }) else { return true }
            let violations = trial.measure("validating") { schema.validate(instance) }
            let isValid = trial.measure("asking for the verdict") { schema.isValid(instance) }
            let wasCut = violations.last?.keyword == "limit"
            trial.expect(wasCut || violations.isEmpty == isValid, "isValid says \(isValid), but there are \(violations.count) violations: \(violations.first?.message ?? "")")
            trial.expect(violations.allSatisfy { !$0.message.isEmpty }, "a violation without words")
            _ = trial.measure("the shape") { schema.shape.typeNames }
            return true
        } catch {
            trial.expect(!error.problems.isEmpty && error.problems.allSatisfy { !$0.message.isEmpty }, "refused without a reason")
            return false
        }
    }
}
