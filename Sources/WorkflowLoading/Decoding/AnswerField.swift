import JSONSchema

/// A field of an answer, as `of` names it.
enum AnswerField {
    /// The path from the answer on: it is called `output` there as in expressions, and `answer` is all of it where it has no field of that name.
    static func path(_ text: String, hasField: (String) -> Bool) -> [String] {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.first == "output" { parts.removeFirst() }
        return parts == ["answer"] && !hasField("answer") ? [] : parts
    }

    static func path(_ text: String, in schema: Schema?) -> [String] { path(text) { schema?.shape.property($0) != nil } }
}
