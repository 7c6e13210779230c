import ArgumentParser
import Glibc
import Tools
import Values

/// What somebody meant who typed a command that there is not.
enum CommandGuess {
    /// Words of other tools, or of other times, and the commands that they mean.
    private static let synonyms: [(words: [String], command: [String])] = [
        (["start", "exec", "execute", "launch", "submit"], ["run"]), (["check", "lint", "test"], ["validate"]), (["format"], ["fmt"]),
        (["list", "ls", "ps", "history", "status"], ["runs"]), (["log", "logs", "trace", "inspect", "view", "describe", "get"], ["show"]),
        (["cost", "costs", "spend", "spending", "usage", "report", "bill"], ["audit"]), (["estimate", "dry-run", "dryrun"], ["plan"]),
        (["new", "create", "scaffold"], ["init"]), (["continue", "restart", "retry"], ["resume"]), (["stop", "kill", "abort", "terminate"], ["cancel"]),
        (["watch", "tail", "attach"], ["follow"]), (["accept", "reject", "answer"], ["approve"]), (["questions", "pending"], ["approvals"]),
        (["clean", "cleanup", "prune", "delete", "rm"], ["gc"]), (["ledger", "database", "sqlite"], ["db"]), (["vacuum", "compact"], ["db", "vacuum"]), (["fsck"], ["db", "check"]),
        (["eval", "expr", "cel"], ["try", "expr"]), (["render"], ["try", "prompt"]), (["dag", "draw", "diagram"], ["graph"]), (["output", "result", "results"], ["outputs"]),
        (["health", "diagnose"], ["doctor"]), (["price", "pricing"], ["prices"]), (["jsonschema"], ["schema"]), (["why", "error", "code"], ["explain"]), (["proof", "prove"], ["verify"]),
    ]

    /// - Parameter arguments: behind the program's name.
    /// - Returns: `nil` where each word in the place of a command names one.
    static func error(_ arguments: [String]) -> UsageError? {
        var words = arguments[...]
        let asksForHelp = words.first == "help"
        if asksForHelp { words = words.dropFirst() }
        var node: any ParsableCommand.Type = Agentctl.self
        var path = ["agentctl"]
        while !node.configuration.subcommands.isEmpty, let word = words.first, !word.hasPrefix("-") {
            guard let next = child(of: node, word) else { return unknown(word, rest: words.dropFirst(), of: node, path: path, asksForHelp: asksForHelp) }
            node = next
            path.append(next._commandName)
            words = words.dropFirst()
        }
        return nil
    }

    /// The command that the first words name, without the program's name.
    static func command(_ arguments: [String]) -> (path: [String], command: any ParsableCommand.Type)? {
        var (path, command): ([String], any ParsableCommand.Type) = ([], Agentctl.self)
        for word in arguments {
            guard let next = child(of: command, word) else { break }
            (path, command) = (path + [next._commandName], next)
        }
        return path.isEmpty ? nil : (path, command)
    }

    private static func child(of node: any ParsableCommand.Type, _ word: String) -> (any ParsableCommand.Type)? {
        node.configuration.subcommands.first { $0._commandName == word || $0.configuration.aliases.contains(word) }
    }

    private static func node(at command: [String]) -> (any ParsableCommand.Type)? {
        var node: (any ParsableCommand.Type)? = Agentctl.self
        for word in command { node = node.flatMap { child(of: $0, word) } }
        return node
    }

    private static func unknown(_ word: String, rest: ArraySlice<String>, of node: any ParsableCommand.Type, path: [String], asksForHelp: Bool) -> UsageError {
        let isTop = path.count == 1
        let what = isTop ? "there is no command '\(word)'" : "'\(path.joined(separator: " "))' has no command '\(word)'"
        let program = asksForHelp ? ["agentctl", "help"] : ["agentctl"]
        func told(_ command: [String], _ rest: ArraySlice<String>) -> String {
            "did you mean: " + (program + command + (asksForHelp ? [] : rest.map(ShellWord.of))).joined(separator: " ") + "?"
        }
        // A file in the place of a command is what is to be run.
        if isTop, !asksForHelp, isWorkflow(word) { return UsageError("'\(word)' names a file, and no command", hint: told(["run", ShellWord.of(word)], rest)) }
        if !isTop, node == Prices.self, word.contains("/") { return UsageError(what, hint: told(["prices", "show", ShellWord.of(word)], rest)) }
        if var command = meant(word, in: node, path: Array(path.dropFirst())) {
            // What stands behind a group may be misspelt too.
            var rest = rest
            if let group = Self.node(at: command), !group.configuration.subcommands.isEmpty, let next = rest.first, !next.hasPrefix("-") {
                if let found = child(of: group, next).map({ command + [$0._commandName] }) ?? meant(next, in: group, path: command) {
                    command = found
                    rest = rest.dropFirst()
                }
            }
            return UsageError(what, hint: told(command, rest))
        }
        let known = node.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        return UsageError(what, hint: "\(isTop ? "commands" : "it has"): \(known.joined(separator: ", "))")
    }

    /// The nearest by its letters, or by what it says in other tools.
    private static func meant(_ word: String, in node: any ParsableCommand.Type, path: [String]) -> [String]? {
        let lowered = word.lowercased()
        let names = node.configuration.subcommands.map { $0._commandName }
        if let same = names.first(where: { $0 == lowered }) { return path + [same] }
        if let synonym = synonyms.first(where: { $0.words.contains(lowered) })?.command, synonym.starts(with: path), synonym.count > path.count { return synonym }
        if let near = Suggestion.closest(to: word, in: names) { return path + [near] }
        // A command of a group, without its group.
        guard path.isEmpty else { return nil }
        if let near = Suggestion.closest(to: word, in: synonyms.flatMap(\.words)) { return synonyms.first { $0.words.contains(near) }?.command }
        for group in node.configuration.subcommands where !group.configuration.subcommands.isEmpty {
            if let inner = Suggestion.closest(to: word, in: group.configuration.subcommands.map { $0._commandName }) { return [group._commandName, inner] }
        }
        return nil
    }

    private static func isWorkflow(_ word: String) -> Bool {
        if [".yaml", ".yml"].contains(where: word.hasSuffix) { return true }
        var info = stat()
        return word.contains("/") && stat(word, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }
}

/// A word of a command line, quoted only where it has to be.
enum ShellWord {
    static func of(_ text: String) -> String {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./+:@%,=".contains($0)) } ? text : ShellQuoting.quote(text)
    }
}
