import Economics
import Values
import WorkflowModel

/// What `show RUN STEP` prints: a step, or the items of one, with what was said and what came of it.
public struct StepReport: Sendable {
    /// A program that a `run` step started, to its end.
    public struct Command: Sendable {
        public var attempt: Int
        public var exitCode: Int
        public var milliseconds: Int64
        public var stdout: String?
        /// Its end, where it wrote anything there.
        public var stderr: String?

        public init(attempt: Int, exitCode: Int, milliseconds: Int64, stdout: String?, stderr: String?) {
            self.attempt = attempt
            self.exitCode = exitCode
            self.milliseconds = milliseconds
            self.stdout = stdout
            self.stderr = stderr
        }
    }

    /// A call with what was said, as far as the ledger has it.
    public struct Call: Sendable {
        public var record: CallRecord
        public var request: String?
        public var response: String?
        /// How the answer broke the schema.
        public var violations: [String]

        public init(record: CallRecord, request: String?, response: String?, violations: [String] = []) {
            self.record = record
            self.request = request
            self.response = response
            self.violations = violations
        }
    }

    public struct Node: Sendable {
        public var record: NodeRecord
        /// `nil`: it has none, or the ledger has it no more.
        public var output: JSONValue?
        public var calls: [Call] = []
        public var commands: [Command] = []

        public init(record: NodeRecord) { self.record = record }
    }

    /// Only what belongs to the step.
    public var trace: RunTrace
    /// In the order of the ledger.
    public var nodes: [Node]

    public init(trace: RunTrace, nodes: [Node]) {
        self.trace = trace
        self.nodes = nodes
    }

    /// Nodes that are told whole on a terminal.
    static let mostNodes = 10

    /// - Parameter prompts: also what was asked.
    public func text(style: TextStyle, now: Timestamp, prompts: Bool) -> String {
        var tree = TraceTree(trace: trace, style: style, options: .init(now: now))
        var lines: [StyledText] = []
        let shown = style.width == nil ? nodes[...] : nodes.prefix(Self.mostNodes)
        for node in shown { lines += ["", StyledText(node.record.path, .bold)] + text(of: node, style, prompts) }
        if shown.count < nodes.count {
            lines += ["", StyledText("\(style.ellipsis) and \(Figures.counted(nodes.count - shown.count, "more", plural: "more")); name one: agentctl show \(trace.run.id) \(nodes[shown.count].record.path)", .dim)]
        }
        return tree.table().text(style) + lines.map { $0.line(style) + "\n" }.joined()
    }

    private func text(of node: Node, _ style: TextStyle, _ prompts: Bool) -> [StyledText] {
        var lines: [StyledText] = []
        func tell(_ title: String, _ text: String?, of hash: ContentHash? = nil, tint: Tint? = .cyan) {
            lines.append("  " + StyledText(title, tint))
            guard let text else {
                let isRedacted = hash.map(trace.redacted.contains) ?? false
                return lines.append("    " + StyledText(isRedacted ? "(redacted: sha256 \(hash!.hex))" : "(not in the ledger)", .dim))
            }
            let whole = "agentctl outputs \(trace.run.id) --step \(node.record.path)"
            lines += BoundedText(text, style, indent: 4, whole: title == "output" ? whole : nil).lines.map { "    " + $0 }
        }
        for call in node.calls {
            let record = call.record
            if prompts { tell("#\(record.ordinal) \(record.purpose), request to \(record.modelName)", call.request, of: record.request) }
            var title = "#\(record.ordinal) \(record.purpose), answer of \(record.modelName)"
            if let reason = record.finishReason, reason != "stop" { title += ", finish: \(reason)" }
            if let failure = record.failure { title += ", not taken" + (Figures.failure(failure).kind.map { ": " + $0 } ?? "") }
            if !call.violations.isEmpty { title += ", rejected: " + call.violations.joined(separator: "; ") }
            if record.response != nil { tell(title, call.response, of: record.response, tint: record.failure == nil && call.violations.isEmpty ? .cyan : .yellow) }
        }
        for command in node.commands {
            let head = "attempt \(command.attempt), exit code \(command.exitCode), \(TimeSpan.milliseconds(command.milliseconds))"
            // What it wrote to stdout is the output, where that was taken.
            if node.output == nil || command.attempt != node.commands.last?.attempt { tell("stdout of \(head)", command.stdout) }
            if let stderr = command.stderr { tell("stderr of \(head)", stderr, tint: command.exitCode == 0 ? .cyan : .yellow) }
            if command.exitCode != 0, command.stderr == nil { lines.append("  " + StyledText(head + ", nothing on stderr", .yellow)) }
        }
        // The text of the last answer is the output, and told once.
        if node.record.output != nil {
            tell("output", node.output.map(Self.text), of: node.record.output)
        } else if node.calls.isEmpty, node.commands.isEmpty {
            lines.append("  " + StyledText("no output", .dim))
        }
        return lines
    }

    /// A text as it is, anything else as JSON.
    public static func text(_ value: JSONValue) -> String { value.stringValue ?? JSONEncoding.pretty.string(value) }

    /// A value for a place: whole where there is no terminal, bounded on one.
    ///
    /// - Parameter whole: the command that prints all of it.
    public static func bounded(_ text: String, style: TextStyle, whole: String) -> String {
        guard style.width != nil else { return text + "\n" }
        return BoundedText(text, style, indent: 0, whole: whole).lines.map { $0.line(style) + "\n" }.joined()
    }

    /// Everything whole.
    public func json(prompts: Bool) -> JSONValue {
        let asJSON = TraceReport.json(trace)
        let nodesByPath = Dictionary((asJSON["nodes"]?.arrayValue ?? []).map { ($0["path"]?.stringValue ?? "", $0) }) { first, _ in first }
        let callsByID = Dictionary((asJSON["calls"]?.arrayValue ?? []).map { ($0["id"]?.stringValue ?? "", $0) }) { first, _ in first }
        return [
            "run": .string(trace.run.id), "approvals": asJSON["approvals"] ?? [],
            "nodes": .array(
                nodes.map { node in
                    var object = nodesByPath[node.record.path]?.objectValue ?? JSONObject()
                    object["output"] = node.output ?? .null
                    object["commands"] = .array(
                        node.commands.map { command in
                            [
                                "attempt": .number(command.attempt), "exit_code": .number(command.exitCode), "ms": .int(command.milliseconds),
                                "stdout": .text(command.stdout), "stderr": .text(command.stderr),
                            ]
                        })
                    object["calls"] = .array(
                        node.calls.map { call in
                            var object = callsByID[call.record.id]?.objectValue ?? JSONObject()
                            if prompts { object["request"] = .text(call.request) }
                            object["response"] = .text(call.response)
                            object["violations"] = .array(call.violations.map(JSONValue.string))
                            return .object(object)
                        })
                    return .object(object)
                }),
        ]
    }
}

/// A text of any size for a place of any size: whole where there is no terminal; on one the beginning, and how much was left out.
struct BoundedText {
    let lines: [StyledText]

    private static let mostLines = 60
    private static let mostBytes = 8_000

    /// - Parameter whole: the command that prints all of it.
    init(_ text: String, _ style: TextStyle, indent: Int, whole: String?) {
        guard let width = style.width else {
            lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map { StyledText(String($0)) }
            return
        }
        // Cut before it is wrapped: ten megabytes need not be.
        var beginning = Substring(text)
        if text.utf8.count > Self.mostBytes { beginning = text[..<text.utf8.index(text.startIndex, offsetBy: Self.mostBytes)] }
        let all = String(beginning).wrapped(to: max(8, width - indent))
        var shown = all.prefix(Self.mostLines).map { StyledText($0) }
        let left = text.utf8.count - all.prefix(Self.mostLines).reduce(0) { $0 + $1.utf8.count + 1 }
        if beginning.endIndex < text.endIndex || all.count > Self.mostLines {
            let way = whole.map { "; whole: \($0) | cat" } ?? "; whole where it is no terminal"
            shown += StyledText("\(style.ellipsis) about \(ByteCount.text(Int64(max(0, left)))) more\(way)", .dim).wrapped(style)
        }
        lines = shown
    }
}
