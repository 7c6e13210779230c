import ArgumentParser
import Values
import WorkflowLoading

struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Format workflow and project files.",
        discussion: """
            Without a path, all workflows of the project and its project file; - formats stdin to stdout. Indents by two, mends spaces \
            inside { } and [ ], takes away quotes that nothing needs and all but one of several empty lines. Order, comments, line breaks \
            and what the file says stay: a file that would say something else is left alone. Exits with 1 when --check finds a file, \
            with 10 when one is not YAML.
            """)

    @Argument(help: "Files and folders, or -.") var paths: [String] = []
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Write nothing; list the files that are not formatted, and exit with 1 if there are any.") var check = false
    @Flag(help: "Write nothing; show what would change.") var diff = false
    @OptionGroup var shown: ProblemOptions

    func run() throws {
        if diff { Settings.learnSecrets(config: global.config) }
        if paths == ["-"] {
            let text = try RunInputs.text(of: "-", what: "fmt")
            return try show("stdin", before: text, after: LanguageFormatter.format(text, file: "stdin"))
        }
        let (files, missing) = try global.languageFiles(paths)
        var problems = missing.isEmpty ? [] : [Diagnostics(missing)]
        var changed = 0
        for file in files {
            do {
                let result = try LanguageFormatter.format(file: file.path)
                guard !result.isFormatted else { continue }
                changed += 1
                // A project file may have any name.
                if diff || file.kind == .project { Output.secrets.add(ProjectLoader.writtenSecrets(in: result.before)) }
                if diff { Output.write(UnifiedDiff.text(result.before, result.after, file: file.path)) }
                if !diff || check { Output.line(file.path) }
                if !check, !diff { try WholeFile.replace(file.path, with: result.after) }
            } catch let error as Diagnostics {
                problems.append(error)
            }
        }
        if !problems.isEmpty { throw ProblemReport(problems).diagnostics }
        let verb = check || diff ? "to format" : "formatted"
        Output.flush()
        Output.note(changed == 0 ? "nothing \(verb) in \(files.count) \(files.count == 1 ? "file" : "files")\n" : "\(changed) of \(files.count) \(verb)\n")
        if check, changed > 0 { throw CommandEnd(code: ExitCodes.unformatted) }
    }

    private func show(_ name: String, before: String, after: String) throws {
        if diff {
            Output.secrets.add(ProjectLoader.writtenSecrets(in: before))
            Output.write(UnifiedDiff.text(before, after, file: name))
        } else if !check {
            Output.write(filtered: after)
        }
        if check, !before.hasSameBytes(as: after) { throw CommandEnd(code: ExitCodes.unformatted) }
    }
}
