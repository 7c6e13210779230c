import Foundation
import Testing
import TestSupport
import Values

/// `Docs/Commands.md` has a section for each command, and in it each of its flags.
@Suite struct CommandsPageTests {
    private struct Command {
        let name: String
        let flags: [String]
    }

    /// Leaves of the command tree, as the program describes itself.
    private func commands(_ node: JSONValue, _ path: [String] = []) -> [Command] {
        let children = (node["subcommands"]?.arrayValue ?? []).filter { $0["commandName"] != "help" }
        guard children.isEmpty else { return children.flatMap { commands($0, path + [$0["commandName"]?.stringValue ?? ""]) } }
        let flags = (node["arguments"]?.arrayValue ?? []).flatMap { argument in
            (argument["names"]?.arrayValue ?? []).filter { $0["kind"] == "long" }.compactMap { $0["name"]?.stringValue }
        }
        return [Command(name: path.joined(separator: " "), flags: flags.filter { !["help", "version"].contains($0) })]
    }

    @Test func everyCommandAndFlagIsDescribed() async throws {
        let sandbox = try Sandbox()
        let dump = try await sandbox.agentctl("--experimental-dump-help")
        let commands = commands(try #require(dump.json?["command"], "\(dump.err)"))
        #expect(commands.count >= 15)
        let page = try String(contentsOfFile: Sandbox.repository + "/Docs/Commands.md", encoding: .utf8)
        var sections: [String: String] = [:]
        for section in page.components(separatedBy: "\n## ").dropFirst() {
            let title = section.prefix { $0 != "\n" }
            sections[String(title)] = section
        }
        let shared = try #require(page.components(separatedBy: "\n## ").first)
        for command in commands {
            let section = sections[command.name] ?? command.name.split(separator: " ").first.flatMap { sections[String($0)] }
            guard let section else { Issue.record("no section for \(command.name)"); continue }
            for flag in command.flags { #expect(section.contains("--\(flag)") || shared.contains("`--\(flag)"), "\(command.name) --\(flag)") }
        }
    }
}
