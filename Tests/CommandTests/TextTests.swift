import Foundation
import TestSupport
import Testing
import Values

/// Text as people and machines hand it over: lines of any kind, marks, spellings, encodings (cases T1 to T5).
@Suite struct TextTests {
    private static let echo = """
        version: 1
        name: echo
        inputs: { t: { type: string } }
        steps: [{ id: a, value: inputs.t }]
        outputs: { a: "${{ steps.a.output }}" }
        """

    private static let bom = "\u{FEFF}"

    /// T1, T2: each line is a line, whatever it ends with; a mark at the beginning is skipped.
    @Test(arguments: ["stdin", "file"]) func linesOfABatch(from way: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.echo)
        let lines = Self.bom + "{\"t\":\"a\"}\r\n\r\n{\"t\":\"b\"}\n{\"t\":\"\\u0301\"}\r\n"
        try sandbox.write("lines.jsonl", lines)
        let run = try await sandbox.agentctl("run", "w.yaml", "--quiet", "--batch", way == "stdin" ? "-" : "lines.jsonl", stdin: way == "stdin" ? lines : "")
        #expect(run.code == 0, "\(run.err)")
        let rows = try run.lines.map(JSONParser.parse)
        #expect(rows.map { $0["line"] } == [1, 3, 4])
        #expect(rows.map { $0["outputs"]?["a"] } == ["a", "b", "\u{301}"])
    }

    /// T1: what stands behind the first sign is the value.
    @Test func aSignBeforeAMark() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.echo)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json", "--input", "t=\u{301}x")
        #expect(run.json?["outputs"]?["a"] == "\u{301}x", "\(run.err)")
    }

    /// T2: the mark that editors write is no part of a document, nor of a text.
    @Test func marksBeforeDocuments() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.bom + Self.echo)
        try sandbox.write("inputs.json", Self.bom + "{\"t\":\"x\"}")
        try sandbox.write("t.txt", Self.bom + "text\r\n")
        for arguments in [["--inputs", "inputs.json"], ["--input", "t=@t.txt"]] {
            let run = try await Sandbox.run(Sandbox.program, ["run", "w.yaml", "--json"] + arguments, in: sandbox.folder)
            #expect(run.json?["outputs"]?["a"] == (arguments[0] == "--inputs" ? "x" : "text\r\n"), "\(run.err)")
        }
        try sandbox.write(
            "p.yaml",
            """
            version: 1
            name: p
            steps:
              - { id: json, run: [printf, '\\357\\273\\277{"a": 1}\\r\\n'], output: { parse: json } }
              - { id: lines, run: [printf, '\\357\\273\\277{"a": 1}\\r\\n\\n{"a": "\\342\\200\\250"}\\r\\n'], output: { parse: jsonl } }
              - { id: text, run: [printf, '\\357\\273\\277a\\r\\n b\\r\\n\\n'] }
            outputs: { json: "${{ steps.json.output }}", lines: "${{ steps.lines.output }}", text: "${{ steps.text.output }}" }
            """)
        let run = try await sandbox.agentctl("run", "p.yaml", "--json")
        #expect(run.json?["outputs"] == ["json": ["a": 1], "lines": [["a": 1], ["a": "\u{2028}"]], "text": "a\r\n b"], "\(run.out) \(run.err)")
    }

    /// T3: two spellings are two keys, in documents, in workflows and in what is computed.
    @Test func twoSpellingsAreTwoKeys() async throws {
        let (a, b) = ("caf\u{e9}", "cafe\u{301}")
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            tags: { "\(a)": x, "\(b)": y }
            inputs: { a: { type: object, required: ["\(a)", "\(b)"], minProperties: 2, properties: { "\(a)": { type: integer }, "\(b)": { type: integer } }, additionalProperties: false } }
            steps:
              - { id: s, value: "[size(inputs.a), inputs.a['\(a)'], inputs.a['\(b)']]" }
              - { id: c, value: "['\(a)' == '\(b)', '\(a)' in {'\(b)': 1}, {'\(a)': 1} == {'\(b)': 1}, {'\(a)': 1, '\(b)': 2}['\(b)'] == 2]" }
              - { id: d, when: "inputs.a['\(a)'] == 1 && inputs.a['\(b)'] == 2", value: "'ran'" }
            outputs: { s: "${{ steps.s.output }}", c: "${{ steps.c.output }}", d: "${{ steps.d.output }}" }
            """)
        let run = try await sandbox.agentctl("run", "w.yaml", "--json", "--inputs", "-", stdin: "{\"a\":{\"caf\\u00e9\":1,\"cafe\\u0301\":2}}")
        #expect(run.json?["outputs"] == ["s": [2, 1, 2], "c": [false, false, false, true], "d": "ran"], "\(run.err)")
        let lacking = try await sandbox.agentctl("run", "w.yaml", "--json", "--inputs", "-", stdin: "{\"a\":{\"caf\\u00e9\":1,\"other\":2}}")
        #expect(lacking.code != 0 && lacking.err.contains("is required"), "\(lacking.err)")
        // Formatting keeps each.
        let before = try Data(contentsOf: URL(fileURLWithPath: sandbox.path("w.yaml")))
        try await sandbox.agentctl("fmt", "w.yaml")
        let after = try Data(contentsOf: URL(fileURLWithPath: sandbox.path("w.yaml")))
        for spelling in [a, b] { #expect(before.count(of: spelling) == after.count(of: spelling) && after.count(of: spelling) > 5) }
    }

    /// T4: bytes that are no text are refused, as those of a file are. A shell writes them: arguments here are texts.
    @Test(arguments: ["run w.yaml --input t=caf\\351", "audit --tag k=caf\\351", "show caf\\351", "run caf\\351.yaml", "--caf\\351"])
    func argumentsThatAreNoText(arguments: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("w.yaml", Self.echo)
        let words = arguments.split(separator: " ").map { "\"$(printf -- '\($0)')\"" }.joined(separator: " ")
        let run = try await Sandbox.run("/bin/sh", ["-c", "exec '\(Sandbox.program)' \(words)"], in: sandbox.folder)
        #expect(run.code == 2 && run.err.contains("is not UTF-8 text"), "\(run.err)")
        let variable = try await Sandbox.run("/bin/sh", ["-c", "AGENTCTL_RELEASE=\"$(printf 'a\\351')\" exec '\(Sandbox.program)' runs"], in: sandbox.folder)
        #expect(variable.code == 2 && variable.err.contains("AGENTCTL_RELEASE is not UTF-8"), "\(variable.err)")
    }

    /// T5: a block that is one expression keeps its type; where `+` keeps its line ends, or text stands around it, it is a text.
    @Test func blocksThatAreOneExpression() async throws {
        let sandbox = try Sandbox()
        let expression = "${{ inputs.l }}"
        let styles = [
            expression, "\"\(expression)\"", "'\(expression)'", "|\n        \(expression)", ">\n        \(expression)", "|-\n        \(expression)", ">-\n        \(expression)",
            "|2\n        \(expression)", ">  # why\n        ${{\n        inputs.l\n        }}\n", "|+\n        \(expression)", "|\n        \(expression)\n        .",
        ]
        var workflow = "version: 1\nname: w\ninputs: { l: { type: array } }\nsteps:\n"
        for (index, style) in styles.enumerated() { workflow += "  - id: s\(index)\n    with:\n      l: \(style)\n    value: size(with.l)\n" }
        workflow += "  - id: c\n    when: >\n      ${{ size(inputs.l) == 2 }}\n    value: |\n      'r' +\n      'an'\n  - id: k\n    when: |+\n      ${{ true }}\n\n    value: 1\n"
        workflow += "outputs:\n  all: \"${{ [\((0..<styles.count).map { "steps.s\($0).output" }.joined(separator: ", "))] }}\"\n  c: >\n    ${{ steps.c.output }}\n  l: |\n    ${{ inputs.l }}\n"
        try sandbox.write("w.yaml", workflow)
        for text in [workflow, workflow.replacing("\n", with: "\r\n")] {
            try sandbox.write("w.yaml", text)
            let run = try await sandbox.agentctl("run", "w.yaml", "--json", "--inputs", "-", stdin: "{\"l\":[1,2]}")
            #expect(run.json?["outputs"] == ["all": [2, 2, 2, 2, 2, 2, 2, 2, 2, 6, 8], "c": "ran", "l": [1, 2]], "\(run.out) \(run.err)")
        }
    }

    /// P1: the places of problems are those of the characters in the file, for people and for programs.
    @Test func placesAreExact() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            inputs: { mail: { type: string } }
            models: { m: { use: stub/echo } }
            steps:
              - { id: a, model: m, prompt: "\\"a\\"\\n\\nb \\u00e9 ${{ inputs.mial }}" }
              - id: b
                model: m
                prompt: >
                  folded
                  into one ${{ inputs.mail
                  + 1 }}
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}" }
            """)
        let text = try await sandbox.agentctl("validate", "w.yaml")
        #expect(text.err.contains("w.yaml:6:55: error[AW203]") && text.err.contains("w.yaml:11:20: error[AX007]"), "\(text.err)")
        let json = try await sandbox.agentctl("validate", "w.yaml", "--format", "json")
        let places = (json.json?["diagnostics"]?.arrayValue ?? []).filter { $0["severity"] == "error" }
            .map { problem in ["line", "column", "end_line", "end_column"].map { problem[$0]?.intValue } }
        #expect(places == [[6, 55, 6, 66], [11, 20, 12, 10]], "\(json.out)")
        let sarif = try await sandbox.agentctl("validate", "w.yaml", "--format", "sarif")
        let run = sarif.json?["runs"]?[0]
        let regions = (run?["results"]?.arrayValue ?? []).filter { $0["level"] == "error" }.compactMap { $0["locations"]?[0]?["physicalLocation"]?["region"] }
        #expect(run?["columnKind"] == "unicodeCodePoints")
        #expect(regions.first == ["startLine": 6, "startColumn": 55, "endLine": 6, "endColumn": 66], "\(sarif.out)")
    }
}

extension Data {
    fileprivate func count(of text: String) -> Int {
        var (count, start) = (0, startIndex)
        while let found = range(of: Data(text.utf8), in: start..<endIndex) { (count, start) = (count + 1, found.upperBound) }
        return count
    }
}
