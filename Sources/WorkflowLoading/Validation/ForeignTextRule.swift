import Expressions
import JSONSchema
import Values
import WorkflowModel

/// Text that a model, a program or a caller wrote is no command: a shell does what stands in it, and a program that it names is run.
struct ForeignTextRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let bodies = draft.bodies
        for body in bodies {
            for step in body.steps {
                let sources = ForeignText(draft: draft, bodies: bodies, body: body, step: step)
                if case .run(let command) = step.kind { check(command, sources, report) }
                for check in step.escalation?.checks ?? [] {
                    if case .command(let verifier) = check.kind { self.check(verifier.command, sources, isVerifier: true, report) }
                }
            }
        }
    }

    /// - Parameter isVerifier: whether it is a check of a gate, which has no `env`.
    private func check(_ command: CommandStep, _ sources: ForeignText, isVerifier: Bool = false, _ report: (Diagnostic) -> Void) {
        let (lines, programs, readsProgram) = command.usesShell ? ([command.argv[0]], [], false) : CommandAnatomy.words(of: command.argv)
        // A shell that is told to `eval` runs what its variables and arguments hold, too.
        let evaluated = lines.contains(where: Self.evaluates) ? command.argv + command.env.map(\.value) : []
        if let (reference, what) = sources.first(in: (lines + evaluated).flatMap(\.textReferences)) {
            let variable = Self.variable(reference)
            report(
                Diagnostic(
                    .warning, code: "AW420", "\(what) is written into a command line: what stands in it is run", at: reference.range,
                    hint: isVerifier
                        ? "hand it over under with: { \(variable.lowercased()): \"${{ \(reference.path.joined(separator: ".")) }}\" }, which the program reads as JSON"
                        : !evaluated.isEmpty
                            ? "hand it over as an argument or a variable, and leave eval out"
                            : command.usesShell || CommandAnatomy.isShell(command.argv[0])
                                ? "hand it over as a variable: env: { \(variable): \"${{ \(reference.path.joined(separator: ".")) }}\" }, and write \"$\(variable)\" with its quotes"
                                : "hand it over beside the program, as an argument behind it or through stdin, and read it there"))
        } else if readsProgram, let (reference, what) = sources.first(in: command.stdin?.textReferences ?? []) {
            report(
                Diagnostic(
                    .warning, code: "AW420", "\(what) is the program that is read from stdin: what stands in it is run", at: reference.range,
                    hint: "write the program into run, and hand over what it works on: run: [sh, -c, '…'], stdin: \"${{ … }}\""))
        } else if let (reference, what) = sources.first(in: programs.flatMap(\.textReferences)) {
            report(
                Diagnostic(
                    .warning, code: "AW421", "\(what) decides which program is run", at: reference.range,
                    hint: "name the program, and let an expression choose among fixed words: ${{ … == 'a' ? 'tool-a' : 'tool-b' }}"))
        }
    }

    /// Whether a line has the word `eval`.
    private static func evaluates(_ line: Template) -> Bool {
        line.parts.contains { part in
            guard case .text(let text) = part else { return false }
            return text.utf8.split(whereSeparator: { !($0 | 0x20 &- 0x61 < 26 || $0 == UInt8(ascii: "_")) }).contains { $0.elementsEqual("eval".utf8) }
        }
    }

    private static func variable(_ reference: Reference) -> String {
        let words = reference.path.filter { !["inputs", "steps", "with", "output"].contains($0) }
        return (words.isEmpty ? ["VALUE"] : words).joined(separator: "_").uppercased()
    }
}

/// Where the text of a reference comes from, as seen from one step.
private struct ForeignText {
    let draft: WorkflowDraft
    let bodies: [BodyDraft]
    let body: BodyDraft
    let step: StepDraft

    private static let harmless: Set<String> = ["integer", "number", "boolean", "null"]

    /// The first reference to something that somebody else wrote, and how messages call that.
    func first(in references: [Reference]) -> (Reference, what: String)? {
        for reference in references {
            if let what = origin(of: reference.path, 0) { return (reference, what) }
        }
        return nil
    }

    /// The same, as seen from another step: what it computes reads its own names.
    private func seen(from step: StepDraft, in body: BodyDraft) -> ForeignText { ForeignText(draft: draft, bodies: bodies, body: body, step: step) }

    /// The step itself and those around it, the innermost first.
    private var chain: [(step: StepDraft, body: BodyDraft)] {
        var chain = [(step: step, body: body)]
        var inner = body
        for index in body.around.reversed() {
            if let owner = inner.owner, let step = bodies[index].steps.first(where: { $0.id.text == owner }) { chain.append((step, bodies[index])) }
            inner = bodies[index]
        }
        return chain
    }

    /// A step of a name that is seen from here, the nearest first.
    private func source(_ name: String) -> (step: StepDraft, body: BodyDraft)? {
        for index in [body.index] + body.around.reversed() {
            if let step = bodies[index].steps.first(where: { $0.id.text == name }) { return (step, bodies[index]) }
        }
        return nil
    }

    private func origin(of path: [String], _ depth: Int) -> String? {
        guard depth < 8, let root = path.first else { return nil }
        switch root {
        case "inputs":
            guard path.count > 1 else { return "an input" }
            let shape = draft.inputs.first { $0.name == path[1] }?.schema.shape
            return isHarmless(shape, path.dropFirst(2)) ? nil : "the input '\(path[1])'"
        case "steps":
            guard path.count > 2, path[2] == "output", let (source, home) = source(path[1]) else { return nil }
            let view = seen(from: source, in: home)
            if case .value(let fallback) = source.onError, let what = view.origin(in: fallback.textReferences, depth) { return what }
            switch source.kind {
            case .model(let model): return source.forEach == nil && isHarmless(model.schema?.shape, path.dropFirst(3)) ? nil : "the answer of '\(path[1])'"
            case .run(let command): return source.forEach == nil && isHarmless(command.schema?.shape, path.dropFirst(3)) ? nil : "what the program of '\(path[1])' prints"
            case .value(let value): return view.origin(in: value.textReferences, depth)
            case .approve: return path.count > 3 && path[3] == "approved" ? nil : "what a person answers to '\(path[1])'"
            case .plain, .group, .loop, .workflow: return "what '\(path[1])' gives"
            }
        case "with":
            for (step, body) in chain {
                let view = seen(from: step, in: body)
                for (key, value) in step.with where path.count < 2 || key == path[1] {
                    if let what = view.origin(in: value.textReferences, depth) { return what }
                    if path.count > 1 { return nil }
                }
            }
            return nil
        case "output":
            guard case .model(let model) = step.kind else { return nil }
            return isHarmless(model.schema?.shape, path.dropFirst()) ? nil : "the answer"
        case "checks": return path.count > 2 && path[2] != "output" ? nil : "what a check found"
        case "pass": return path.count > 1 && path[1] == "index" ? nil : "what the pass before gave"
        default:
            guard let (step, body) = chain.first(where: { $0.step.forEach?.name == root }), let items = step.forEach?.items else { return nil }
            return seen(from: step, in: body).origin(in: items.textReferences, depth)
        }
    }

    private func origin(in references: [Reference], _ depth: Int) -> String? {
        references.lazy.compactMap { origin(of: $0.path, depth + 1) }.first
    }

    /// Numbers, bools, and words of a list have no command in them.
    private func isHarmless(_ shape: SchemaShape?, _ path: ArraySlice<String>) -> Bool {
        guard var shape else { return false }
        for name in path {
            guard let member = shape.property(name) else { return false }
            shape = member
        }
        if shape.closedValues != nil { return true }
        let names = shape.typeNames
        return !names.isEmpty && names.allSatisfy(Self.harmless.contains)
    }
}

extension ValueTemplate {
    fileprivate var textReferences: [Reference] {
        switch self {
        case .literal: []
        case .template(let template): template.textReferences
        case .expression(let expression): expression.textReferences
        case .array(let elements): elements.flatMap(\.textReferences)
        case .object(let pairs): pairs.flatMap(\.value.textReferences)
        }
    }
}
