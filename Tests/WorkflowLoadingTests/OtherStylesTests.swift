import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// What other people write, and is right, is not asked about: prompts that quote other tools, and workflows in all styles of YAML.
@Suite struct OtherStylesTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

    private static func parts(of file: String) throws -> [String] {
        var text = try String(contentsOf: fixtures.appendingPathComponent(file), encoding: .utf8)
        text.removeLast()
        return text.components(separatedBy: "\n=====\n")
    }

    private func remarks(_ yaml: String, files: [String: String] = [:]) throws -> String {
        let project = try TemporaryProject(files.merging(["w.yaml": yaml]) { $1 })
        do {
            return project.printed(try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings)
        } catch {
            return project.printed(error)
        }
    }

    /// L1: two hundred prompts of other tools, under names that are partly the same: in a file, and in a list of messages.
    @Test func promptsInOtherStylesAreTakenAsTheyAre() throws {
        let prompts = try Self.parts(of: "prompts-in-other-styles.txt")
        #expect(prompts.count == 200)
        #expect(Set(prompts).count == 200)
        let names = ["text", "name", "user", "question", "context", "items", "email", "index_name", "description", "col", "role", "lang"]
        let head = """
            version: 1
            name: t
            owner: { engineering: me }
            inputs: { \(names.map { "\($0): { type: string }" }.joined(separator: ", ")), list: { type: array } }
            models: { m: { use: local/small, max_output_tokens: 9 } }
            steps:
              - { id: build, model: m, prompt: "\(names.map { "${{ inputs.\($0) }}" }.joined(separator: " "))" }
              - { id: fetch, model: m, prompt: "${{ steps.build.output }}" }

            """
        var steps = ""
        var outputs = "outputs:\n  fetch: \"${{ steps.fetch.output }}\"\n"
        var files: [String: String] = [:]
        for (index, prompt) in prompts.enumerated() {
            let quoted = JSONValue.string(prompt).jsonText
            switch index % 4 {
            case 0: steps += "  - { id: p\(index), model: m, with: { docs: \"${{ inputs.text }}\" }, prompt: \(Self.doubleQuoted(prompt + "\n${{ with.docs }}")) }\n"
            case 1:
                files["p\(index).md"] = prompt + "\n${{ item }}\n"
                steps += "  - { id: p\(index), model: m, for_each: { items: inputs.list }, prompt_file: p\(index).md }\n"
            case 2: steps += "  - { id: p\(index), model: m, messages: [{ role: system, content: Be brief. }, { role: user, content: \(quoted) }] }\n"
            default: steps += "  - id: p\(index)\n    model: m\n    prompt: |-\n" + prompt.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)\n" }.joined()
            }
            outputs += "  p\(index): \"${{ steps.p\(index).output }}\"\n"
        }
        let found = try remarks(head + steps + outputs, files: files)
        #expect(found == "")
    }

    /// What JSON writes is YAML's double-quoted text.
    private static func doubleQuoted(_ text: String) -> String { JSONValue.string(text).jsonText }

    /// Three hundred workflows: what thirty-nine people wrote, each in eight styles of YAML.
    @Test(arguments: YAMLStyle.all) func workflowsInOtherStylesHaveNoRemarks(style: YAMLStyle) throws {
        let workflows = try Self.parts(of: "workflows-in-other-styles.txt")
        #expect(workflows.count * YAMLStyle.all.count >= 300)
        for workflow in workflows {
            let (node, problems) = YAMLReader.read(workflow, file: "w.yaml")
            #expect(problems.isEmpty)
            let yaml = style.isAsWritten ? workflow + "\n" : style.write(try #require(node?.json))
            let found = try remarks(yaml)
            #expect(found == "", "\(style.name):\n\(yaml)")
        }
    }
}

/// A way to write YAML that says the same.
struct YAMLStyle: Sendable, CustomTestStringConvertible {
    let name: String
    var isAsWritten = false
    /// Mappings inside `{ }` from this level on.
    var flowFrom = Int.max
    var indent = 2
    var isReversed = false
    var quotesKeys = false
    var quote: Character?
    var end = "\n"
    var hasComments = false
    var listsAreIndented = true

    var testDescription: String { name }

    static let all = [
        YAMLStyle(name: "as written", isAsWritten: true), YAMLStyle(name: "block"), YAMLStyle(name: "flow from the third level", flowFrom: 3, indent: 4),
        YAMLStyle(name: "JSON", flowFrom: 0, quotesKeys: true, quote: "\""), YAMLStyle(name: "keys reversed, lists not indented", isReversed: true, listsAreIndented: false),
        YAMLStyle(name: "single quotes, CRLF", quote: "'", end: "\r\n"), YAMLStyle(name: "double quotes, comments", quote: "\"", hasComments: true),
        YAMLStyle(name: "eight columns, keys in quotes", indent: 8, quotesKeys: true),
    ]

    func write(_ value: JSONValue) -> String {
        var text = hasComments ? "# A workflow of somebody else's: {{ not }} an expression.\(end)---\(end)" : ""
        if flowFrom == 0 { return text + flow(value) + end }
        block(value, 0, 0, into: &text)
        return text
    }

    private func pairs(_ object: JSONObject) -> [(String, JSONValue)] {
        var pairs: [(String, JSONValue)] = []
        object.forEachPair { pairs.append(($0, $1)) }
        return isReversed ? pairs.reversed() : pairs
    }

    private func key(_ name: String) -> String { quotesKeys ? JSONValue.string(name).jsonText : name }

    private func block(_ value: JSONValue, _ column: Int, _ level: Int, into text: inout String) {
        let margin = String(repeating: " ", count: column)
        switch value {
        case .object(let object) where object.count > 0:
            for (name, value) in pairs(object) {
                if hasComments, level == 0 { text += "\(margin)# \(name)\(end)" }
                text += margin + key(name) + ":"
                below(value, column, level, into: &text)
            }
        case .array(let elements) where !elements.isEmpty:
            for element in elements {
                var inner = ""
                block(element, column + 2, level, into: &inner)
                // A dash takes the place of the first blanks.
                text += margin + "- " + inner.dropFirst(inner.first == " " ? column + 2 : 0)
            }
        default: text += flow(value) + end
        }
    }

    private func below(_ value: JSONValue, _ column: Int, _ level: Int, into text: inout String) {
        let isEmpty = value.objectValue?.count == 0 || value.arrayValue?.isEmpty == true
        switch value {
        case .object, .array:
            guard level + 1 < flowFrom, !isEmpty else { break }
            text += end
            let isList = value.arrayValue != nil
            return block(value, isList && !listsAreIndented ? column : column + indent, level + 1, into: &text)
        case .string(let string) where quote == nil && string.contains("\n") && !string.contains("\r") && string.first != " " && string.first != "\n":
            let strip = string.hasSuffix("\n\n") ? "+" : string.hasSuffix("\n") ? "" : "-"
            text += " |\(strip)\(end)"
            let lines = string.split(separator: "\n", omittingEmptySubsequences: false)
            for line in string.hasSuffix("\n") ? lines.dropLast()[...] : lines[...] { text += (line.isEmpty ? "" : String(repeating: " ", count: column + indent) + line) + end }
            return
        default: break
        }
        text += " " + flow(value) + (hasComments ? "   # said" : "") + end
    }

    private func flow(_ value: JSONValue) -> String {
        switch value {
        case .object(let object): return "{ " + pairs(object).map { "\(key($0)): \(flow($1))" }.joined(separator: ", ") + " }"
        case .array(let elements): return "[" + elements.map(flow).joined(separator: ", ") + "]"
        case .string(let text):
            let isPlain = quote == nil && !YAMLNode.isRead(text) && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./ ".contains($0)) } && text.first?.isLetter == true && text.last != " "
            if isPlain { return text }
            if quote == "'", !text.contains("\n") { return "'" + text.replacing("'", with: "''") + "'" }
            return JSONValue.string(text).jsonText
        default: return value.jsonText
        }
    }
}
