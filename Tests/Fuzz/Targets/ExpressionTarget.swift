import Expressions
import Values

/// CEL: parsing, type checking, evaluating with all names known and with some unknown.
struct ExpressionTarget: FuzzTarget {
    let name = "expression"

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        if random.chance(oneIn: 25) { return FuzzInput("e.cel", ScaleGenerator.text(of: ScaleGenerator.expressions, &random)) }
        var bytes: [UInt8]
        if random.chance(oneIn: 4) {
            bytes = random.pick(corpus.expressions)
        } else {
            var generator = ExpressionGenerator.world
            bytes = Array(generator.expression(random.pick(ExpressionGenerator.Kind.allCases), &random).utf8)
        }
        if random.chance(oneIn: 3) { Mutator.mutate(&bytes, &random, besides: corpus.expressions) }
        return FuzzInput("e.cel", bytes)
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        do throws(Diagnostics) {
            let expression = try trial.measure("parsing") { () throws(Diagnostics) in
                try Expression(parsing: input.text, at: SourceLocation(file: "e.cel", line: 1, column: 1))
            }
            Self.check(expression, trial)
            return true
        } catch {
            trial.check(Diagnostics(error.all, sources: ["e.cel": input.text]))
            return false
        }
    }

    // MARK: What holds for every expression

    static let inputs: JSONValue = [
        "n": 4, "x": 2.5, "name": "Ada", "tags": ["a", "b", "é"], "people": [["name": "Ada", "age": 36], ["name": "Bob", "age": nil]], "none": nil, "flag": true,
        "big": .array((0..<200).map { .int($0) }),
    ]
    static let steps: JSONValue = ["a": ["output": ["category": "billing", "docs": [["id": 1, "text": "x"], ["id": 2, "text": "y"], ["id": 3, "text": "z"]]], "status": "succeeded"]]
    static let world = DictionaryBindings(["inputs": CELValue(inputs), "steps": CELValue(steps), "run": CELValue(["id": "r", "started_at": "2026-01-02T03:04:05Z"]), "index": .int(2), "item": .string("it")])
    /// The same, where two names are not known yet, and as they turn out to be.
    private static let early = DictionaryBindings(world.values.merging(["unknown": .unknown, "item": .unknown]) { $1 })
    private static let late = [CELValue(["field": "text", "a": 1]), .bool(true), .int(0)].map { value in DictionaryBindings(world.values.merging(["unknown": value]) { $1 }) }
    private static let environment = TypeEnvironment(
        ["inputs": StaticType(of: inputs), "steps": StaticType(of: steps), "run": StaticType(of: ["id": "r", "started_at": "t"]), "index": .int, "item": .string], isOpen: true)

    static func check(_ expression: Expression, _ trial: Trial) {
        let checked = trial.measure("type checking") { expression.check(in: environment) }
        trial.check(Diagnostics(checked.problems, sources: [expression.range.file: expression.source]), mayBeEmpty: true)
        let value = trial.measure("evaluating") { result(expression, world, trial) }
        if let value, checked.problems.isEmpty {
            switch value {
            case .bool: trial.expect(checked.type.mayBeBool, "a bool, but its type is \(checked.type)")
            case .list: trial.expect(checked.type.element != nil, "a list, but its type is \(checked.type)")
            default: break
            }
            _ = trial.measure("converting to JSON") { try? value.json() }
        }
        trial.expect(value?.isUnknown != true, "unknown although every name is known")
        let verdict = trial.measure("verdict") { expression.verdict }
        if let verdict, case .bool(let outcome)? = value { trial.expect(outcome == verdict, "the verdict is \(verdict), the value \(outcome)") }
        let partial = trial.measure("evaluating with unknowns") { result(expression, early, trial) }
        if let partial, !partial.isUnknown {
            for bindings in late {
                guard let full = result(expression, bindings, trial) else { continue }
                trial.expect(same(full, partial), "\(partial) with unknowns, \(full) without")
            }
        }
    }

    private static func result(_ expression: Expression, _ bindings: DictionaryBindings, _ trial: Trial) -> CELValue? {
        do throws(EvaluationError) {
            return try expression.evaluate(bindings)
        } catch {
            trial.expect(!error.message.isEmpty, "an error without words")
            return nil
        }
    }

    /// Equal, as far as CEL can say: NaN equals nothing, and what holds an unknown is not compared.
    private static func same(_ a: CELValue, _ b: CELValue) -> Bool {
        guard case .bool(let x) = a, case .bool(let y) = b else { return a.type == b.type }
        return x == y
    }
}
