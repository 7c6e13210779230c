import Foundation
import TestSupport
import Testing
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
        let page = try DocumentationPage("Docs/Commands.md")
        // Commands below one word may share a section of that word.
        let sections = page.sections.filter { $0.level == 2 }.map(\.title)
        func title(_ command: Command) -> String? {
            [command.name, String(command.name.prefix { $0 != " " })].first(where: sections.contains)
        }
        let described = Set(commands.compactMap(title))
        let listed = page.shared.rows.compactMap { DocumentationPage.spans(in: $0[0]).first }
        #expect(described.subtracting(listed) == [], "the table has every command")
        #expect(Set(sections).subtracting(described).filter { $0.allSatisfy { $0.isLowercase || $0 == " " } } == [], "a section of no command")
        let known = Set(commands.flatMap(\.flags)).union(["help", "version"])
        for command in commands {
            guard let section = title(command).flatMap(page.section) else { Issue.record("no section for \(command.name)"); continue }
            let missing = Set(command.flags).subtracting(section.flags).subtracting(page.shared.flags)
            #expect(missing == [], "\(command.name)")
        }
        // A flag that went, or is misspelt.
        for section in page.sections where section.level == 2 { #expect(section.flags.subtracting(known) == [], "\(section.title)") }
    }
}
