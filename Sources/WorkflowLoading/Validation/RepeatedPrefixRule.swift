import Expressions
import Values
import WorkflowModel

/// A prompt does not repeat the text of a prefix: that text is what prefixes are for.
struct RepeatedPrefixRule: WorkflowRule {
    /// Shorter repetitions are phrases.
    static let minimumLength = 200

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let finders = draft.prefixes.map { prefix in
            (name: prefix.name.text, finder: RepeatedText(of: prefix.text.literals, minimumLength: Self.minimumLength))
        }
        guard !finders.isEmpty else { return }
        for step in draft.allSteps {
            guard case .model(let model) = step.kind else { continue }
            let uses = Set(model.prefixes.map(\.text))
            for text in ([model.system].compactMap(\.self) + model.body.templates).flatMap(\.literals) {
                // The longest repetition says it all.
                let found = finders.compactMap { entry in entry.finder.longest(in: text).map { (name: entry.name, text: $0) } }
                guard let match = found.max(by: { $0.text.utf8.count < $1.text.utf8.count }) else { continue }
                let length = match.text.unicodeScalars.count
                report(
                    Diagnostic(
                        .warning, code: "AW410", "this prompt repeats \(length) characters of the prefix '\(match.name)'",
                        at: place(of: match.text, in: draft.node(of: step), draft) ?? step.id.range,
                        hint: uses.contains(match.name)
                            ? "remove them: the prefix stands in front of the prompt already" : "remove them and add prefix: [\(match.name)]"))
            }
        }
    }

    /// The first line of the text where the step, or the prompt file that it names, has it.
    private func place(of text: String, in node: YAMLNode?, _ draft: WorkflowDraft) -> SourceRange? {
        guard let root = draft.root, let node else { return nil }
        let line = text.lines.lazy.map { $0.trimmingSpaces }.first { !$0.isEmpty } ?? ""
        if let name = node["prompt_file"]?.scalar?.text, let path = draft.texts.keys.sorted().first(where: { $0.hasSameBytes(as: name) || $0.hasSuffix("/" + name) }) {
            if let range = draft.texts[path]!.firstPlace(of: line, file: path, from: 1) { return range }
        }
        guard let source = draft.texts[root.range.file] else { return nil }
        return ["system", "prompt", "messages"].compactMap { node[$0]?.range.start.line }
            .compactMap { source.firstPlace(of: line, file: root.range.file, from: $0) }.first
    }
}

extension Template {
    /// Its texts between expressions.
    fileprivate var literals: [String] {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        let start = drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }
}

extension String {
    /// Where a text without line ends first stands, from a line on.
    fileprivate func firstPlace(of text: some StringProtocol, file: String, from first: Int) -> SourceRange? {
        let wanted = Array(text.unicodeScalars)
        for (index, line) in unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where index + 1 >= first {
            let scalars = Array(line)
            guard scalars.count >= wanted.count,
                let column = (0...scalars.count - wanted.count).first(where: { scalars[$0...].starts(with: wanted) })
            else { continue }
            return SourceRange(SourceLocation(file: file, line: index + 1, column: column + 1), length: wanted.count)
        }
        return nil
    }
}
