extension EditorSchema {
    /// `Docs/Keys.md`: every key of both files, from the same declarations.
    public static var page: String {
        """
        # Keys

        Every key that this version takes, with its type, its default and what it means, as editors show it. `agentctl schema --markdown`
        prints this page. [Workflow](Workflow.md) has the rules and examples.

        """ + (LanguageMapping.workflow + LanguageMapping.project).map(\.markdown).joined()
    }
}

extension LanguageMapping {
    fileprivate var markdown: String {
        let rows = keys.map { key in
            let start = key.isRequired ? "required" : key.defaultText ?? ""
            return "| `\(key.name)` | \(key.shape.markdown) | \(start) | \(key.text) |\n"
        }
        let choice = oneOf.isEmpty ? "" : "\nExactly one of: \(oneOf.map { "`\($0)`" }.joined(separator: ", ")).\n"
        return "\n## \(name)\n\n| key | type | default | |\n|---|---|---|---|\n" + rows.joined() + choice
    }
}

extension KeyShape {
    fileprivate var markdown: String {
        switch self {
        case .text: "text"
        case .template: "template"
        case .expression: "expression"
        case .valueTemplate: "value template"
        case .name: "name"
        case .model: "`provider/model`"
        case .version: "`1`"
        case .boolean: "boolean"
        case .duration: "duration"
        case .money: "dollars"
        case .integer(let range): range.upperBound == .max ? "integer from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "\(Int(range.lowerBound)) to \(Int(range.upperBound))"
        case .words(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let element): "list: \(element.markdown)"
        case .oneOrList(let element): "one or a list: \(element.markdown)"
        case .names(let value): "name: \(value.markdown)"
        case .mapping(let name): "[\(name)](#\(name))"
        case .jsonSchema: "JSON Schema"
        case .either(let shapes): shapes.map(\.markdown).joined(separator: " or ")
        case .null: "null"
        }
    }
}
