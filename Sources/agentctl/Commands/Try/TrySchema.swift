import ArgumentParser
import JSONSchema
import Reports
import Values
import WorkflowLoading

struct TrySchema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Hold a document against a JSON Schema (draft 2020-12).",
        discussion: """
            Both are JSON or YAML files; one of them may be - for stdin. Every error is listed, with its place in the \
            document, what is wrong and the rule that says so. Exits with 0 when the document is valid, 1 when it is not, 2 \
            when the schema is not one or a file cannot be read.
            """)

    @Argument(help: "The schema: a file, or - for stdin.", completion: .documentFile) var schema: String
    @Argument(help: "The document: a file, or - for stdin.", completion: .documentFile) var instance: String
    @Flag(help: "The verdict and the errors as JSON.") var json = false
    @OptionGroup var global: GlobalOptions
    @OptionGroup var problems: ProblemOptions

    func validate() throws {
        if schema == "-", instance == "-" { throw ValidationError("only one of SCHEMA and INSTANCE can be stdin") }
    }

    func run() throws {
        Settings.learnSecrets(config: global.config)
        global.apply()
        let compiled: Schema
        let document: SourceDocument
        do {
            compiled = try compile(try Self.read(schema, what: "SCHEMA"))
            document = try Self.read(instance, what: "INSTANCE")
        } catch let problems as Diagnostics {
            Output.note(problems)
            throw CommandEnd(code: ExitCodes.usage)
        }
        let violations = compiled.validate(document.value)
        let places = violations.isEmpty ? [] : document.ranges(at: violations.map(\.instancePath))
        let findings = zip(violations, places).map { violation, place in
            SchemaReport.Finding(
                instancePath: violation.instancePath, schemaPath: violation.schemaPath, keyword: violation.keyword,
                message: violation.message, place: place?.start)
        }
        if json {
            Output.line(JSONEncoding.pretty.string(SchemaReport.json(findings)))
        } else {
            Output.write(styled: SchemaReport.text(findings, document: document.file, style: Output.style))
        }
        if !findings.isEmpty { throw CommandEnd(code: ExitCodes.invalidDocument) }
    }

    /// - Throws: `Diagnostics` with the place of every problem; what is doubtful only is printed.
    private func compile(_ document: SourceDocument) throws -> Schema {
        func diagnostics(_ problems: [SchemaError.Problem], _ severity: Diagnostic.Severity) -> Diagnostics {
            let places = document.ranges(at: problems.map(\.pointer))
            return Diagnostics(
                zip(problems, places).map { problem, place in
                    Diagnostic(severity, code: "AW108", "#\(problem.pointer): \(problem.message)", at: place)
                }, sources: [document.file: document.text])
        }
        do throws(SchemaError) {
            let schema = try Schema(compiling: document.value)
            if !schema.warnings.isEmpty { Output.note(diagnostics(schema.warnings, .warning)) }
            return schema
        } catch {
            throw diagnostics(error.problems, .error)
        }
    }

    private static func read(_ path: String, what: String) throws -> SourceDocument {
        if path == "-" { return try SourceDocument(parsing: try RunInputs.text(of: path, what: what), file: "stdin") }
        return try SourceDocument.load(path)
    }
}
