import Values

/// Writes a YAML text anew, token by token: what stands between tokens is spaces, line ends and comments, and only that is
/// changed, besides quotes that nothing needs.
///
/// Blocks are indented by two, sequences under their key too. Kept are the order, comments, line breaks, one empty line where
/// there were some, the spaces that align values behind keys and comments behind values, and the content of every scalar.
struct YAMLFormatter {
    /// A block collection that is open.
    private struct Level {
        let column: Int
        /// The column that its entries get.
        let indent: Int
        /// A sequence that stands under its key without indentation: the scanner tells neither start nor end.
        var isIndentless = false
        var isMapping = true
    }

    private let source: [Unicode.Scalar]
    private let tokens: [YAMLToken]
    private var output: [Unicode.Scalar] = []
    private(set) var comments: [String] = []
    private var levels: [Level] = []
    private var flowDepth = 0
    /// The last token that has text, and the levels then.
    private var previous: YAMLToken?
    private var previousLevels: [Level] = []
    private var opensKey = false
    /// After the content of a block scalar.
    private var isAtLineStart = true
    private var wantsBlank = false

    /// - Parameter text: with `\n` as its line ends.
    /// - Returns: `nil` when it is not YAML.
    static func format(_ text: String) -> (text: String, comments: [String])? {
        guard let tokens = YAMLToken.scan(text) else { return nil }
        var formatter = YAMLFormatter(source: Array(text.unicodeScalars), tokens: tokens)
        formatter.run()
        var result = String.UnicodeScalarView()
        result.append(contentsOf: formatter.output)
        return (String(result), formatter.comments)
    }

    private init(source: [Unicode.Scalar], tokens: [YAMLToken]) {
        self.source = source
        self.tokens = tokens
    }

    private mutating func run() {
        for token in tokens {
            enter(token)
            if !token.range.isEmpty { write(token) }
            if token.isFlowStart { flowDepth += 1 }
        }
        separate(upTo: nil)
        if let last = output.last, last != "\n" { output.append("\n") }
    }

    // MARK: Structure

    private var indent: Int { levels.last?.indent ?? -2 }

    private mutating func enter(_ token: YAMLToken) {
        switch token.kind {
        case .blockSequenceStart, .blockMappingStart:
            levels.append(Level(column: column(of: token.range.lowerBound), indent: indent + 2, isMapping: token.kind == .blockMappingStart))
        case .blockEnd:
            leaveIndentless()
            levels.removeLast()
        case .blockEntry where levels.last?.isMapping == true:
            levels.append(Level(column: column(of: token.range.lowerBound), indent: indent + 2, isIndentless: true, isMapping: false))
        case .key:
            if flowDepth == 0 { leaveIndentless() }
            opensKey = true
        case .value:
            if flowDepth == 0 { leaveIndentless() }
        case .flowSequenceEnd, .flowMappingEnd: flowDepth -= 1
        default: break
        }
    }

    private mutating func leaveIndentless() {
        if levels.last?.isIndentless == true { levels.removeLast() }
    }

    private func column(of offset: Int) -> Int {
        offset - (source[..<offset].lastIndex(of: "\n").map { $0 + 1 } ?? 0)
    }

    // MARK: Tokens

    private mutating func write(_ token: YAMLToken) {
        separate(upTo: token)
        switch token.kind {
        case .block: writeBlock(token)
        case .plain, .singleQuoted, .doubleQuoted: writeScalar(token)
        default: output += source[token.range]
        }
        previous = token
        previousLevels = levels
        opensKey = false
    }

    /// Writes what stands before a token, or at the end.
    private mutating func separate(upTo next: YAMLToken?) {
        let between = source[(previous?.range.upperBound ?? 0)..<(next?.range.lowerBound ?? source.count)]
        var lines = between.split(separator: "\n", omittingEmptySubsequences: false)
        if !isAtLineStart {
            let rest = lines.removeFirst()
            if let hash = rest.firstIndex(of: "#") {
                // The author may have aligned it.
                output += repeatElement(" ", count: max(1, hash - rest.startIndex))
                append(comment: rest[hash...])
            }
            if lines.isEmpty {
                if let next { output += repeatElement(" ", count: gap(before: next, was: rest.count)) }
                return
            }
            output.append("\n")
        }
        isAtLineStart = false
        let last = lines.removeLast()
        if next == nil { lines.append(last) }
        for line in lines {
            guard let hash = line.firstIndex(where: { $0 != " " && $0 != "\t" }) else {
                wantsBlank = true
                continue
            }
            writeBlank()
            output += repeatElement(" ", count: indent(ofCommentAt: hash - line.startIndex, before: next))
            append(comment: line[hash...])
            output.append("\n")
        }
        guard let next else { return }
        writeBlank()
        output += repeatElement(" ", count: lineIndent(of: next))
    }

    private mutating func writeBlank() {
        if wantsBlank, !output.isEmpty { output.append("\n") }
        wantsBlank = false
    }

    private mutating func append(comment: ArraySlice<Unicode.Scalar>) {
        let end = comment.lastIndex { $0 != " " && $0 != "\t" } ?? comment.startIndex
        output += comment[...end]
        comments.append(Self.string(comment[...end]))
    }

    /// The spaces between two tokens of one line.
    private func gap(before next: YAMLToken, was spaces: Int) -> Int {
        guard let previous else { return 0 }
        switch (previous.kind, next.kind) {
        case (.value, _): return flowDepth > 0 || next.isFlowEnd ? 1 : max(1, spaces)
        // `*a:` would be an alias of another name.
        case (.alias, .value): return 1
        case (_, .value), (_, .flowEntry): return previous.isFlowStart ? 1 : 0
        case (.flowMappingStart, .flowMappingEnd), (.flowSequenceStart, _), (_, .flowSequenceEnd): return 0
        default: return 1
        }
    }

    // MARK: Lines

    /// Where a line begins that begins with a token.
    private func lineIndent(of token: YAMLToken) -> Int {
        let base = max(indent, 0)
        if token.isFlowEnd {
            // YAML asks for more than the parent's indentation here, most readers do not: the author's choice stands.
            let isInside = column(of: token.range.lowerBound) > (levels.last?.column ?? 0)
            return flowDepth == 0 ? (isInside ? base + 2 : base) : base + 2 * flowDepth
        }
        if flowDepth > 0 { return base + 2 * flowDepth }
        switch token.kind {
        case .directive, .documentStart, .documentEnd: return 0
        case .blockEntry, .key, .value: return base
        default: return opensKey ? base : indent + 2
        }
    }

    /// Comments belong to what follows them, or to the block in which they stand.
    private func indent(ofCommentAt column: Int, before next: YAMLToken?) -> Int {
        if let next, flowDepth > 0 || next.isFlowEnd { return next.isFlowEnd ? max(indent, 0) + 2 * (flowDepth + 1) : lineIndent(of: next) }
        let isEntry = next.map { opensKey || $0.kind == .blockEntry || $0.kind == .key || $0.kind == .value } ?? false
        let ofNext = next == nil ? nil : levels.last
        if let ofNext, ofNext.column == column || (!isEntry && column > ofNext.column) { return isEntry ? ofNext.indent : lineIndent(of: next!) }
        let open = previousLevels + [ofNext].compactMap(\.self)
        return open.last { $0.column == column }?.indent ?? open.filter { $0.column <= column }.max { $0.column < $1.column }?.indent ?? 0
    }

    // MARK: Scalars

    /// Where the second and later lines of a text begin.
    private var continuation: Int { levels.isEmpty && flowDepth == 0 ? 0 : flowDepth > 0 ? max(indent, 0) + 2 * flowDepth : indent + 2 }

    private mutating func writeScalar(_ token: YAMLToken) {
        let text = source[token.range]
        if token.kind != .plain, !text.contains("\n"), PlainText.canHold(token.text, isInFlow: flowDepth > 0, isKey: opensKey) {
            output += token.text.unicodeScalars
            return
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            // Spaces around a line break are not part of the text.
            var line = line
            if index > 0 { line = line.drop { $0 == " " || $0 == "\t" } }
            if line.endIndex < text.endIndex { line = Self.trimmed(line, escapes: token.kind == .doubleQuoted) }
            if index > 0 {
                output.append("\n")
                if !line.isEmpty { output += repeatElement(" ", count: continuation) }
            }
            output += line
        }
    }

    private static func trimmed(_ line: ArraySlice<Unicode.Scalar>, escapes: Bool) -> ArraySlice<Unicode.Scalar> {
        var line = line
        while let last = line.last, last == " " || last == "\t" {
            // `\ ` is a space that stays; a second backslash before it is a backslash.
            if escapes, line.dropLast().reversed().prefix(while: { $0 == "\\" }).count % 2 == 1 { break }
            line.removeLast()
        }
        return line
    }

    private mutating func writeBlock(_ token: YAMLToken) {
        var lines = source[token.range].split(separator: "\n", omittingEmptySubsequences: false)
        var header = Array(lines.removeFirst())
        let isEnded = lines.last?.isEmpty == true || lines.isEmpty
        if isEnded, !lines.isEmpty { lines.removeLast() }
        let code = header.prefix { $0 != " " && $0 != "\t" && $0 != "#" }
        let digit = code.compactMap { $0.properties.numericType == .decimal ? Int($0.value) - 0x30 : nil }.first
        let parent = levels.last?.column ?? 0
        let isBlank = { (line: ArraySlice<Unicode.Scalar>) in line.allSatisfy { $0 == " " } }
        let old =
            digit.map { $0 + (levels.isEmpty ? 0 : parent) }
            ?? lines.first { !isBlank($0) }.map { $0.prefix { $0 == " " }.count } ?? lines.map(\.count).max() ?? 0
        // At the top, too, libyaml wants a block indented.
        let new = digit.map { $0 + (levels.isEmpty ? 0 : indent) } ?? max(indent + 2, 2)

        // A text that the end of the file ends has no line end; with the file's last line end it would get one.
        if !isEnded, !lines.isEmpty, !code.contains("-") {
            header.removeAll { $0 == "+" }
            header.insert("-", at: 1)
        }
        if !code.contains("+") {
            while let last = lines.last, isBlank(last), last.count <= old {
                lines.removeLast()
                wantsBlank = true
            }
        }
        while let last = header.last, last == " " || last == "\t" { header.removeLast() }
        if let hash = header.firstIndex(of: "#") { comments.append(Self.string(header[hash...])) }
        output += header
        for line in lines {
            output.append("\n")
            if isBlank(line), line.count <= old { continue }
            output += repeatElement(" ", count: new)
            output += line.dropFirst(old)
        }
        output.append("\n")
        isAtLineStart = true
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
