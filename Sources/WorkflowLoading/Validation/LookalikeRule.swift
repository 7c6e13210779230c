import Expressions
import Values
import WorkflowModel

/// A text that looks like an expression of another tool, or of this one without its `${{ }}`, is sent and printed as it stands. Where a name of
/// the scope stands in it, that was hardly meant.
struct LookalikeRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var seen: Set<SourceLocation> = []
        let names = DeclaredNames(draft)
        func look(_ found: PlainTexts.Found, _ names: LookalikeNames) {
            var scanner = LookalikeScanner(text: found.text, names: names, isCommand: found.isCommand)
            for lookalike in scanner.find() {
                let range = found.range(lookalike.bytes)
                guard seen.insert(range.start).inserted else { continue }
                report(
                    Diagnostic(
                        .warning, code: "AW423", "\(lookalike.text) is text here: nothing is filled in", at: range,
                        hint: lookalike.hint + (lookalike.isWhole ? "; a text that is meant so is written \"${{ '\(lookalike.bare)' }}\"" : "; where it is meant as it stands, ${{ '\(lookalike.bare)' }}")))
            }
        }
        var texts = PlainTexts(draft)
        for body in draft.bodies {
            for step in body.steps {
                guard let node = draft.node(of: step) else { continue }
                let read = Set(step.references(in: draft).flatMap(\.1).map { $0.path.prefix(2).joined(separator: ".") })
                for found in texts.of(step, node) { look(found, LookalikeNames(body.visible(to: step, at: found.place), names, read: read)) }
            }
        }
        for (found, readsSteps) in texts.outside() { look(found, LookalikeNames(.outside(draft.bodies[0], readingSteps: readsSteps), names, read: [])) }
    }
}

/// What a workflow declares, and what of it is read anywhere.
private struct DeclaredNames {
    let inputs: Set<String>
    let unreadInputs: Set<String>
    let unreadSteps: Set<String>
    let homes: [String: [Int]]

    init(_ draft: WorkflowDraft) {
        let mentions = draft.mentions
        inputs = Set(draft.inputs.map(\.name))
        unreadInputs = mentions.readsAnyInput ? [] : inputs.subtracting(mentions.inputs)
        unreadSteps = mentions.readsAnyStep ? [] : Set(draft.allSteps.map(\.id.text)).subtracting(mentions.steps)
        homes = Dictionary(grouping: draft.bodies.flatMap { body in body.steps.map { ($0.id.text, body.index) } }, by: \.0).mapValues { $0.map(\.1) }
    }
}

/// The names that a text could have meant where it stands.
struct LookalikeNames {
    private let visible: VisibleNames
    private let declared: DeclaredNames
    /// The first two names of what the step reads.
    private let read: Set<String>

    fileprivate init(_ visible: VisibleNames, _ declared: DeclaredNames, read: Set<String>) {
        self.visible = visible
        self.declared = declared
        self.read = read
    }

    private static let fixed: Set<String> = ["inputs", "steps", "run", "with", "index", "pass", "output", "checks", "secrets"]

    func isRoot(_ name: String) -> Bool { visible.roots.contains(name) }

    /// Names of elements of `for_each`.
    private func isItem(_ name: String) -> Bool { visible.roots.contains(name) && !Self.fixed.contains(name) }

    private func sees(_ step: String) -> Bool {
        declared.homes[step]?.contains { $0 == visible.body.index || visible.body.around.contains($0) } == true
    }

    /// The path as an expression of the language has it; `nil` where it names nothing that can be read here.
    func meant(_ path: [String]) -> [String]? {
        guard path.count > 1, visible.roots.contains(path[0]) else { return nil }
        switch path[0] {
        case "inputs": return declared.inputs.contains(path[1]) ? path : nil
        case "with": return visible.with.contains(path[1]) ? path : nil
        case "run": return path.count == 2 && ReferencesRule.runFields.contains(path[1]) ? path : nil
        case "pass": return ReferencesRule.passFields.contains(path[1]) ? path : nil
        case "checks": return visible.checks.contains(path[1]) ? path : nil
        case "steps":
            guard sees(path[1]) else { return nil }
            if path.count == 2 { return path + ["output"] }
            if ReferencesRule.stepFields.contains(path[2]) { return path }
            return ["outputs", "result", "response", "content", "text"].contains(path[2]) ? ["steps", path[1], "output"] + path.dropFirst(3) : nil
        case "index": return nil
        case "output", "secrets": return path
        default: return path
        }
    }

    /// A name without what it belongs to, in the forms of other tools, where nothing reads what has it: `{{ ticket }}` of an input `ticket`.
    func meant(bare name: String) -> [String]? {
        if isItem(name) { return read.contains(where: { $0 == name || $0.hasPrefix(name + ".") }) ? nil : [name] }
        if visible.roots.contains(name) { return nil }
        if visible.with.contains(name) { return read.contains("with.\(name)") ? nil : ["with", name] }
        if declared.unreadInputs.contains(name) { return ["inputs", name] }
        if visible.roots.contains("steps"), declared.unreadSteps.contains(name), sees(name) { return ["steps", name, "output"] }
        return nil
    }
}
