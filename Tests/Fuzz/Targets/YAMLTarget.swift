import Values
import WorkflowLoading

/// YAML as such: reading, places, formatting.
struct YAMLTarget: FuzzTarget {
    let name = "yaml"

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        if random.chance(oneIn: 15) { return FuzzInput("w.yaml", ScaleGenerator.text(of: ScaleGenerator.yaml, &random)) }
        var bytes: [UInt8]
        switch random.below(4) {
        case 0: bytes = random.pick(corpus.yaml)
        case 1:
            bytes = []
            for _ in 0..<random.within(1...12) { Mutator.mutate(&bytes, &random, besides: corpus.yaml) }
        default: bytes = Array(YAMLWriter.text(of: SchemaGenerator.value(&random, depth: 5), &random).utf8)
        }
        if !random.chance(oneIn: 3) { Mutator.mutate(&bytes, &random, besides: corpus.yaml) }
        return FuzzInput("w.yaml", bytes)
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        Formatting.check(input, trial)
        do throws(Diagnostics) {
            let document = try trial.measure("reading") { () throws(Diagnostics) in try SourceDocument(parsing: input.text, file: "w.yaml") }
            var pointers: [String] = []
            Self.collect(document.value, "", &pointers)
            let ranges = trial.measure("finding \(pointers.count) places") { document.ranges(at: pointers) }
            trial.expect(ranges.allSatisfy { $0 != nil }, "a part without a place")
            let json = document.value.jsonText
            trial.expect((try? JSONParser.parse(json)) == document.value, "not the same as JSON: \(json)")
            return true
        } catch {
            trial.check(error)
            return false
        }
    }

    /// The pointers of a few parts.
    private static func collect(_ value: JSONValue, _ pointer: String, _ pointers: inout [String]) {
        pointers.append(pointer)
        guard pointers.count < 20 else { return }
        switch value {
        case .array(let elements): for (index, element) in elements.enumerated().prefix(3) { collect(element, "\(pointer)/\(index)", &pointers) }
        case .object(let object):
            for (key, member) in object.prefix(3) {
                collect(member, pointer + "/" + key.replacing("~", with: "~0").replacing("/", with: "~1"), &pointers)
            }
        default: return
        }
    }
}
