import CYAML
import Values

/// Reads one YAML document into a node tree, through libyaml's events and their marks.
///
/// Refused: tags, duplicate keys, keys that are not plain words, several documents. Anchors, aliases and `<<` are expanded
/// up to a bound.
struct YAMLReader {
    /// More nodes than any workflow has that people or programs write.
    static let maximumNodes = 1_000_000
    /// What aliases may bring in: nodes, and a node more for every 64 bytes of text. An alias bomb passes it at once.
    static let maximumExpansion = 100_000
    static let maximumDepth = 100

    private let file: String
    private let source: SourceBytes
    private var parser = yaml_parser_t()
    private var anchors: TextTable<YAMLNode> = [:]
    private var nodes = 0
    private var expansion = 0
    private(set) var problems: [Diagnostic] = []

    private struct Stop: Error {}

    /// - Returns: `nil` when the text is no YAML; `problems` then says why. An empty document is an empty mapping.
    static func read(_ source: String, file: String) -> (node: YAMLNode?, problems: [Diagnostic]) {
        var reader = YAMLReader(file: file, source: source)
        let node = reader.document()
        return (node, reader.problems)
    }

    private init(file: String, source: String) {
        self.file = file
        self.source = SourceBytes(Array(source.withoutByteOrderMark.utf8), at: SourceLocation(file: file, line: 1, column: 1))
    }

    private mutating func document() -> YAMLNode? {
        guard yaml_parser_initialize(&parser) == 1 else { return nil }
        defer { yaml_parser_delete(&parser) }
        return source.bytes.withUnsafeBufferPointer { buffer -> YAMLNode? in
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            do {
                var root: YAMLNode?
                while true {
                    var event = try next()
                    defer { yaml_event_delete(&event) }
                    switch event.type {
                    case YAML_STREAM_END_EVENT:
                        let start = SourceLocation(file: file, line: 1, column: 1)
                        return root ?? YAMLNode(content: .mapping([]), range: SourceRange(start), isInFlow: false, weight: 1, height: 1)
                    case YAML_DOCUMENT_START_EVENT:
                        guard root == nil else {
                            problems.append(Diagnostic(code: "AW015", "a file holds one document", at: range(event), hint: "remove what follows '---'"))
                            throw Stop()
                        }
                        root = try node(depth: 0, isInFlow: false)
                    default: continue
                    }
                }
            } catch {
                return nil
            }
        }
    }

    private mutating func next() throws -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
            syntaxError()
            throw Stop()
        }
        return event
    }

    /// libyaml's own lines and columns are not those of editors: it ends a line also at a lone `\r`, at U+0085, U+2028 and U+2029.
    private func location(_ mark: yaml_mark_t) -> SourceLocation { source.location(ofByte: offset(mark)) }

    private func offset(_ mark: yaml_mark_t) -> Int { source.offset(ofScalar: Int(mark.index)) }

    private func range(_ event: yaml_event_t) -> SourceRange { SourceRange(location(event.start_mark), location(event.end_mark)) }

    private mutating func syntaxError() {
        // libyaml names a byte, and no place, for characters that it refuses.
        let offset = parser.error == YAML_READER_ERROR ? parser.problem_offset : offset(parser.problem_mark)
        let at = source.location(ofByte: offset)
        let problem = parser.problem.map { String(cString: $0) } ?? "the text is not YAML"
        let line = String(decoding: source.line(around: offset), as: UTF8.self)
        let before = line.prefix(while: { $0 != "$" })
        let context = parser.context.map { String(cString: $0) }
        let isInFlow = context?.contains("flow") == true
        if line.containsBytes(of: "${{"), isInFlow || before.contains("{") || before.contains("[") {
            problems.append(
                Diagnostic(
                    code: "AW011", "an unquoted ${{ }} inside { } or [ ] is read as YAML braces", at: SourceRange(at),
                    hint: "put it in quotes: \"${{ … }}\""))
        } else if Self.hasConditional(line, isInFlow: isInFlow), isInFlow || problem.contains("mapping values") || problem.contains("expected key") {
            problems.append(
                Diagnostic(
                    code: "AW012", "an unquoted '? … : …' is read as a YAML key", at: SourceRange(at),
                    hint: "put the expression in quotes: \"a ? b : c\""))
        } else if line.contains("\t"), problem.contains("token") || problem.contains("indent") {
            problems.append(Diagnostic(code: "AW010", "YAML is indented with spaces, not tabs", at: SourceRange(at), hint: "replace the tab by spaces"))
        } else if context?.contains("anchor") == true, let mark = line.firstRange(of: " !") {
            let column = line.unicodeScalars.distance(from: line.startIndex, to: mark.lowerBound) + 2
            problems.append(
                Diagnostic(
                    code: "AW014", "YAML reads what begins with '!' as a tag, and '&' as an anchor", at: SourceRange(SourceLocation(file: file, line: at.line, column: column)),
                    hint: "if this is an expression, put it in quotes"))
        } else {
            // The fault is often noticed far behind the place where it was made.
            let begin = location(parser.context_mark).line
            let hint =
                problem.contains("mapping values")
                ? "a text with ': ' in it stands in quotes"
                : context != nil && begin < at.line ? "what is not ended begins on line \(begin)" : nil
            problems.append(Diagnostic(code: "AW010", "not valid YAML: \(problem)" + (context.map { " (\($0))" } ?? ""), at: SourceRange(at), hint: hint))
        }
    }

    /// Whether a line has the signs of `? … :` outside of double quotes, or begins with the second.
    private static func hasConditional(_ line: String, isInFlow: Bool) -> Bool {
        let trimmed = line.drop { $0 == " " }
        if !isInFlow, trimmed.hasPrefix(": ") || trimmed.hasPrefix("? ") { return true }
        guard let question = line.firstRange(of: "? ") else { return false }
        return line[question.upperBound...].contains(": ") && line[..<question.lowerBound].count { $0 == "\"" } % 2 == 0
    }

    private mutating func count(at range: SourceRange) throws {
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            problems.append(Diagnostic(code: "AW016", "the document has more than \(Self.maximumNodes) nodes", at: range))
            throw Stop()
        }
    }

    private mutating func count(aliasOf target: YAMLNode, at range: SourceRange) throws {
        expansion += target.weight
        guard expansion <= Self.maximumExpansion else {
            problems.append(
                Diagnostic(
                    code: "AW016", "aliases copy more than \(Self.maximumExpansion) nodes; 64 bytes of text count as one", at: range))
            throw Stop()
        }
    }

    private mutating func node(depth: Int, isInFlow: Bool) throws -> YAMLNode {
        var event = try next()
        defer { yaml_event_delete(&event) }
        return try node(from: event, depth: depth, isInFlow: isInFlow)
    }

    private mutating func node(from event: yaml_event_t, depth: Int, isInFlow: Bool) throws -> YAMLNode {
        let place = range(event)
        guard depth < Self.maximumDepth else {
            problems.append(Diagnostic(code: "AW016", "nested deeper than \(Self.maximumDepth) levels", at: place))
            throw Stop()
        }
        try count(at: place)
        switch event.type {
        case YAML_ALIAS_EVENT:
            let name = String(cString: event.data.alias.anchor)
            guard let target = anchors[name] else {
                problems.append(Diagnostic(code: "AW017", "there is no anchor '&\(name)' before this alias", at: place, hint: Suggestion.hint(for: name, in: anchors.keys.sorted())))
                throw Stop()
            }
            try count(aliasOf: target, at: place)
            // What is deep may be put into what is deep: the tree is walked by recursion later.
            guard depth + target.height <= Self.maximumDepth else {
                problems.append(Diagnostic(code: "AW016", "nested deeper than \(Self.maximumDepth) levels when its aliases are expanded", at: place))
                throw Stop()
            }
            return target
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            refuseTag(data.tag, place)
            var text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE
            // What was refused as a tag was meant as text: it is read on as such, so that it is not reported twice.
            var isTagText = false
            if isPlain, let tag = data.tag.map({ String(cString: $0) }), tag.hasPrefix("!") {
                text = tag + (text.isEmpty ? "" : " " + text)
                isTagText = true
            }
            let content = data.anchor == nil && (data.tag == nil || isTagText) ? offset(event.start_mark)..<offset(event.end_mark) : content(of: event, isTagText: isTagText)
            let node = YAMLNode(
                content: .scalar(YAMLScalar(text: text, style: Self.style(data.style), source: source, content: content)),
                range: data.anchor == nil ? place : SourceRange(source.location(ofByte: content.lowerBound), place.end),
                isInFlow: isInFlow, weight: 1 + text.utf8.count / 64, height: 1)
            remember(data.anchor, node)
            return node
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            refuseTag(data.tag, place)
            let inFlow = isInFlow || data.style == YAML_FLOW_SEQUENCE_STYLE
            var elements: [YAMLNode] = []
            var weight = 1
            var height = 0
            var end = place.end
            while true {
                var inner = try next()
                defer { yaml_event_delete(&inner) }
                if inner.type == YAML_SEQUENCE_END_EVENT { end = location(inner.end_mark); break }
                let element = try node(from: inner, depth: depth + 1, isInFlow: inFlow)
                weight += element.weight
                height = max(height, element.height)
                elements.append(element)
            }
            let node = YAMLNode(content: .sequence(elements), range: SourceRange(place.start, end), isInFlow: inFlow, weight: weight, height: height + 1)
            remember(data.anchor, node)
            return node
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            refuseTag(data.tag, place)
            let inFlow = isInFlow || data.style == YAML_FLOW_MAPPING_STYLE
            let (pairs, weight, height, end) = try mapping(depth: depth, isInFlow: inFlow)
            let node = YAMLNode(
                content: .mapping(pairs), range: SourceRange(place.start, end), isInFlow: inFlow, weight: weight, height: height + 1)
            remember(data.anchor, node)
            return node
        default:
            throw Stop()
        }
    }

    private mutating func mapping(depth: Int, isInFlow: Bool) throws -> (
        pairs: [(key: YAMLNode, value: YAMLNode)], weight: Int, height: Int, end: SourceLocation
    ) {
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        var merged: [(key: YAMLNode, value: YAMLNode)] = []
        var seen = SeenKeys()
        var weight = 1
        var height = 0
        while true {
            var inner = try next()
            defer { yaml_event_delete(&inner) }
            if inner.type == YAML_MAPPING_END_EVENT {
                // What is written wins over what is merged; the first merge over later ones.
                for pair in merged where seen.line(of: pair.key.scalar!.text, in: pairs) == nil { pairs.append(pair) }
                return (pairs, weight, height, location(inner.end_mark))
            }
            let key = try node(from: inner, depth: depth + 1, isInFlow: isInFlow)
            var value = try node(depth: depth + 1, isInFlow: isInFlow)
            if isInFlow, let scalar = value.scalar, scalar.isPlain, scalar.text.isEmpty, !hasColon(behind: key.range.end) {
                value = YAMLNode(content: value.content, range: SourceRange(key.range.end, key.range.end), isInFlow: true, weight: 1, height: 1)
            }
            weight += key.weight + value.weight
            height = max(height, value.height)
            guard let name = key.scalar else {
                problems.append(Diagnostic(code: "AW018", "a key must be a word, found \(key.typeName)", at: key.range))
                continue
            }
            if name.isPlain, name.text == "<<" {
                merge(value, into: &merged)
            } else if let line = seen.line(of: name.text, in: pairs) {
                problems.append(Diagnostic(code: "AW019", "the key '\(name.text)' stands twice", at: key.range, hint: "it is first given on line \(line)"))
            } else {
                pairs.append((key, value))
            }
        }
    }

    /// The keys of a mapping so far. Most mappings have a few, for which a table costs more than a look at each.
    private struct SeenKeys {
        private static let few = 12
        private var lines: TextTable<Int> = [:]
        private var tabulated = 0

        /// Where a key was given first.
        mutating func line(of name: String, in pairs: [(key: YAMLNode, value: YAMLNode)]) -> Int? {
            if pairs.count <= Self.few { return pairs.first { $0.key.scalar!.text.hasSameBytes(as: name) }?.key.range.start.line }
            for pair in pairs[tabulated...] { lines[pair.key.scalar!.text] = pair.key.range.start.line }
            tabulated = pairs.count
            return lines[name]
        }
    }

    /// Whether a key in a flow mapping has its colon; without one its value is nothing, where the key ends.
    private func hasColon(behind end: SourceLocation) -> Bool {
        source.bytes[source.offset(of: end)...].first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: ":")
    }

    private mutating func merge(_ value: YAMLNode, into merged: inout [(key: YAMLNode, value: YAMLNode)]) {
        switch value.content {
        case .mapping(let pairs): merged += pairs
        case .sequence(let elements) where elements.allSatisfy({ if case .mapping = $0.content { true } else { false } }):
            for element in elements { merge(element, into: &merged) }
        default:
            problems.append(Diagnostic(code: "AW017", "'<<' merges a mapping or a list of mappings, found \(value.typeName)", at: value.range))
        }
    }

    private mutating func remember(_ anchor: UnsafeMutablePointer<UInt8>?, _ node: YAMLNode) {
        if let anchor { anchors[String(cString: anchor)] = node }
    }

    private mutating func refuseTag(_ tag: UnsafeMutablePointer<UInt8>?, _ place: SourceRange) {
        guard let tag else { return }
        let name = String(cString: tag)
        problems.append(
            Diagnostic(
                code: "AW014", "YAML reads '\(name)' as a tag, and tags are not used here", at: place,
                hint: name.hasPrefix("!") ? "if this is an expression, put it in quotes: \"\(name)\"" : nil))
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    /// The bytes of a scalar itself: libyaml lets it begin with its anchor and its tag.
    private func content(of event: yaml_event_t, isTagText: Bool) -> Range<Int> {
        let bytes = source.bytes
        let end = offset(event.end_mark)
        var position = offset(event.start_mark)
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "!") where isTagText: return position..<end
            case UInt8(ascii: "&"), UInt8(ascii: "!"):
                while position < end, !Self.isSpace(bytes[position]) { position += 1 }
            case UInt8(ascii: "#"):
                while position < end, bytes[position] != 0x0A { position += 1 }
            case let byte where Self.isSpace(byte): position += 1
            default: return position..<end
            }
        }
        return end..<end
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
