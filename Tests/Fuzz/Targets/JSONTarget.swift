import Values
import WorkflowLoading

/// JSON as documents and answers bring it.
struct JSONTarget: FuzzTarget {
    let name = "json"

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        if random.chance(oneIn: 25) { return FuzzInput("d.json", ScaleGenerator.text(of: ScaleGenerator.instances, &random)) }
        var bytes = random.chance(oneIn: 3) ? random.pick(corpus.schemas) : Array(SchemaGenerator.value(&random, depth: 5).jsonText.utf8)
        if !random.chance(oneIn: 4) { Mutator.mutate(&bytes, &random, besides: corpus.schemas) }
        return FuzzInput("d.json", bytes)
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        if let text = String(validating: input.main, as: UTF8.self) {
            do throws(Diagnostics) {
                _ = try trial.measure("reading as a document") { () throws(Diagnostics) in try SourceDocument(parsing: text, file: "stdin") }
            } catch {
                trial.check(error)
            }
        }
        do throws(JSONParseError) {
            let value = try trial.measure("parsing") { () throws(JSONParseError) in try JSONParser.parse(input.main) }
            for encoding in [JSONEncoding.wire, .canonical, .pretty] {
                let text = trial.measure("writing") { encoding.string(value) }
                trial.expect((try? JSONParser.parse(text)) == value, "not the same after writing: \(text)")
            }
            return true
        } catch {
            trial.expect(!error.message.isEmpty && error.offset <= input.main.count && error.line >= 1 && error.column >= 1, "an error without its place: \(error)")
            return false
        }
    }
}
