import ArgumentParser

/// What somebody meant by a flag or an argument that a command does not have.
enum FlagGuess {
    /// Words of other tools, the flag that they mean, and how it is given. A misspelt flag is the argument parser's to find.
    private static let synonyms: [(words: [String], flag: String, hint: String)] = [
        (["--var", "--set", "--param", "--arg", "-i"], "--input", "an input is given by --input NAME=VALUE"),
        (["--max-cost", "--max-cost-usd", "--cap", "--limit-usd", "--max-budget"], "--budget", "the cap is given by --budget USD"),
        (["--concurrency", "--parallel", "--jobs", "-j", "--workers"], "--max-parallel", "how many at once is given by --max-parallel N"),
        (["--group-by", "--groupby", "--dimensions"], "--by", "what to group by is given by --by A,B"),
        (["--from", "--after", "--start"], "--since", "the beginning is given by --since DATE or a span such as 7d"),
        (["--to", "--before", "--end"], "--until", "the end is given by --until DATE"),
        (["--format", "--output", "-o", "-f"], "--json", "as JSON: --json"),
        (["-n", "--count", "--last", "--max"], "--limit", "how many is given by --limit N"),
        (["--silent", "--no-progress"], "--quiet", "nothing on stderr but errors: --quiet"),
    ]

    /// - Parameters:
    ///   - arguments: behind the program's name.
    ///   - message: of the argument parser.
    /// - Returns: a sentence; `nil` where there is nothing to say that it does not.
    static func hint(_ arguments: [String], _ message: String) -> String? {
        guard let (path, command) = CommandGuess.command(arguments) else { return nil }
        if let option = message.firstMatch(of: /Unknown option '([^'=]+)/).map({ String($0.1) }) {
            if option == "--dry-run" || option == "--dryrun", path == ["run"] { return "what a run would cost, and nothing is run: agentctl plan FILE" }
            if option == "-v" || option == "--verbose" || option == "--debug" { return "all that is known of a run: agentctl show RUN --prompts" }
            guard let known = synonyms.first(where: { $0.words.contains(option) }), command.helpMessage().contains(known.flag) else { return nil }
            return known.hint
        }
        guard message.hasPrefix("Error: "), message.contains("nexpected argument"), let word = message.firstMatch(of: /'([A-Za-z_][A-Za-z0-9_]*)=[^']*'/).map({ String($0.1) }),
            command.helpMessage().contains("--input ")
        else { return nil }
        return "an input is given by --input \(word)=…"
    }
}
