import Foundation
import TestSupport
import Testing

/// The examples at the prompt print what the pages show, as far as they need neither a model nor a clock.
@Suite struct DocumentationConsoleTests {
    /// One command with what is shown below it.
    private struct Entry {
        let command: String
        let output: String
    }

    private static func entries(_ fence: DocumentationFence) -> [Entry] {
        fence.text.components(separatedBy: "\n$ ").enumerated().compactMap { number, part in
            let text = number == 0 ? part : "$ " + part
            guard text.hasPrefix("$ ") else { return nil }
            let lines = text.dropFirst(2).components(separatedBy: "\n")
            var output = lines.dropFirst().joined(separator: "\n")
            while output.hasSuffix("\n") { output.removeLast() }
            return Entry(command: lines[0], output: output)
        }
    }

    private static let commands = ["try", "validate", "fmt", "graph", "explain", "init", "plan", "schema"]

    private static func isRun(_ command: String) -> Bool {
        let words = command.split(separator: " ")
        return words.first == "agentctl" && words.count > 1 && commands.contains(String(words[1])) && !command.contains(" | ")
    }

    /// - Returns: how many commands were run.
    private static func run(_ fence: DocumentationFence, in folder: String) async throws -> Int {
        var count = 0
        var code: Int?
        for entry in entries(fence) {
            let words = entry.command.split(separator: " ")
            if words.first == "cat", words.count == 2 {
                // What it shows is the file that the next commands take.
                try (entry.output + "\n").write(toFile: folder + "/" + words[1], atomically: true, encoding: .utf8)
            } else if entry.command == "echo $?" {
                if let code { #expect("\(code)" == entry.output, "\(fence): \(entry.command)") }
            } else if words.first == "echo" {
                _ = try await Sandbox.run("/bin/sh", ["-c", entry.command], in: folder)
            } else if isRun(entry.command) {
                let place = entry.command.contains("Workflows/") ? Sandbox.repository : folder
                let script = "agentctl() { '\(Sandbox.program)' \"$@\"; }; \(entry.command) 2>&1"
                let result = try await Sandbox.run("/bin/sh", ["-c", script], in: place, environment: Sandbox.withoutKeys)
                var shown = result.out
                while shown.hasSuffix("\n") { shown.removeLast() }
                #expect(shown == entry.output, "\(fence): \(entry.command)")
                code = result.code
                count += 1
            } else {
                code = nil
            }
        }
        return count
    }

    @Test func theCommandsPageShowsWhatIsPrinted() async throws {
        let project = try Sandbox()
        try FileManager.default.removeItem(atPath: project.path("agentctl.yaml"))
        _ = try await project.agentctl("init", ".", "--template", "triage")
        try project.write("answer.json", #"{"category": "praise", "urgent": "no"}"#)
        let empty = try Sandbox()
        var count = 0
        for fence in DocumentationFence.all("console", in: "Docs/Commands.md") {
            count += try await Self.run(fence, in: fence.text.contains("agentctl init") ? empty.folder : project.folder)
        }
        #expect(count >= 10)
    }

    @Test func gettingStartedShowsWhatIsPrinted() async throws {
        let sandbox = try Sandbox()
        let files = DocumentationFence.all("yaml", in: "Docs/GettingStarted.md")
        let workflow = try #require(files.first { $0.text.contains("steps:") }).text
        try sandbox.write("agentctl.yaml", try #require(files.first { $0.text.contains("providers:") }).text)
        try sandbox.write("mail.yaml", workflow)
        try sandbox.write("typo.yaml", workflow.replacing("max_output_tokens", with: "max_ouput_tokens").replacing("when: steps.request", with: "when: steps.requst"))
        var count = 0
        for fence in DocumentationFence.all("console", in: "Docs/GettingStarted.md") { count += try await Self.run(fence, in: sandbox.folder) }
        #expect(count >= 3)
    }
}
