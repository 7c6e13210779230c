extension EditorSchema {
    /// `Docs/Keys.md`: every key of both files, from the same declarations.
    public static var page: String {
        """
        # Keys

        Every key of the language, with its type, its default and what it means, as editors show it. `agentctl schema --markdown`
        prints this page; what other tools call something stands below the keys of its mapping. [Workflow](Workflow.md) has the rules and examples. A key with † is checked and not run by this version:
        `plan` and `run` refuse a file with it (AW123).

        """ + mappings.map(\.markdown).joined()
    }

    /// Those that both files have, once.
    private static var mappings: [LanguageMapping] {
        LanguageMapping.workflow + LanguageMapping.project.filter { mapping in !LanguageMapping.workflow.contains { $0.name == mapping.name } }
    }
}

extension LanguageMapping {
    fileprivate var markdown: String {
        let rows = keys.map { key in
            let start = key.isRequired ? "required" : key.defaultText ?? ""
            return "| `\(key.name)`\(key.runs ? "" : " †") | \(key.shape.markdown) | \(start) | \(key.text) |\n"
        }
        let choice = oneOf.isEmpty ? "" : "\nExactly one of: \(oneOf.map { "`\($0)`" }.joined(separator: ", ")).\n"
        let words = synonyms.map { "| \($0.words.map { "`\($0)`" }.joined(separator: " ")) | \($0.text.map { "|<".contains($0) ? "\\\($0)" : String($0) }.joined()) |\n" }
        let others = words.isEmpty ? "" : "\n| elsewhere | here |\n|---|---|\n" + words.joined()
        return "\n## \(name)\n\n| key | type | default | |\n|---|---|---|---|\n" + rows.joined() + choice + others
    }
}

extension KeyShape {
    fileprivate var markdown: String {
        switch self {
        case .text: "text"
        case .template: "template"
        case .expression: "expression"
        case .condition: "boolean expression"
        case .valueTemplate: "value template"
        case .name: "name"
        case .tier: "tier"
        case .prefix: "prefix"
        case .field: "field"
        case .model: "`provider/model`"
        case .tool: "`server.tool`"
        case .url: "URL"
        case .timeZone: "time zone"
        case .version: "`1`"
        case .boolean: "boolean"
        case .duration: "duration"
        case .money: "dollars"
        case .percent: "percent"
        case .rate: "percent/duration"
        case .integer(let range): range.upperBound == .max ? "integer from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "\(Int(range.lowerBound)) to \(Int(range.upperBound))"
        case .words(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let element): "list: \(element.markdown)"
        case .oneOrList(let element): "one or a list: \(element.markdown)"
        case .names(let value): "name: \(value.markdown)"
        case .named(_, let value): "name: \(value.markdown)"
        case .mapping(let name): "[\(name)](#\(name))"
        case .jsonSchema: "JSON Schema"
        case .schema: "JSON Schema or path"
        case .templateFile: "path"
        case .either(let shapes): shapes.map(\.markdown).joined(separator: " or ")
        case .null: "null"
        }
    }
}
