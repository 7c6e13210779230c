import Values
import WorkflowLoading

/// The project file.
struct ProjectTarget: FuzzTarget {
    let name = "project"
    private let generator = LanguageGenerator(.project)

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        var bytes: [UInt8]
        if random.chance(oneIn: 3) {
            bytes = random.pick(corpus.projects)
        } else {
            var generator = generator
            bytes = Array(YAMLWriter.text(of: generator.file(&random), &random).utf8)
        }
        if random.chance(oneIn: 2) { Mutator.mutate(&bytes, &random, besides: corpus.projects) }
        return FuzzInput("agentctl.yaml", bytes)
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        Formatting.check(input, trial)
        do throws(Diagnostics) {
            _ = try trial.measure("loading") { () throws(Diagnostics) in try ProjectLoader.load(named: "agentctl.yaml", searchingFrom: ".") }
            return true
        } catch {
            trial.check(error)
            return false
        }
    }
}
