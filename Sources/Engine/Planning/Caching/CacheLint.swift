import Expressions
import PromptCaching
import Values
import WorkflowModel

/// What a workflow does that keeps its prompts out of caches: the codes CP001 to CP015, but for CP006, which the file alone shows.
///
/// They are warnings. What rests on a model's cache is told where the rules of that are known, and a number of tokens where the text is.
public struct CacheLint {
    let graph: WorkflowGraph
    let outlook: PrefixOutlook
    let rules: (ModelReference) -> CacheRules?

    /// What is lost without anybody's cache being known is told from so many tokens on: the least that any server on the list keeps.
    static let leastTokens = 256

    /// - Parameters:
    ///   - inputs: the run's, bound; `nil`: not known.
    ///   - rules: how a model's cache works; `nil` where nothing is known of one.
    /// - Returns: warnings in the order of the questions.
    public static func check(_ graph: WorkflowGraph, inputs: JSONObject? = nil, rules: @escaping (ModelReference) -> CacheRules?) -> [Diagnostic] {
        let lint = CacheLint(graph: graph, outlook: PrefixOutlook(graph, inputs: inputs), rules: rules)
        var found: [Diagnostic] = []
        var seen: Set<Diagnostic> = []
        func report(_ code: String, _ message: String, at place: SourceRange?, hint: String) {
            let diagnostic = Diagnostic(.warning, code: code, message, at: place, hint: hint)
            if seen.insert(diagnostic).inserted { found.append(diagnostic) }
        }
        lint.checkTexts(report)
        lint.checkLayout(report)
        lint.checkModels(report)
        return found
    }

    typealias Report = (_ code: String, _ message: String, _ place: SourceRange?, _ hint: String) -> Void

    // MARK: Words

    /// Where a question is asked.
    func place(_ question: PrefixOutlook.Asked) -> SourceRange? { question.step.range?.firstLine }

    /// `'draft'`, or `check 'judge' of 'draft'`.
    static func name(_ question: PrefixOutlook.Asked) -> String { question.part.isEmpty ? "'\(question.path)'" : "check '\(question.part)' of '\(question.path)'" }

    /// `'a' and 'b'`, `'a', 'b' and 3 more`.
    static func list(_ names: [String]) -> String {
        guard names.count > 1 else { return names.first ?? "" }
        return names.count <= 3 ? names.dropLast().joined(separator: ", ") + " and " + names.last! : names.prefix(2).joined(separator: ", ") + " and \(names.count - 2) more"
    }

    /// `about 2,500 tokens`; of what is known in part `more than 300 tokens`, and `text of unknown length`.
    static func size(_ blocks: some Sequence<PrefixOutlook.Block>) -> String {
        let known = blocks.reduce(0) { $0 + $1.knownBytes }
        guard blocks.contains(where: { !$0.isComplete }) else { return "about \(grouped((known + 3) / 4)) tokens" }
        return known < 4 * leastTokens ? "a text whose length is not known yet" : "more than \(grouped(known / 4)) tokens"
    }

    static func grouped(_ number: Int) -> String {
        let digits = String(number)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return result
    }

    /// Whether so much stands there that losing it is worth a word: what is not known yet is taken for a document.
    static func isMuch(_ blocks: some Sequence<PrefixOutlook.Block>) -> Bool {
        blocks.contains { !$0.isComplete } || blocks.reduce(0) { $0 + $1.knownBytes } >= 4 * leastTokens
    }

    /// The template that a block is made of.
    func template(of block: PrefixOutlook.Block, _ question: PrefixOutlook.Asked) -> Template? {
        if block.origin == "system" { return question.question.system }
        if block.origin == "prompt", case .prompt(let template) = question.question.body { return template }
        if case .messages(let messages) = question.question.body, let index = messages.indices.first(where: { block.origin == "messages[\($0)]" }) { return messages[index].text }
        return prefix(of: block, question)?.text
    }

    func prefix(of block: PrefixOutlook.Block, _ question: PrefixOutlook.Asked) -> PromptPrefix? {
        graph(of: question).prefix(ofOrigin: block.origin)
    }

    /// The workflow that a question's prefixes are declared in.
    func graph(of question: PrefixOutlook.Asked) -> WorkflowGraph { graph.step(at: question.path)?.graph ?? graph }
}
