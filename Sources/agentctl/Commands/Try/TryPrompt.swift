import ArgumentParser
import Economics
import Engine
import Providers
import Reports
import Values
import WorkflowLoading
import WorkflowModel

struct TryPrompt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompt", abstract: "Show the prompt of a model step as it would be sent.",
        discussion: """
            Prints each segment with its stability class, its bytes and the most tokens that it can have. What the prompt \
            reads of other steps is given by --data, a JSON or YAML object such as
              {"steps": {"sort": {"output": {"kind": "thanks"}}}, "item": "c", "index": 2}
            A step that is not in it counts as skipped. Without an item the first one of for_each is shown. Exits with 2 when a \
            value is missing, 11 when an expression has no value.
            """)

    @Argument(help: "The workflow file.", completion: .workflowFile) var file: String
    @Argument(help: "The id of a model step.", completion: .stepName) var step: String
    @OptionGroup var inputs: RunInputs
    @Option(help: ArgumentHelp("Values of other steps and of the item; - reads stdin.", valueName: "file|-"), completion: .documentFile)
    var data: String?
    @Flag(help: "The segments as JSON, texts exactly.") var json = false
    @OptionGroup var global: GlobalOptions
    @OptionGroup var problems: ProblemOptions

    func validate() throws {
        if data == "-", inputs.inputs == "-" { throw ValidationError("only one of --data and --inputs can be stdin") }
    }

    func run() async throws {
        let settings = try global.settings(besides: file)
        let graph = try WorkflowSource.load(file, settings)
        let (step, model) = try find(in: graph)
        let bound = try InputBinding.bind(try inputs.read(for: graph), to: graph)
        let now = Timestamp.now()
        let preview = PromptPreview(
            of: step, model, in: graph, inputs: bound, data: try readData(), run: RunID(at: now, random: SystemEntropy().next()), at: now)
        guard preview.missing.isEmpty else {
            throw UsageError(
                "the prompt of '\(step.id)' needs values that are not given: \(preview.missing.joined(separator: ", "))",
                hint: "give them in a file: --data FILE with \(Self.example(of: preview.missing))")
        }
        let reference = graph.tier(named: model.tier)!.models[0]
        let support = AttachmentSupport.configured(for: reference, in: settings.project.providers)
        let rendered = try await preview.render(files: ProjectAttachments(root: settings.project.root), support: support)
        let report = PromptReport(
            step: step.id, tier: model.tier, model: "\(reference)", segments: rendered.segments,
            segmentTokens: rendered.segmentTokens(support), bound: rendered.bound, unbounded: rendered.unbounded, estimate: rendered.estimate,
            maxInputTokens: step.limits.maxInputTokens, item: rendered.item, trimmed: rendered.trimmed)
        Output.write(styled: json ? JSONEncoding.pretty.string(report.json) + "\n" : report.text(style: Output.style))
    }

    private func find(in graph: WorkflowGraph) throws -> (Step, ModelStep) {
        let names = graph.steps.filter { $0.modelStep != nil }.map(\.id)
        let all = names.isEmpty ? "no step of this workflow asks a model" : "these do: \(names.joined(separator: ", "))"
        guard let found = graph.steps.first(where: { $0.id == step }) else {
            throw UsageError("there is no step '\(step)'", hint: Suggestion.hint(for: step, in: names) ?? "steps that ask a model: \(all)")
        }
        guard let model = found.modelStep else { throw UsageError("step '\(step)' (\(found.kind.name)) asks no model and has no prompt", hint: all) }
        return (found, model)
    }

    private func readData() throws -> JSONObject {
        guard let data else { return [:] }
        let document: SourceDocument
        do {
            document = data == "-" ? try SourceDocument(parsing: try RunInputs.text(of: data, what: "--data"), file: "stdin") : try SourceDocument.load(data)
        } catch let problems as Diagnostics {
            Output.note(problems)
            throw CommandEnd(code: ExitCodes.usage)
        }
        let known = ["steps", "item", "index", "run"]
        guard let object = document.value.objectValue, object["steps"].map({ $0.objectValue != nil }) ?? true else {
            throw UsageError("\(document.file) holds no object of values", hint: "for example {\"steps\": {\"classify\": {\"output\": …}}, \"item\": …}; keys: \(known.joined(separator: ", "))")
        }
        return object
    }

    /// The paths as one object, to be copied and filled in.
    private static func example(of paths: [String]) -> String {
        func adding(_ path: ArraySlice<Substring>, to value: JSONValue?) -> JSONValue {
            guard let first = path.first else { return value ?? "…" }
            var object = value?.objectValue ?? [:]
            object[String(first)] = adding(path.dropFirst(), to: object[String(first)])
            return .object(object)
        }
        return paths.reduce(.object([:])) { adding($1.split(separator: ".")[...], to: $0) }.jsonText
    }
}
