import Expressions
import Foundation
import Testing
import Values

/// Prints what a condition of ordinary size costs, when `AGENTCTL_BENCH` is set. Asserts nothing about time: a test that
/// fails on a busy machine says nothing about the code.
@Suite(.serialized) struct SpeedTests {
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["AGENTCTL_BENCH"] != nil),
        arguments: [
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
    }
}
