import ArgumentParser
import Glibc
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
                if !check, !diff { try write(result.after, to: file.path) }
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

    /// In one step, so that a file is whole at any moment; its mode stays.
    private func write(_ text: String, to path: String) throws {
        func failure(_ what: String) -> UsageError { UsageError("cannot write \(path): \(what): \(String(cString: strerror(errno)))") }
        guard let resolved = realpath(path, nil) else { throw failure("realpath") }
        defer { free(resolved) }
        let target = String(cString: resolved)
        var info = stat()
        guard stat(target, &info) == 0 else { throw failure("stat") }
        let temporary = "\(target).agentctl-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0o7777)
        guard descriptor >= 0 else { throw failure("open") }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { unlink(temporary) }
                close(descriptor)
                throw failure("write")
            }
            bytes = bytes.dropFirst(count)
        }
        guard fchmod(descriptor, info.st_mode & 0o7777) == 0, fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, target) == 0 else {
            defer { unlink(temporary) }
            throw failure("rename")
        }
    }
}
