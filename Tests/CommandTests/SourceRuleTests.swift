import Foundation
import Testing

/// Rules that hold for every source file of the program.
@Suite struct SourceRuleTests {
    /// Docs/Decisions/0010: the optimiser loses what was stored into a result before the await.
    @Test func nothingIsAwaitedInsideAValueThatIsReturned() throws {
        for (path, text) in try Self.sources() {
            for line in AwaitInsideReturn.lines(in: text) { Issue.record("\(path):\(line): bind what is awaited before the value around it is returned") }
        }
    }

    /// The sanitizer's lock stands in place of the library's (Values/Mutex.swift), unless a file imports the library's by name.
    @Test func theLockIsTheOneThatSanitizersKnow() throws {
        for (path, text) in try Self.sources() where path != "Sources/Values/Mutex.swift" {
            #expect(!text.utf8.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual("import Synchronization".utf8) }, "\(path): import Values for Mutex")
        }
    }

    /// A property of such a type is read through an accessor whose frame was freed before what it lent was read (Docs/Decisions/0016).
    @Test func noTypeIsWithoutCopies() throws {
        for (path, text) in try Self.sources() where path != "Sources/Values/Mutex.swift" {
            #expect(!text.contains("~Copyable {"), "\(path)")
        }
    }

    /// The ledger is SQLite's in one file: commands know it by the seams of WorkflowModel.
    @Test func onlyTheCompositionNamesTheLedger() throws {
        var isThere = false
        for (path, text) in try Self.sources() where path.hasPrefix("Sources/agentctl/") {
            let names = text.split(whereSeparator: \.isNewline).contains("import Ledger")
            if path == "Sources/agentctl/Composition.swift" { isThere = names } else { #expect(!names, "\(path): ask the composition for an archive or a ledger") }
        }
        #expect(isThere)
    }

    /// What drives runs is made in one place, in its order.
    @Test func onlyASessionMakesWhatDrivesRuns() throws {
        let makers = [".connect(uses:", ".engine(journal:", "StopSignals(engine:", "record(priceRows:", "PlanBuilder("]
        var found: Set<String> = []
        for (path, text) in try Self.sources() where path.hasPrefix("Sources/agentctl/") {
            for maker in makers where text.contains(maker) {
                found.insert(maker)
                #expect(path == "Sources/agentctl/RunSession.swift", "\(path) has \(maker)…")
            }
        }
        #expect(found == Set(makers))
    }

    @Test(arguments: [
        ("do { return (id, .success(try await work(k))) } catch { return (id, .failure(error)) }", true),
        ("group.addTask { (index, await provider()) }", true),
        ("group.addTask { [graph] in\n    Outcome(a: index,\n        b: await provider())\n}", true),
        ("return .pair(x, await y)", true),
        ("return [a, await b]", true),
        ("return Box(first: (a, try await b), second: c)", true),
        ("return (await y, x)", false),
        ("return outcome(of: try await engine.run(a, b), number: 1)", false),
        ("return send(a, await b)", false),
        ("let both = (a, await b)", false),
        ("return (a, \"an await in a text, \\(b)\") // and await", false),
        ("let a = await b\nreturn (a, c)", false),
        ("let task = Task { await work(a, b) }", false),
        ("return try await group.next(a, b)", false),
        ("return (a, { () async in await b }, c)", false),
    ])
    func theRuleFindsItsKind(code: String, isFound: Bool) {
        #expect(AwaitInsideReturn.lines(in: code).isEmpty == !isFound)
    }

    /// Path and text of each file under `Sources`.
    static func sources() throws -> [(path: String, text: String)] {
        let root = Sandbox.repository + "/Sources"
        let paths = FileManager.default.enumerator(atPath: root)!.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
        #expect(paths.count > 300)
        return try paths.map { ("Sources/" + $0, try String(contentsOfFile: root + "/" + $0, encoding: .utf8)) }
    }
}

/// Finds `await` behind another element of a tuple, a list, an enum's payload or an initialiser's arguments, where that value is
/// what `return` or a closure of one expression gives.
private enum AwaitInsideReturn {
    static func lines(in text: String) -> [Int] {
        let tokens = tokens(of: text)
        return tokens.indices.filter { tokens[$0].text == "await" && isInside(tokens, $0) }.map { tokens[$0].line }
    }

    /// Goes outwards from the `await`, parenthesis by parenthesis, to where the expression begins.
    private static func isInside(_ tokens: [Token], _ start: Int) -> Bool {
        var (index, depth, isBehindAnother, isValue) = (start - 1, 0, false, false)
        while index >= 0 {
            switch tokens[index].text {
            case ")", "]", "}": depth += 1
            case "(", "[":
                if depth > 0 { depth -= 1; break }
                if isBehindAnother { isValue = isValue || makesValue(tokens, index) }
                // What stood before a comma here stands outside of the next parenthesis.
                if !isValue { isBehindAnother = false }
            case "{":
                if depth > 0 { depth -= 1; break }
                return isValue && isClosureOfOneExpression(tokens, index, start)
            case ",": if depth == 0 { isBehindAnother = true }
            case "return": if depth == 0 { return isValue }
            case "=", "let", "var", ";",
                "in" where depth == 0:
                return isValue && tokens[index].text == "in"
            default: break
            }
            index -= 1
        }
        return false
    }

    /// Whether the parenthesis makes a value by itself: it is no call of a function.
    private static func makesValue(_ tokens: [Token], _ index: Int) -> Bool {
        guard index > 0, tokens[index - 1].isName, !["return", "in", "try", "await", "throw"].contains(tokens[index - 1].text) else { return true }
        if tokens[index].text == "[" { return false }
        if tokens[index - 1].text.first!.isUppercase { return true }
        // `.success(…)`, but not `group.next(…)`.
        guard index > 1, tokens[index - 2].text == "." else { return false }
        return index < 3 || !(tokens[index - 3].isName || [")", "]"].contains(tokens[index - 3].text)) || tokens[index - 3].text == "return"
    }

    /// Nothing stands between the brace and the value but what may stand before an expression.
    private static func isClosureOfOneExpression(_ tokens: [Token], _ brace: Int, _ end: Int) -> Bool {
        let next = tokens[brace + 1]
        return next.text == "(" || next.text == "[" || next.text == "." || ["try", "await"].contains(next.text) || next.text.first!.isUppercase
    }

    private struct Token {
        let text: String
        let line: Int
        var isName: Bool { text.first!.isLetter || text.first == "_" }
    }

    /// Names and marks, without comments and without what is in quotes.
    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var (line, rest) = (1, Array(text.unicodeScalars)[...])
        func starts(_ mark: String) -> Bool { rest.starts(with: mark.unicodeScalars) }
        while let first = rest.first {
            if starts("//") {
                rest = rest.drop { $0 != "\n" }
            } else if first == "\"" {
                let quote = starts("\"\"\"") ? "\"\"\"" : "\""
                rest = rest.dropFirst(quote.unicodeScalars.count)
                while !rest.isEmpty, !starts(quote) {
                    if rest.first == "\n" { line += 1 }
                    rest = rest.dropFirst(rest.first == "\\" ? 2 : 1)
                }
                rest = rest.dropFirst(quote.unicodeScalars.count)
                tokens.append(Token(text: "\"", line: line))
            } else if first.properties.isAlphabetic || first == "_" {
                let name = rest.prefix { $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0) }
                rest = rest.dropFirst(name.count)
                tokens.append(Token(text: String(String.UnicodeScalarView(name)), line: line))
            } else {
                if first == "\n" { line += 1 }
                if !first.properties.isWhitespace { tokens.append(Token(text: String(first), line: line)) }
                rest = rest.dropFirst()
            }
        }
        return tokens
    }
}
