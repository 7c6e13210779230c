import ArgumentParser
import Reports
import Values

/// Bundles as regression tests.
struct GoldenOptions: ParsableArguments {
    @Option(
        name: .customLong("golden"),
        help: ArgumentHelp("Replay every bundle of a folder, the files that end with .bundle, each for itself. Exits with 1 when one is different, with 44 when one cannot be read.", valueName: "folder"),
        completion: .directory)
    var folder: String?
    @Flag(help: "With --golden: run what is different anew, with its inputs under the workflow as it is now, and put that in its place. Priced first; done with --yes.") var update = false
    @Flag(help: "With --update: do it; without it only the price is told.") var yes = false
    @Option(help: ArgumentHelp("With --golden: the results as JUnit XML; - is stdout, in place of the text.", valueName: "file|-"), completion: .file()) var junit: String?

    func validate() throws {
        if folder == nil, update || junit != nil { throw ValidationError("--update and --junit go with --golden FOLDER") }
        if yes, !update { throw ValidationError("--yes goes with --update") }
    }

    /// - Parameter json: the results as one JSON document.
    func run(_ global: GlobalOptions, json: Bool = false) async throws {
        guard let folder else { return }
        if json, junit == "-" { throw ValidationError("--json and --junit - both go to stdout: give --junit a file") }
        let golden = GoldenRuns(folder: folder, settings: try global.settings(), global: global) { try await RunReplaying.replay($0, $1) }
        try await golden.run(update: update, isSure: yes, junit: junit, json: json)
    }
}
