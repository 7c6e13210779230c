import ArgumentParser
import Engine
import PromptCaching
import Providers
import Values
import WorkflowLoading
import WorkflowModel

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check workflow and project files; every problem in one pass.",
        discussion: """
            Without a path, all workflows of the project and its project file. Of a folder, the YAML files with 'version:' and 'steps:' \
            at the start of a line, and project files; hidden folders are passed over. Frames go to stderr, the summary, JSON and SARIF to \
            stdout. Lines and columns count from 1, columns in Unicode scalars. Exits with 10 when something is wrong. --render also renders \
            the prompts in two processes, at another time, with another run, order of hashes, time zone and language, and says where \
            they part; inputs that are not given are made up.
            """)

    @Argument(help: "Files and folders.", completion: .workflowFile) var paths: [String] = []
    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("text, json, or sarif (2.1.0).", valueName: "format")) var format: ProblemReport.Format = .text
    @Flag(help: "The same as --format json.") var json = false
    @Flag(help: "Warnings fail too.") var strict = false
    @Flag(help: "Render the prompts twice, and compare them.") var render = false
    @OptionGroup var inputs: RunInputs
    /// What the two processes of --render are asked for.
    @Option(help: ArgumentHelp("Print one of the two renderings of a workflow as JSON, and nothing else.", valueName: "0|1")) var rendering: Int?
    @OptionGroup var problems: ProblemOptions

    func run() async throws {
        if let rendering { return try writeRendering(rendering) }
        GlobalOptions.isUnreadKnown.withLock { $0 = true }
        let (files, missing) = try global.languageFiles(paths)
        var found = [Diagnostics(missing)]
        var valid: [(path: String, what: String)] = []
        for file in files {
            do {
                let remarks = try check(file, &valid, &found)
                found.append(remarks)
                if render, file.kind == .workflow { found.append(try await compareRenderings(of: file.path)) }
            } catch let error as Diagnostics {
                found.append(error)
            }
        }
        let report = ProblemReport(found)
        let isValid = report.errors == 0 && !(strict && report.warnings > 0)
        switch json ? .json : format {
        case .json: report.writeJSON(isValid: isValid)
        case .sarif: report.writeSARIF()
        case .text: write(report, files: files.count, valid)
        }
        if !isValid { throw CommandEnd(code: ExitCodes.invalidWorkflow) }
    }

    /// - Returns: what was remarked.
    private func check(_ file: LanguageFile, _ valid: inout [(path: String, what: String)], _ problems: inout [Diagnostics]) throws -> Diagnostics {
        if file.kind == .project {
            let project = try ProjectLoader.load(named: file.path, searchingFrom: ".", secrets: Output.secrets)
            valid.append((file.path, "valid, the project file"))
            return project.notExecuted.asWarnings
        }
        let root: String
        var secrets: [String]?
        var models: WorkflowLoader.ModelCheck?
        var logprobs: WorkflowLoader.LogprobCheck?
        var prices: WorkflowLoader.PriceLookup?
        var caches: (ModelReference) -> CacheRules? = { _ in nil }
        do {
            let settings = try global.settings(besides: file.path)
            let project = settings.project
            prices = settings.modelPrices
            root = project.root
            secrets = project.secrets
            for problem in project.unreadFiles where !problems.contains(where: { $0.all.contains(problem) }) { problems.append(Diagnostics([problem])) }
            let directory = ProviderDirectory(project.providers)
            models = { model in
                do throws(StepFailure) {
                    _ = try directory.entry(of: model)
                    return nil
                } catch {
                    return (error.message, error.details.first)
                }
            }
            logprobs = { directory.logprobs(of: $0) }
            caches = settings.cacheRules
        } catch let error as Diagnostics {
            // A project file that is wrong hides nothing of its workflows: they need only its folder.
            problems.append(error)
            let folder = GlobalOptions.folder(of: file.path)
            root = ProjectFiles.root(searchingFrom: folder) ?? folder
        }
        let loaded = try WorkflowLoader.load(
            file.path, root: root, secrets: secrets, warns: true, models: models, logprobs: logprobs, prices: prices, book: Output.secrets)
        var steps = 0
        loaded.graph.forEachStep { _ in steps += 1 }
        valid.append((file.path, "valid, \(steps) \(steps == 1 ? "step" : "steps")"))
        return Diagnostics(loaded.warnings.all + CacheLint.check(loaded.graph, rules: caches), sources: loaded.warnings.sources)
    }

    private func write(_ report: ProblemReport, files: Int, _ valid: [(path: String, what: String)]) {
        if !report.diagnostics.all.isEmpty { Output.note(styled: Failures.text(report.diagnostics) + "\n") }
        for (path, what) in valid { Output.line("\(path): \(what)") }
        Output.line("\(files) \(files == 1 ? "file" : "files"): \(report.summary)")
        // Where both streams go to one place, the summary comes before what says more.
        Output.flush()
        if let first = report.diagnostics.all.first { Output.note("agentctl explain \(first.code) says more\n") }
    }
}

extension ProblemReport.Format: ExpressibleByArgument {}

extension GlobalOptions {
    /// The files that paths name; without paths, those of the project.
    func languageFiles(_ paths: [String]) throws -> (files: [LanguageFile], problems: [Diagnostic]) {
        Output.noColor.withLock { $0 = noColor }
        if !paths.isEmpty {
            let found = ProjectFiles.find(paths)
            guard !found.files.isEmpty || !found.problems.isEmpty else {
                throw UsageError("there is no workflow in \(paths.joined(separator: ", "))", hint: "a workflow is a YAML file with 'version:' and 'steps:' at the start of a line")
            }
            return found
        }
        var (files, problems) = ProjectFiles.find([ProjectFiles.projectFolder])
        if let config = config ?? Output.variable("AGENTCTL_CONFIG"), !files.contains(where: { $0.path.hasSameBytes(as: config) }) {
            files.insert(LanguageFile(path: config, kind: .project), at: 0)
        }
        guard !files.isEmpty else { throw UsageError("there is neither a workflow nor a project file here", hint: "name a file or a folder") }
        return (files, problems)
    }
}
