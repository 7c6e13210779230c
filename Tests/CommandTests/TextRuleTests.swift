import Glibc
import Testing
import Values

/// Text from outside is bytes (Docs/Decisions/0020): no table of ours has Swift's equality of texts as its key rule, and none is taken
/// apart at `Character`s, which a combining mark or a carriage return changes.
@Suite struct TextRuleTests {
    /// Files, or folders, whose texts have one spelling only, with the reason.
    private static let keyedByOwnNames: [(path: String, why: String)] = [
        ("Sources/Values/Text", "these are the tables"),
        // `[a-z][a-z0-9_]*`: no other text is equal to such a one, in whatever spelling.
        ("Sources/WorkflowLoading/Validation/", "names of the language"), ("Sources/WorkflowLoading/Decoding/WorkflowDraft.swift", "names of the language"),
        ("Sources/WorkflowModel/Graph/StepGraph.swift", "ids of steps"), ("Sources/WorkflowModel/Records/WorkflowHistory.swift", "ids of steps"),
        ("Sources/Engine/State/RunStateMachine.swift", "ids of steps"), ("Sources/Reports/PlanReport.swift", "names of prefixes"),
        ("Sources/Expressions/DictionaryBindings.swift", "names that an expression can say"), ("Sources/Expressions/TypeEnvironment.swift", "names that an expression can say"),
        ("Sources/agentctl/Commands/Try/TryExpr.swift", "names that an expression can say"),
        // Ids of steps, numbers and slashes.
        ("Sources/Reports/LiveTree", "paths of nodes"), ("Sources/Reports/Trace", "paths of nodes"),
        ("Sources/agentctl/Commands/Outputs.swift", "paths of nodes"), ("Sources/WorkflowModel/Seams/RunJournal.swift", "paths of nodes"),
        ("Sources/Ledger/Ledger+Handover.swift", "paths of nodes"), ("Sources/Ledger/Reading/Ledger+Trace.swift", "paths of nodes"),
        // What the program itself says.
        ("Sources/Values/DiagnosticFormatter.swift", "codes"), ("Sources/agentctl/Problems/", "codes"), ("Sources/WorkflowModel/Projection/R", "tables, columns and kinds of facts"),
        ("Sources/Ledger/Upkeep/RowComparison.swift", "columns"), ("Sources/Ledger/Upkeep/KeptRows.swift", "columns"), ("Sources/Ledger/Upkeep/Ledger+Checkup.swift", "objects of the database"),
        ("Sources/Providers/Usage/UsageFields.swift", "words of known servers"), ("Sources/Providers/FinishReasons.swift", "words of known servers"),
        ("Sources/JSONSchema/Patterns/ScalarSet.swift", "names of Unicode's properties"),
    ]

    private static let takenApartByCharacters: [(path: String, why: String)] = [
        ("Sources/Reports/StyledText.swift", "what is shown is laid out by characters"), ("Sources/WorkflowModel/Graph/NodePath.swift", "ids of steps and numbers"),
        ("Sources/Ledger/Migrations/", "rows as they were, in ASCII"), ("Sources/Providers/FinishReasons.swift", "the program's own words"),
        ("Sources/WorkflowLoading/Formatting/YAMLFormatter.swift", "scalars, in arrays"),
        ("Sources/WorkflowLoading/Validation/RepeatedPrefixRule.swift", "scalars"), ("Sources/WorkflowLoading/Decoding/ShapeChecker.swift", "each part is ASCII, which is looked at"),
        ("Sources/agentctl/Terminal/Output+Documents.swift", "JSON that the program has written"), ("Sources/JSONSchema/Patterns/", "scalars"), ("Sources/Expressions/TimeZoneRule.swift", "ASCII"),
        ("Sources/WorkflowLoading/YAML/YAMLReader.swift", "a guess at what was meant, for a hint"),
    ]

    @Test func keysAreBytes() throws {
        try expectNone(TextRule.keys, Self.keyedByOwnNames, "have its keys compared by bytes: TextTable, TextSet, TextKey")
    }

    @Test func textIsTakenApartByBytes() throws {
        try expectNone(TextRule.parts, Self.takenApartByCharacters, "take it apart by bytes: lines, parts(at:), cut(at:), replacingBytes(of:with:)")
    }

    private func expectNone(_ finds: (Substring) -> Bool, _ allowed: [(path: String, why: String)], _ mend: String) throws {
        var used: TextSet = []
        for (path, text) in try SourceRuleTests.sources() {
            let reason = allowed.first { path.hasPrefix($0.path) }
            for (index, line) in text.lines.enumerated() where finds(line) {
                if let reason { used.insert(reason.path) } else { Issue.record("\(path):\(index + 1): \(mend)\n\(line)") }
            }
        }
        for entry in allowed where !used.contains(entry.path) { Issue.record("\(entry.path) is allowed what it does not do: \(entry.why)") }
    }

    @Test(arguments: [
        ("var a: [String: Int] = [:]", true), ("let a: Set<String>", true), ("let a = Dictionary(grouping: rows, by: \\.path)", true), ("Set(rows.map(\\.name))", true),
        ("var a: [[String]: Int]", true), ("Dictionary<Substring, Int>()", true), ("OrderedDictionary<String, JSONValue>", true), ("// none", false), ("", false), ("    private static let words: Set<String> = []", false),
        ("/// A `[String: Int]` is", false), ("var a: [Int: String]", false), ("let a: TextTable<[Int: String]>", false), ("TextSet(rows.map(\\.name))", false), ("Set(numbers)", false), ("Set(table.keys)", false),
        ("Set(table.map(\\.key))", true),
        ("func text(_ rows: [[String]]) -> String {", false),
    ]) func theRuleOfKeysFindsItsKind(line: String, isFound: Bool) { #expect(TextRule.keys(line[...]) == isFound) }

    @Test(arguments: [
        ("text.split(separator: \"\\n\")", true), ("text.split(whereSeparator: \\.isNewline)", true), ("text.firstIndex(of: \"=\")", true), ("path.lastIndex(of: \"/\")", true),
        ("text.components(separatedBy: \",\")", true), ("text.replacing(\"'\", with: \"\")", true), ("text.replacingOccurrences(of: a, with: b)", true), ("text.firstRange(of: \"x\")", true),
        ("text.contains(\"\\n\")", true), ("text.utf8.split(separator: 0x0A)", false), ("bytes.firstIndex(of: UInt8(ascii: \"=\"))", false), ("// text.split(separator: \",\")", false),
        ("scope.replacing(with: values)", false),
    ]) func theRuleOfPartsFindsItsKind(line: String, isFound: Bool) { #expect(TextRule.parts(line[...]) == isFound) }
}

/// What the rules look for in a line of a source.
private enum TextRule {
    private static let tables = ["[String: ", "[Substring: ", "[[String]: ", "[[Substring]: ", "Dictionary<String", "Dictionary<Substring", "Set<String", "Set<Substring"]
    private static let makers = ["Dictionary(", "Set("]
    /// What a table that is made without a word on its type is made of.
    private static let texts = [".text", ".name", ".path", ".id", ".key", ".value", ".model", ".provider", ".alias", ".file", ".code", ".title", "String"]
    private static let takers = [
        ".split(separator: \"", ".split(whereSeparator: \\.isNewline)", ".firstIndex(of: \"", ".lastIndex(of: \"", ".firstRange(of: \"", ".range(of: \"", "components(separatedBy",
        "replacingOccurrences", ".replacing(\"", "contains(\"\\n\")", "contains(\"\\r\")", "enumerateLines",
    ]

    /// A table of words that stands in the source has them in one spelling.
    static func keys(_ line: Substring) -> Bool {
        guard let code = code(line), place("static let", in: code) == nil else { return false }
        if tables.contains(where: { place($0, in: code) != nil }) { return true }
        return makers.contains { isWord($0, in: code) } && texts.contains { endsAsWord($0, in: code) }
    }

    static func parts(_ line: Substring) -> Bool {
        guard let code = code(line) else { return false }
        return takers.contains { place($0, in: code) != nil }
    }

    /// Without a comment; `nil` where nothing is left.
    private static func code(_ line: Substring) -> [UInt8]? {
        let bytes = Array(line.utf8)
        let code = bytes[..<(place("//", in: bytes) ?? bytes.count)]
        return code.isEmpty ? nil : Array(code)
    }

    /// `Set(`, and not `TextSet(`.
    private static func isWord(_ word: String, in code: [UInt8]) -> Bool {
        guard let place = place(word, in: code) else { return false }
        return !isLetter(place - 1, in: code)
    }

    /// `.key`, and not `.keys`.
    private static func endsAsWord(_ word: String, in code: [UInt8]) -> Bool {
        place(word, in: code).map { !isLetter($0 + word.utf8.count, in: code) } ?? false
    }

    private static func isLetter(_ place: Int, in code: [UInt8]) -> Bool { code.indices.contains(place) && code[place] | 0x20 &- 0x61 < 26 }

    /// By the C library: sixty thousand lines are looked through.
    private static func place(_ part: String, in bytes: [UInt8]) -> Int? {
        (bytes + [0]).withUnsafeBytes { text in
            let start = text.baseAddress!.assumingMemoryBound(to: CChar.self)
            return strstr(start, part).map { UnsafePointer($0) - start }
        }
    }
}
