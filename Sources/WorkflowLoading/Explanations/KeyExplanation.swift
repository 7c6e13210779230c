/// Where a word is a key of the language, and what is written for it where it is not: what `agentctl explain WORD` prints.
public enum KeyExplanation {
    /// A line for each place; empty where the word is not known.
    public static func lines(of word: String) -> [String] {
        var lines: [String] = []
        func add(_ line: String) { if !lines.contains(line) { lines.append(line) } }
        let normal = Synonym.normal(word)
        let mappings = LanguageMapping.workflow + LanguageMapping.project.filter { mapping in !LanguageMapping.workflow.contains { $0.name == mapping.name } }
        for mapping in mappings {
            if let key = mapping.key(normal) { add("\(key.name), a key of \(mapping.what): \(key.text)") }
        }
        for mapping in mappings {
            guard let synonym = mapping.synonym(of: normal) else { continue }
            add("in \(mapping.what): \(synonym.text)")
        }
        return lines
    }
}
