import Values

/// `format`, `contentEncoding`, `contentMediaType`: notes to the reader, of which only the form is checked.
final class AnnotationRule: Rule {
    init?(_ schema: SchemaReader) {
        for keyword in ["format", "contentEncoding", "contentMediaType"] { _ = schema.text(keyword) }
        return nil
    }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool { true }
}
