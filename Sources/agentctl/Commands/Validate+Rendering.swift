import ArgumentParser
import Engine
import Glibc
import Values
import WorkflowLoading
import WorkflowModel

/// `validate --render`: the same prompts, rendered by two processes that have nothing else in common.
extension Validate {
    /// What the two differ in, beside the order of hashes, which no two processes share.
    private static let surroundings: [[(key: String, value: String)]] = [
        [("TZ", "UTC"), ("LANG", "C"), ("LC_ALL", "C")], [("TZ", "Pacific/Kiritimati"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")],
    ]

    /// - Returns: where prompts of a file part before their last segment.
    func compareRenderings(of file: String) async throws -> Diagnostics {
        let settings = try global.settings(besides: file)
        let loaded = try WorkflowLoader.load(file, root: settings.project.root, secrets: settings.project.secrets, book: Output.secrets)
        let given = try inputs.read(for: loaded.graph)
        var renderings: [[PromptRehearsal.Prompt]] = []
        for (number, surroundings) in Self.surroundings.enumerated() {
            let (prompts, failures) = try await Self.rendering(number, of: file, given, settings, surroundings)
            if number == 0 { for failure in failures { Output.note("\(file): \(failure)\n") } }
            renderings.append(prompts)
        }
        let found = PromptRehearsal.differences(renderings[0], renderings[1]).filter { !$0.isLast }.map { difference in
            let step = loaded.graph.step(at: difference.path)
            let prefix = step?.graph.prefix(ofOrigin: difference.origin)
            let name = difference.part.isEmpty ? "'\(difference.path)'" : "check '\(difference.part)' of '\(difference.path)'"
            return Diagnostic(
                .warning, code: "CP016", "two renderings of the prompt of \(name) part in \(difference.origin), after \(difference.bytes) bytes", at: prefix?.range ?? step?.step.range?.firstLine,
                hint: "nothing from there on is found in a cache by another run: move what changes into the last part of the prompt")
        }
        return Diagnostics(found, sources: loaded.warnings.sources)
    }

    private static func rendering(
        _ number: Int, of file: String, _ given: JSONObject, _ settings: Settings, _ surroundings: [(key: String, value: String)]
    ) async throws -> (prompts: [PromptRehearsal.Prompt], failures: [String]) {
        let path = file.utf8.first == UInt8(ascii: "/") ? file : Self.workingDirectory + "/" + file
        let invocation = CommandInvocation(
            argv: [Composition.executable, "validate", path, "--rendering", String(number), "--inputs", "-"], usesShell: false, stdin: Array(JSONValue.object(given).jsonText.utf8),
            environment: surroundings, timeout: .seconds(60))
        guard case .exited(0, let output, _) = await Composition(settings: settings).programs.run(invocation), let text = String(validating: output, as: UTF8.self),
            let fields = try? JSONParser.parse(text).objectValue
        else { throw UsageError("\(file) could not be rendered", hint: "agentctl validate \(file) --rendering \(number) --inputs FILE says why") }
        return ((fields["prompts"]?.arrayValue ?? []).compactMap(PromptRehearsal.Prompt.init), (fields["failures"]?.arrayValue ?? []).compactMap(\.stringValue))
    }

    private static var workingDirectory: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return "." }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// One of the two: at a time and with a run of its own.
    func writeRendering(_ number: Int) throws {
        guard let file = paths.first else { throw UsageError("a rendering is of one workflow") }
        let settings = try global.settings(besides: file)
        let graph = try WorkflowLoader.load(file, root: settings.project.root, secrets: settings.project.secrets, book: Output.secrets).graph
        let bound = try InputBinding.bind(PromptRehearsal.inputs(of: graph, given: try inputs.read(for: graph)), to: graph)
        let time = Timestamp(microseconds: 1_790_000_000_123_456 + Int64(number) * 40_003_217_529_001)
        let rehearsal = PromptRehearsal(graph, inputs: bound, run: RunID(at: time, random: UInt64(number) &* 0x9E37_79B9_7F4A_7C15 &+ 1), at: time)
        let failures = rehearsal.failures.map { JSONValue.string("the prompt of '\($0.path)' cannot be rendered from made-up values: \($0.reason)") }
        let rendering: JSONValue = ["prompts": .array(rehearsal.prompts.map(\.json)), "failures": .array(failures)]
        Output.write(rendering.jsonText + "\n")
    }
}

extension PromptRehearsal.Prompt {
    fileprivate var json: JSONValue {
        ["path": .string(path), "part": .string(part), "segments": .array(segments.map { ["origin": .string($0.origin), "text": .string($0.text)] })]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let fields = json.objectValue, let path = fields["path"]?.stringValue, let part = fields["part"]?.stringValue, let segments = fields["segments"]?.arrayValue else { return nil }
        self.init(
            path: path, part: part,
            segments: segments.map { Segment(origin: $0.objectValue?["origin"]?.stringValue ?? "", text: $0.objectValue?["text"]?.stringValue ?? "") })
    }
}
