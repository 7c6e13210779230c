import Values

extension Output {
    /// An indented JSON document to stdout with a list in it that is never whole in memory.
    ///
    /// - Parameters:
    ///   - document: with an empty list as the member `key` of one object, at any depth.
    ///   - elements: of that list.
    static func write(_ document: JSONValue, filling key: String, with elements: some Sequence<JSONValue>) {
        let text = JSONEncoding.pretty.string(document) + "\n"
        // Strings have no line breaks in them, so that a line that begins so is the member.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let index = lines.firstIndex(where: { $0.drop { $0 == " " }.hasPrefix("\"\(key)\": []") }) else { preconditionFailure("no empty list '\(key)'") }
        let indent = String(lines[index].prefix { $0 == " " })
        write(lines[..<index].map { $0 + "\n" }.joined() + indent + "\"\(key)\": [")
        var isFirst = true
        for element in elements {
            write((isFirst ? "" : ",") + "\n" + indent + "  " + JSONEncoding.pretty.string(element).replacing("\n", with: "\n" + indent + "  "))
            isFirst = false
        }
        let rest = lines[index].drop { $0 == " " }.dropFirst(key.count + 6)
        write((isFirst ? "" : "\n" + indent) + "]" + rest + "\n" + lines[(index + 1)...].joined(separator: "\n"))
    }
}
