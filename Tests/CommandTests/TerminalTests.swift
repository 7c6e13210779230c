import Foundation
import TestSupport
import Testing
import Values

/// A7: whoever writes a text, models, servers, programs, files, callers: a terminal gets no order from it.
@Suite struct TerminalTests {
    /// A clipboard, a window's title, a cleared screen, a link, hidden and coloured text, a turned line, a bell, C1 in two bytes.
    private static let hostile = "\u{1B}]52;c;ZXZpbA==\u{7}\u{1B}]0;evil\u{7}\u{1B}[2J\u{1B}]8;;https://evil/\u{1B}\\x\u{1B}[8m\u{1B}[31mred\r\u{9B}2J\u{202E}\u{2066}\u{200B}\u{7F}\u{8}"

    private static let ways: [String: @Sendable (JSONValue, Int) -> StubResponse] = [
        "answer": { .completion(of: $0, number: $1, saying: "it is " + hostile) },
        "error": { _, _ in .error(400, hostile, type: hostile, code: hostile) },
        "page": { _, _ in .text("no " + hostile, status: 500) },
        "redirect": { _, _ in StubResponse(status: 302, headers: [("Location", "https://h/\u{1B}[2J")]) },
    ]

    private func project() throws -> Sandbox {
        let sandbox = try Sandbox(
            script: { request in
                let name = request.json?["model"]?.stringValue ?? ""
                return Self.ways[name]?(request.json ?? [:], request.number)
            }, project: "x-\"a\\e]52;c;ZXZpbA==\\ab\": 1")
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers: { stub: { api: openai-chat, base_url: "\(sandbox.server.baseURL)" } }
            prices: [{ model: "stub/*", input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }]
            """)
        for way in Self.ways.keys {
            try sandbox.write(
                "\(way).yaml",
                """
                version: 1
                name: \(way)
                inputs: { t: { type: string, default: hi } }
                models: { m: { use: stub/\(way) } }
                tags: { t: "${{ inputs.t }}" }
                defaults: { model: m, retry: { max_attempts: 1 }, limits: { max_input_tokens: 2000, max_output_tokens: 900 } }
                steps:
                  - { id: a, prompt: "${{ inputs.t }}" }
                  - { id: ask, needs: [a], approve: { message: "${{ steps.a.output }}" } }
                outputs: { a: "${{ steps.a.output }}" }

                """)
        }
        try sandbox.write("program.yaml", "version: 1\nname: program\nsteps:\n  - { id: p, run: [sh, -c, \"cat hostile.txt; cat hostile.txt >&2; exit 3\"] }\n")
        try sandbox.write("text.yaml", "version: 1\nname: text\nsteps:\n  - { id: p, run: [cat, hostile.txt] }\noutputs: { p: \"${{ steps.p.output }}\" }\n")
        try sandbox.write("hostile.txt", Self.hostile)
        try sandbox.write("keys.yaml", "version: 1\nname: keys\n\"a\\e]52;c;ZXZpbA==\\a\\N\\u202e\": 1\nsteps:\n  - { id: \"\\e[2J\", value: \"'\\e[2J' + 1\" }\n")
        try sandbox.write("raw.yaml", "version: 1\nname: raw # \u{9B}2J\u{202E}\nsteps:\n  - { id: a, valeu: \"\u{9B}2J\u{202E}\" }\n")
        try sandbox.write("named\u{1B}[2J.yaml", "version: 1\nname: x\nsteps: []\n")
        try sandbox.write("s.json", "{\"type\": \"integer\"}")
        try sandbox.write("d.json", "\"\u{9B}\u{202E}\\u001b[2J\"")
        try sandbox.write("lines.jsonl", "{\"t\": \"\\u001b[2J\u{202E}\"}\n{\"\u{9B}\": 1}\n")
        return sandbox
    }

    /// What is left of our own: tints, and how the live tree and the line of a batch are drawn over.
    private static func isOurs(_ sequence: Substring) -> Bool {
        sequence.wholeMatch(of: /\[[0-9;]*m/) != nil && !["[8m"].contains(String(sequence)) || sequence.wholeMatch(of: /\[[0-9]+[AB]|\[2K|\[\?7[lh]/) != nil
    }

    private static func problems(_ bytes: [UInt8]) -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else { return ["no UTF-8"] }
        var problems: [String] = []
        for piece in text.unicodeScalars.split(separator: "\u{1B}", omittingEmptySubsequences: false).dropFirst() {
            let sequence = Substring(piece.prefix { !("A"..."z").contains($0) || $0 == "[" }) + Substring(piece.drop { !("A"..."z").contains($0) || $0 == "[" }.prefix(1))
            if !isOurs(sequence) { problems.append("ESC \(sequence)") }
        }
        for scalar in text.unicodeScalars where TerminalText.isHarmful(scalar) && scalar != "\u{1B}" && scalar != "\r" { problems.append("U+\(String(scalar.value, radix: 16))") }
        // A carriage return only before a line that is drawn over, or in a line's end.
        let lines = text.replacing("\r\n", with: "\n").unicodeScalars
        for (index, scalar) in zip(lines.indices, lines) where scalar == "\r" {
            if lines[index...].dropFirst().contains("\u{1B}") == false { problems.append("CR") }
        }
        return problems
    }

    @Test(.timeLimit(.minutes(5))) func noCommandHandsOnAnOrder() async throws {
        let sandbox = try project()
        var counted = 0
        func look(_ arguments: String...) async throws {
            let bytes = try await PseudoTerminal.run(Sandbox.program, arguments, in: sandbox.folder)
            let problems = Self.problems(bytes)
            counted += 1
            #expect(problems.isEmpty, "\(arguments): \(problems.prefix(3)) in \(String(decoding: bytes.prefix(3000), as: UTF8.self).debugDescription)")
        }
        for way in Self.ways.keys.sorted() { try await look("run", "\(way).yaml") }
        try await look("run", "program.yaml")
        try await look("run", "text.yaml")
        try await look("run", "text.yaml", "--json")
        try await look("run", "text.yaml", "--events")
        try await look("run", "answer.yaml", "--input", "t=\(Self.hostile)")
        try await look("run", "answer.yaml", "--batch", "lines.jsonl")
        try await look("run", "error.yaml", "--batch", "lines.jsonl")
        for ways in [
            ["show", "last"], ["show", "last", "--prompts"], ["show", "last", "--json"], ["runs"], ["runs", "--json"], ["audit", "--by", "tag:t"], ["audit", "--by", "tag:t", "--csv"],
            ["audit", "--json", "--by", "tag:t,step"], ["approvals"], ["approvals", "--json"], ["verify", "--all"], ["doctor"], ["plan", "answer.yaml"], ["plan", "keys.yaml"], ["graph", "raw.yaml"],
            ["validate"], ["validate", "keys.yaml"], ["validate", "raw.yaml"], ["validate", "--json"], ["validate", "--format", "sarif"], ["validate", "named\u{1B}[2J.yaml"], ["validate", "no\u{1B}[2J"],
            ["fmt", "--diff"], ["fmt", "--check"], ["try", "schema", "s.json", "d.json"], ["try", "schema", "s.json", "d.json", "--json"], ["try", "expr", "'\u{1B}[2J\u{202E}'"], ["try", "expr", "\u{1B}[2J"],
            ["try", "prompt", "answer.yaml", "a", "--input", "t=\(Self.hostile)"], ["try", "prompt", "answer.yaml", "a", "--json", "--input", "t=\(Self.hostile)"],
            ["explain", "\u{1B}[2J"], ["prices", "show", "\u{1B}[2J"], ["show", "\u{1B}[2J"], ["outcome", "last", Self.hostile], ["show", "last"],
            ["approve", "last", "--no", "--by", Self.hostile, "--note", Self.hostile, "--resume"], ["show", "last"], ["follow", "last"], ["follow", "last", "--events"],
            ["outputs", "last"], ["outputs", "last", "--json"], ["show", "last", "a"], ["show", "last", "a", "--prompts"], ["cancel", "last", "--by", Self.hostile], ["\u{1B}[2J"], ["run", "--\u{1B}[2J"],
            ["run", "answer.yaml", "--budget", "\u{1B}[2J"], ["run", "answer.yaml", "--config", "\u{1B}[2J"], ["help", "\u{1B}[2J"], ["--help"],
        ] {
            let bytes = try await PseudoTerminal.run(Sandbox.program, ways, in: sandbox.folder)
            let problems = Self.problems(bytes)
            counted += 1
            #expect(problems.isEmpty, "\(ways): \(problems.prefix(3)) in \(String(decoding: bytes.prefix(3000), as: UTF8.self).debugDescription)")
        }
        #expect(counted > 55)
    }

    @Test func whereThereIsNoTerminalATextArrivesAsItIs() async throws {
        let sandbox = try project()
        let text = try await sandbox.agentctl("run", "text.yaml", "--quiet")
        #expect(text.out == Self.hostile + "\n")
        // JSON that is shown to people is harmless, and says the same.
        let json = try await sandbox.agentctl("run", "text.yaml", "--quiet", "--json")
        #expect(json.json?["outputs"]?["p"] == .string(Self.hostile))
        #expect(json.out.unicodeScalars.allSatisfy { !TerminalText.isHarmful($0) })
        // Stderr is for people, who look at logs on terminals.
        let failed = try await sandbox.agentctl("run", "error.yaml")
        #expect(failed.err.contains(#"\u001b]52;c;ZXZpbA==\u0007"#) && failed.err.unicodeScalars.allSatisfy { !TerminalText.isHarmful($0) }, "\(failed.err.debugDescription)")
    }

    /// Everything goes through `Output`, which redacts and makes harmless; escape sequences are written where text is formatted.
    @Test func nothingPrintsAroundTheOnePlace() throws {
        let sources = URL(fileURLWithPath: Sandbox.repository).appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        let printing = /(^|[^.\w])(print|debugPrint|puts|putchar|vprintf|perror|dump)\(|FileHandle\.standard|f(puts|write|printf)\([^)]*, (stdout|stderr)\)|Glibc\.write\(|[^.\w]write\((1|2),/
        // A file of their own, a pipe of their own, the names of fields; no stream of the process.
        let allowed: Set<String> = ["Output.swift", "WholeFile.swift", "StreamedFile.swift", "ServerLog.swift"]
        var looked = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            looked += 1
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let code = line.drop { $0 == " " }
                if code.hasPrefix("//") { continue }
                if !allowed.contains(file.lastPathComponent), code.firstMatch(of: printing) != nil { Issue.record("\(file.lastPathComponent): \(code)") }
                // What has tints in it says so, or they would be shown as escapes.
                if code.contains("Output.write(") || code.contains("Output.note("), code.contains("style: Output."), !code.contains("(styled: ") {
                    Issue.record("\(file.lastPathComponent): \(code)")
                }
                if code.contains("\\u{1B}") || code.contains("\\u{1b}") || code.contains("\\u{001B}") {
                    #expect(["LiveArea.swift", "StyledText.swift", "DiagnosticFormatter.swift", "ExitCodes.swift"].contains(file.lastPathComponent), "\(file.lastPathComponent): \(code)")
                }
            }
        }
        #expect(looked > 300)
    }
}
