import Values

/// Writes a document as YAML in the many ways in which people write it.
struct YAMLWriter {
    private var anchors: [String] = []
    private var text = ""

    static func text(of value: JSONValue, _ random: inout FuzzRandom) -> String {
        var writer = YAMLWriter()
        if random.chance(oneIn: 20) { writer.text += random.pick(["---\n", "%YAML 1.2\n---\n", "\u{FEFF}", "# a comment\n\n", "\n\n"]) }
        writer.write(value, indent: 0, isInFlow: false, &random)
        if random.chance(oneIn: 20) { writer.text += random.pick(["\n...\n", "\n\n\n", " ", "\n# the end"]) }
        return random.chance(oneIn: 30) ? writer.text.replacing("\n", with: "\r\n") : writer.text
    }

    private mutating func write(_ value: JSONValue, indent: Int, isInFlow: Bool, _ random: inout FuzzRandom) {
        if !anchors.isEmpty, random.chance(oneIn: 300) {
            text += "*" + random.pick(anchors) + " "
            return
        }
        if random.chance(oneIn: 60) {
            anchors.append("a\(anchors.count)")
            text += "&" + anchors.last! + " "
        }
        switch value {
        case .object(let object) where !object.isEmpty && !isInFlow && !random.chance(oneIn: 4): block(object, indent, &random)
        case .array(let elements) where !elements.isEmpty && !isInFlow && !random.chance(oneIn: 4): block(elements, indent, &random)
        case .object(let object): flow(object, indent, &random)
        case .array(let elements): flow(elements, indent, &random)
        case .string(let string): write(string, indent: indent, isInFlow: isInFlow, &random)
        case .int(let number) where random.chance(oneIn: 200): text += random.pick(["+\(number)", "0x10", "0o17", "00\(number)", "\(number).0", "\(number)e0"])
        default: text += value.jsonText
        }
    }

    // MARK: Blocks

    private mutating func lineEnd(_ random: inout FuzzRandom) {
        if random.chance(oneIn: 25) { text += random.pick(["  # comment", " #", "   ", "\n", "\n# comment", "\n      # comment", "\n\n\n"]) }
        text += "\n"
    }

    private mutating func block(_ object: JSONObject, _ indent: Int, _ random: inout FuzzRandom) {
        let step = random.pick([2, 2, 2, 4, 1, 3])
        if text.utf8.last != 0x0A, !text.isEmpty { lineEnd(&random) }
        for (key, value) in object {
            text += String(repeating: " ", count: indent)
            write(key: key, &random)
            text += random.chance(oneIn: 40) ? " :  " : ": "
            write(value, indent: indent + step, isInFlow: false, &random)
            if text.utf8.last != 0x0A { lineEnd(&random) }
        }
    }

    private mutating func block(_ elements: [JSONValue], _ indent: Int, _ random: inout FuzzRandom) {
        if text.utf8.last != 0x0A, !text.isEmpty { lineEnd(&random) }
        // Under a key a list may stand without indentation.
        let margin = random.chance(oneIn: 5) ? max(0, indent - 2) : indent
        for element in elements {
            text += String(repeating: " ", count: margin) + "- "
            if case .object(let object) = element, !object.isEmpty, random.chance(oneIn: 2) {
                for (index, pair) in object.enumerated() {
                    if index > 0 { text += String(repeating: " ", count: margin + 2) }
                    write(key: pair.key, &random)
                    text += ": "
                    write(pair.value, indent: margin + 4, isInFlow: false, &random)
                    if text.utf8.last != 0x0A { lineEnd(&random) }
                }
            } else {
                write(element, indent: margin + 2, isInFlow: false, &random)
                if text.utf8.last != 0x0A { lineEnd(&random) }
            }
        }
    }

    // MARK: Flow

    private mutating func separator(_ indent: Int, _ random: inout FuzzRandom) {
        text += ","
        text += random.chance(oneIn: 15) ? "\n" + String(repeating: " ", count: indent + 4) : random.pick([" ", " ", ""])
    }

    private mutating func flow(_ object: JSONObject, _ indent: Int, _ random: inout FuzzRandom) {
        text += random.pick(["{ ", "{"])
        for (index, pair) in object.enumerated() {
            if index > 0 { separator(indent, &random) }
            write(key: pair.key, &random)
            text += ": "
            write(pair.value, indent: indent + 2, isInFlow: true, &random)
        }
        text += object.isEmpty ? "}" : random.pick([" }", "}", ", }"])
    }

    private mutating func flow(_ elements: [JSONValue], _ indent: Int, _ random: inout FuzzRandom) {
        text += "["
        for (index, element) in elements.enumerated() {
            if index > 0 { separator(indent, &random) }
            write(element, indent: indent + 2, isInFlow: true, &random)
        }
        text += elements.isEmpty ? "]" : random.pick(["]", " ]", ",]"])
    }

    // MARK: Scalars

    private mutating func write(key: String, _ random: inout FuzzRandom) {
        text += Self.isWord(key) && !random.chance(oneIn: 20) ? key : JSONValue.string(key).jsonText
    }

    private mutating func write(_ string: String, indent: Int, isInFlow: Bool, _ random: inout FuzzRandom) {
        let isPlain = Self.isWord(string) || (!isInFlow && Self.isPlain(string))
        switch random.below(8) {
        case 0...3 where isPlain: text += string
        case 4 where !string.contains("\n"): text += "'" + string.replacing("'", with: "''") + "'"
        case 5 where !isInFlow && !string.isEmpty && !string.contains("\t") && string.first != " " && string.first != "\n":
            let margin = String(repeating: " ", count: max(indent, 1))
            text += random.pick(string.contains("\n") ? ["|", ">", "|-", ">-", "|+"] : ["|-", ">-"]) + "\n"
            text += string.split(separator: "\n", omittingEmptySubsequences: false).map { margin + $0 }.joined(separator: "\n") + "\n"
        case 7 where random.chance(oneIn: 30): text += string
        default: text += JSONValue.string(string).jsonText
        }
    }

    private static func isWord(_ text: String) -> Bool {
        text.utf8.first.map { $0 | 0x20 &- 0x61 < 26 } == true && text.utf8.allSatisfy { $0 | 0x20 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F || $0 == 0x2F || $0 == 0x2E }
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first | 0x20 &- 0x61 < 26, text.utf8.last != 0x20 else { return false }
        return !text.contains("\n") && !text.contains(": ") && !text.contains(" #") && text.utf8.last != 0x3A && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
