import Expressions
import Values

/// No two prefixes say the same: a server would keep the text twice.
struct DuplicatePrefixRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var first: TextTable<String> = [:]
        for prefix in draft.prefixes {
            if let other = first[prefix.text.source] {
                report(
                    Diagnostic(
                        .warning, code: "AW411", "the prefixes '\(other)' and '\(prefix.name.text)' have the same text", at: prefix.name.range,
                        hint: "keep '\(other)' and use it in both places: a text that stands under one name is cached once"))
            } else {
                first[prefix.text.source] = prefix.name.text
            }
        }
    }
}

extension Template {
    /// The text as it was written, up to the spaces inside `${{ }}`.
    fileprivate var source: String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .expression(let expression): "${{ \(expression.source) }}"
            }
        }.joined()
    }
}
