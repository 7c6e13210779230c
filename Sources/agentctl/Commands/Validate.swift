import ArgumentParser
import Values
import WorkflowLoading

struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check workflow files; every problem in one pass.")

    @Argument(help: "Workflow files.") var files: [String]
    @OptionGroup var global: GlobalOptions
    @Flag(help: "Problems as JSON on stdout.") var json = false

    func run() throws {
        var all: [Diagnostic] = []
        var sources: [String: String] = [:]
        var valid: [(String, Int)] = []
        for file in files {
            do {
                let settings = try global.settings(besides: file)
                let loaded = try WorkflowLoader.load(file, root: settings.project.root)
                all += loaded.warnings.all
                sources.merge(loaded.warnings.sources) { $1 }
                valid.append((file, loaded.graph.steps.count))
            } catch let problems as Diagnostics {
                all += problems.all
                sources.merge(problems.sources) { $1 }
            }
        }
        let problems = Diagnostics(all, sources: sources)
        if json {
            Output.line(JSONEncoding.pretty.string(.object(["valid": .bool(!problems.hasErrors), "problems": .array(problems.all.map(Self.json))])))
        } else {
            Output.note(Failures.text(problems))
            for (file, steps) in valid { Output.line("\(file): valid, \(steps) \(steps == 1 ? "step" : "steps")") }
            let errors = problems.errors.count
            if errors > 0 { Output.note("\(errors) \(errors == 1 ? "error" : "errors")\n") }
        }
        if problems.hasErrors { throw CommandEnd(code: ExitCodes.invalidWorkflow) }
    }

    private static func json(_ diagnostic: Diagnostic) -> JSONValue {
        var object: JSONObject = [
            "severity": .string(diagnostic.severity.rawValue), "code": .string(diagnostic.code), "message": .string(diagnostic.message),
        ]
        if let range = diagnostic.range {
            object["file"] = .string(range.file)
            object["line"] = .int(Int64(range.start.line))
            object["column"] = .int(Int64(range.start.column))
            object["end_line"] = .int(Int64(range.end.line))
            object["end_column"] = .int(Int64(range.end.column))
        }
        object["hint"] = diagnostic.hint.map(JSONValue.string)
        return .object(object)
    }
}
