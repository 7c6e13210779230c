import Expressions
import Testing
import Values

/// No input crashes, hangs or eats the memory.
@Suite struct LimitTests {
    private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test func depth() {
        #expect(result(repeated("(", 150) + "1" + repeated(")", 150)) == "1")
        #expect(result("1" + repeated(" + 1", 198)) == "199")
        #expect(result("size(" + repeated("[", 190) + repeated("]", 190) + ")") == "1")
        #expect(result(repeated("[1].map(x, ", 150) + "1" + repeated(")", 150) + " != []") == "true")
        #expect(result(repeated("(true ? ", 99) + "1" + repeated(" : 2)", 99)) == "1")
        for deep in [
            repeated("(", 5000) + "1" + repeated(")", 5000), repeated("[", 30_000), repeated("-", 30_000) + "1", repeated("!", 30_000) + "true", "1" + repeated(" + 1", 5000),
            "a" + repeated(".b", 5000), "a" + repeated("[0]", 5000), repeated("true ? 1 : ", 3000) + "1", repeated("{1:", 5000), "[1]" + repeated(".map(x, x)", 2000), repeated("size(", 3000),
            repeated("[1].map(x, ", 1000), repeated("a[", 5000),
        ] {
            #expect(problems(deep).first?.code == "AX004", "\(deep.prefix(20))")
        }
        // Long is not deep: conditions, lists and maps may have thousands of terms.
        #expect(result("true" + repeated(" && true", 5000)) == "true")
        #expect(result("false" + repeated(" || false", 5000)) == "false")
        #expect(result("size([" + repeated("1,", 20_000) + "])") == "20000")
    }

    /// Sixty doublings are nothing as a value that shares its parts, and more than any memory when they are written out.
    @Test func valuesThatGrowAsJSONAreRefused() throws {
        let bomb = "[1]" + repeated(".map(x, [x, x])", 60)
        let expression = try Expression(parsing: bomb, at: place)
        #expect(try expression.evaluate(DictionaryBindings()).type == .list)
        #expect { try expression.evaluateJSON(DictionaryBindings()) } throws: { ($0 as? EvaluationError)?.code == .notRepresentable }
        let template = try Template(parsing: "text: ${{ \(bomb) }}", at: place)
        #expect { try template.render(DictionaryBindings()) } throws: { ($0 as? EvaluationError)?.code == .notRepresentable }
    }

    @Test func length() throws {
        #expect(problems(repeated(" ", 65_535) + "1").isEmpty)
        let reads = try Expression(parsing: "[" + repeated("ab.c,\n", 10_000) + "]", at: place).references
        #expect(reads.count == 10_000)
        #expect(reads[9999].range == SourceRange(SourceLocation(file: "flow.yaml", line: 10_002, column: 1), length: 4))
        #expect(problems(repeated(" ", 65_536) + "1").first?.code == "AX004")
    }

    @Test func steps() throws {
        let ten = "[1,2,3,4,5,6,7,8,9,10]"
        let nested = (0..<12).reduce("1") { body, level in "\(ten).map(x\(level), \(body))" }
        #expect(failure(nested)?.code == .limitExceeded)
        // A budget that is spent is not an error that another operand can absorb.
        #expect(failure("true || true && \(ten).all(x, true)") == nil)
        #expect(failure("size(\(nested)) > 0 || true")?.code == .limitExceeded)
        let small = try Expression(parsing: "\(ten).map(x, x)", at: place)
        #expect(throws: EvaluationError.self) { try small.evaluate(world, stepLimit: 10) }
    }

    @Test func memory() throws {
        var bindings = DictionaryBindings(["s": .string(repeated("ab", 100_000)), "l": .list(CELList((0..<1000).map { CELValue.int($0) }))])
        for bomb in [
            "s.replace('', s)", "s.replace('b', s)", "l.map(x, s).join(s)", "l.map(x, l.map(y, s + s))", "'%s'.format([l.map(x, s)])", "l.map(x, l.map(y, l + l))", "l.map(x, s.split(''))", "l.map(x, l == l && s.contains('zz'))",
            "[l.map(x, s)].map(y, l.map(x, y == y))", "l.map(x, l.map(y, {s: 1}[s]))",
        ] {
            let expression = try Expression(parsing: bomb, at: place)
            #expect { try expression.evaluate(bindings, stepLimit: 100_000) } throws: { ($0 as? EvaluationError)?.code == .limitExceeded }
        }
        // Patterns that a backtracking engine never finishes.
        bindings.values["a"] = .string(repeated("a", 1000))
        for pattern in ["^(a+)+$b", "(a*)*b", "(a|aa)+c", "(.*)(.*)(.*)(.*)(.*)x"] {
            #expect(try Expression(parsing: "a.matches('\(pattern)')", at: place).evaluate(bindings) == .bool(false))
        }
        bindings.values["big"] = .string(repeated("a", 200_000))
        #expect(throws: EvaluationError.self) { try Expression(parsing: "big.matches('(a?){300}b')", at: place).evaluate(bindings, stepLimit: 50_000) }
    }

    @Test func largeDocumentsAreNotConverted() throws {
        let items = (0..<200_000).map { JSONValue.object(["id": .int($0), "text": "item"]) }
        let bindings = DictionaryBindings(["doc": ["items": .array(items), "name": "x"]] as JSONObject)
        let expression = try Expression(parsing: "doc.items[199999].id + size(doc.items)", at: place)
        let start = ContinuousClock.now
        for _ in 0..<1000 { _ = try expression.evaluate(bindings) }
        let time = ContinuousClock.now - start
        #expect(try expression.evaluate(bindings) == .int(399_999))
        #expect(time < .seconds(2))
    }

    /// A small generator with a seed, so that a failure comes back.
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test func randomTexts() {
        let words = [
            "inputs", ".n", ".name", ".tags", "[0]", "['a']", "(", ")", "[", "]", "{", "}", ",", ":", "?", "!", "-", "+", "*", "/", "%", "==", "<", "&&", "||", " in ", "1", "2u", "3.5", "'s'", "\"t\"", "b'x'", "r'\\d'",
            "true", "null", "has(", "size(", ".map(x, ", ".all(x, ", "x", ".matches(", "'(a|b)*'", ".format(", "'%s %.2f'", ".split(", ".substring(", "int(", "string(", "timestamp(", "duration('1s')", "${{", "}}", "$", "'", "\\", "é", "😀",
            "\n", "//", "u", "`", "0x", "1e", " ", "and", "=", "9223372036854775807", "'''", "type", "[:", "(?", "\u{0}",
        ]
        var random = Random(state: 42)
        var evaluated = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in words.randomElement(using: &random)! }.joined()
            if let expression = try? Expression(parsing: text, at: place) {
                evaluated += 1
                _ = try? expression.evaluate(world, stepLimit: 10_000)
            }
            if let template = try? Template(parsing: "a ${{ " + text + " }} b", at: place) { _ = try? template.render(world) }
            _ = try? Expression(parsing: "'aab'.matches(r'''\(text)''')", at: place).evaluate(world, stepLimit: 10_000)
        }
        #expect(evaluated > 100)
    }

    /// Expressions that are well formed, so that evaluation is what is tried.
    @Test func randomExpressions() throws {
        var random = Random(state: 7)
        func expression(_ depth: Int) -> String {
            let leaves = [
                "inputs.n", "inputs.x", "inputs.name", "inputs.tags", "inputs.people", "inputs.none", "inputs", "u", "1", "-9223372036854775808", "0", "2u", "0.5", "'a'", "''", "'%d'", "b'a'", "true", "null", "[]", "{'a': 1}",
                "timestamp(0)", "duration('1h')", "x",
            ]
            guard depth > 0 else { return leaves.randomElement(using: &random)! }
            func sub() -> String { expression(Int.random(in: 0..<depth, using: &random)) }
            switch Int.random(in: 0..<9, using: &random) {
            case 0...2: return "(\(sub()) \(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||"].randomElement(using: &random)!) \(sub()))"
            case 3: return "(\(sub()) ? \(sub()) : \(sub()))"
            case 4: return "[\(sub()), \(sub())]"
            case 5: return "(\(sub())).\(["map", "filter", "all", "exists", "exists_one"].randomElement(using: &random)!)(x, \(sub()))"
            case 6: return "\(["size", "int", "uint", "double", "string", "bool", "bytes", "type", "timestamp", "duration"].randomElement(using: &random)!)(\(sub()))"
            case 7: return "(\(sub())).\(["contains", "startsWith", "matches", "split", "format", "join", "charAt", "substring", "indexOf", "lastIndexOf"].randomElement(using: &random)!)(\(sub()))"
            default: return "(\(sub()))[\(sub())]"
            }
        }
        for _ in 0..<20_000 {
            let parsed = try Expression(parsing: expression(4), at: place)
            do throws(EvaluationError) {
                let value = try parsed.evaluate(world, stepLimit: 20_000)
                _ = try? value.json()
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
