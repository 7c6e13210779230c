import Expressions
import Testing
import Values

/// A scheduler evaluates conditions all the time: one of ordinary size takes under two microseconds in a release build.
@Suite(.serialized) struct SpeedTests {
    @Test(arguments: [
        "steps.classify.output.needs_docs && inputs.n > 3", "has(steps.retrieve.output) ? steps.retrieve.output.docs : []", "size(inputs.tags) >= 1 && inputs.tags[0] == 'red'",
    ])
    func condition(_ source: String) throws {
        let document = """
            {"inputs": {"n": 4, "tags": ["red"]}, "steps": {"classify": {"output": {"needs_docs": true}, "status": "succeeded"}, "retrieve": {"status": "skipped"}}}
            """
        let bindings = DictionaryBindings(try #require(JSONParser.parse(document).objectValue))
        let expression = try Expression(parsing: source, at: place)
        let rounds = 20_000
        var best = Duration.seconds(1000)
        for _ in 0..<5 {
            let start = ContinuousClock.now
            for _ in 0..<rounds { _ = try expression.evaluate(bindings) }
            best = min(best, (ContinuousClock.now - start) / rounds)
        }
        print("\(source): \(best)")
        #if !DEBUG
        #expect(best < .microseconds(2))
        #endif
    }
}
