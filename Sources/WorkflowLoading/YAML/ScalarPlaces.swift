import Glibc
import Values

/// Reads what a scalar says again, in the bytes of its file, and remembers where each of its bytes stands: libyaml has the text and the two
/// ends only.
///
/// The reading is libyaml's own (0.2.5, `scanner.c`), style by style. The two texts are compared: should they ever differ, nothing is
/// known but the place of the whole.
struct ScalarPlaces {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// What libyaml made of it.
    private let text: [UInt8]
    /// How much of that was read.
    private var offset = 0
    private var isAnother = false
    private var turns: [PlacedText.Turn] = []
    /// Where the next byte stands if the text goes on as the file does; `nil` behind a unit.
    private var expected: Int?

    /// - Parameters:
    ///   - content: from the first byte of the scalar, its quote or the sign of its block, to the one behind it.
    ///   - text: what libyaml made of it.
    static func placed(_ text: String, _ style: YAMLScalar.Style, in source: SourceBytes, at content: Range<Int>) -> PlacedText {
        let reader = ScalarPlaces(source.bytes, content, Array(text.utf8))
        func turns(_ read: (inout ScalarPlaces) -> Void) -> [PlacedText.Turn]? {
            var places = reader
            read(&places)
            guard !places.isAnother, places.offset == places.text.count else { return nil }
            // What follows the last byte stands behind it.
            places.turns.append(.init(offset: places.offset, place: places.position))
            return places.turns
        }
        let found: [PlacedText.Turn]? =
            switch style {
            case .plain: turns { $0.plain() }
            case .singleQuoted: turns { $0.quoted(isDouble: false) }
            case .doubleQuoted: turns { $0.quoted(isDouble: true) }
            case .literal, .folded:
                // The parent's indentation, from which an indicator counts, is not known here: the text tells which it was.
                reader.indentations.lazy.compactMap { indentation in
                    turns { $0.block(isFolded: style == .folded, indentation: indentation) }
                }.first
            }
        return found.map { PlacedText(text, in: source, turns: $0) } ?? PlacedText(text, in: source, wholeAt: content)
    }

    private init(_ bytes: [UInt8], _ content: Range<Int>, _ text: [UInt8]) {
        self.bytes = bytes
        self.text = text
        position = content.lowerBound
        end = min(content.upperBound, bytes.count)
    }

    // MARK: What is put

    /// The bytes of the file up to one of them.
    private mutating func copy(upTo stop: Int) {
        let count = stop - position
        guard count > 0 else { return }
        if expected != position { turns.append(.init(offset: offset, place: position)) }
        let isSame =
            offset + count <= text.count
            && bytes.withUnsafeBufferPointer { bytes in
                text.withUnsafeBufferPointer { memcmp(bytes.baseAddress! + position, $0.baseAddress! + offset, count) == 0 }
            }
        if !isSame { isAnother = true }
        offset += count
        position = stop
        expected = stop
    }

    /// What stands in the file as something else.
    private mutating func put(_ unit: [UInt8], for place: Range<Int>) {
        turns.append(.init(offset: offset, place: place.lowerBound, length: place.count))
        if offset + unit.count > text.count || !text[offset..<offset + unit.count].elementsEqual(unit) { isAnother = true }
        offset += unit.count
        expected = nil
    }

    /// Where a stretch ends that the text has as it is: at one of these bytes, or at a blank that is not between two others.
    ///
    /// - Parameter stops: by byte, with those that may begin a line end.
    private func stretch(_ stops: [Bool]) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            stops.withUnsafeBufferPointer { stops in
                var index = position
                while index < end {
                    if stops[Int(bytes[index])] {
                        guard bytes[index] == 0x20, index + 1 < end, !Self.spaces[Int(bytes[index + 1])] else { return index }
                    }
                    index += 1
                }
                return index
            }
        }
    }

    private static func table(_ bytes: [UInt8]) -> [Bool] {
        var table = [Bool](repeating: false, count: 256)
        for byte in bytes { table[Int(byte)] = true }
        return table
    }

    /// U+0085 begins with 0xC2, U+2028 and U+2029 with 0xE2.
    private static let lineEnds = table([0x0A, 0x0D, 0xC2, 0xE2])
    private static let spaces = table([0x20, 0x09, 0x0A, 0x0D, 0xC2, 0xE2])
    private static let spacesAndQuotes = table([0x20, 0x09, 0x0A, 0x0D, 0xC2, 0xE2, UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\")])

    /// A line end of the file, of which some become nothing.
    private struct Break {
        let place: Range<Int>
        let unit: [UInt8]
    }

    private mutating func put(_ lineEnd: Break) { put(lineEnd.unit, for: lineEnd.place) }

    // MARK: What is seen

    private func at(_ offset: Int) -> UInt8 { position + offset < end ? bytes[position + offset] : 0 }
    private var isEnd: Bool { position >= end }
    private var isBlank: Bool { !isEnd && (bytes[position] == 0x20 || bytes[position] == 0x09) }

    /// How many bytes the line end here has. libyaml ends lines also at U+0085, U+2028 and U+2029.
    private var breakLength: Int {
        guard !isEnd else { return 0 }
        switch bytes[position] {
        case 0x0D: return at(1) == 0x0A ? 2 : 1
        case 0x0A: return 1
        case 0xC2: return at(1) == 0x85 ? 2 : 0
        case 0xE2: return at(1) == 0x80 && (at(2) == 0xA8 || at(2) == 0xA9) ? 3 : 0
        default: return 0
        }
    }

    /// Where the line may end.
    private var lineEnd: Int {
        bytes.withUnsafeBufferPointer { bytes in
            var index = position
            while index < end, !Self.lineEnds[Int(bytes[index])] { index += 1 }
            return index
        }
    }

    private mutating func takeBreak() -> Break {
        let start = position
        position += breakLength
        return Break(place: start..<position, unit: bytes[start] == 0xE2 ? Array(bytes[start..<position]) : [0x0A])
    }

    // MARK: Plain and quoted

    private mutating func plain() {
        while !isEnd {
            copy(upTo: stretch(Self.spaces))
            // It may only look like the beginning of a line end.
            while !isEnd, !isBlank, breakLength == 0 { copy(upTo: position + 1) }
            space(isFolding: false)
        }
    }

    private mutating func quoted(isDouble: Bool) {
        let quote = UInt8(ascii: isDouble ? "\"" : "'")
        position += 1
        while !isEnd {
            var isContinued = false
            copy(upTo: stretch(Self.spacesAndQuotes))
            while !isEnd, !isBlank, breakLength == 0 {
                if bytes[position] == quote {
                    if isDouble || at(1) != quote { return }
                    put([quote], for: position..<position + 2)
                    position += 2
                } else if isDouble, bytes[position] == UInt8(ascii: "\\") {
                    let start = position
                    position += 1
                    if breakLength > 0 {
                        _ = takeBreak()
                        isContinued = true
                        break
                    }
                    guard let unit = escape() else { return }
                    put(unit, for: start..<position)
                } else {
                    copy(upTo: position + 1)
                    copy(upTo: stretch(Self.spacesAndQuotes))
                }
            }
            space(isFolding: isContinued)
        }
    }

    /// Blanks within a line stay; line ends fold, and take the blanks around them.
    ///
    /// - Parameter isFolding: whether a line end was left out already.
    private mutating func space(isFolding: Bool) {
        let start = position
        var isFolding = isFolding
        var first: Break?
        var others: [Break] = []
        while isBlank || breakLength > 0 {
            if breakLength == 0 {
                position += 1
            } else if isFolding {
                others.append(takeBreak())
            } else {
                first = takeBreak()
                isFolding = true
            }
        }
        guard isFolding else {
            let behind = position
            position = start
            copy(upTo: behind)
            return
        }
        if let first, first.unit == [0x0A] {
            if others.isEmpty { put([0x20], for: start..<max(first.place.upperBound, start + 1)) }
        } else if let first {
            put(first)
        }
        for lineEnd in others { put(lineEnd) }
    }

    /// What stands behind a backslash; `nil` where YAML has no such escape.
    private mutating func escape() -> [UInt8]? {
        let sign = at(0)
        position += 1
        func hexadecimal(_ count: Int) -> UInt32? {
            guard position + count <= end else { return nil }
            return UInt32(String(decoding: bytes[position..<position + count], as: UTF8.self), radix: 16)
        }
        switch sign {
        case UInt8(ascii: "0"): return [0]
        case UInt8(ascii: "a"): return [7]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "t"), 0x09: return [9]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "v"): return [11]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "e"): return [27]
        case UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "'"): return [sign]
        case UInt8(ascii: "N"): return [0xC2, 0x85]
        case UInt8(ascii: "_"): return [0xC2, 0xA0]
        case UInt8(ascii: "L"): return [0xE2, 0x80, 0xA8]
        case UInt8(ascii: "P"): return [0xE2, 0x80, 0xA9]
        case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = sign == UInt8(ascii: "x") ? 2 : sign == UInt8(ascii: "u") ? 4 : 8
            guard var value = hexadecimal(count) else { return nil }
            position += count
            // JSON, which is read here for its places too, writes what lies beyond 16 bits in two of them.
            if 0xD800...0xDBFF ~= value, at(0) == UInt8(ascii: "\\"), at(1) == UInt8(ascii: "u") {
                position += 2
                guard let low = hexadecimal(4), 0xDC00...0xDFFF ~= low else {
                    position -= 2
                    return Array("\u{FFFD}".utf8)
                }
                position += 4
                value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
            }
            return Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
        default: return nil
        }
    }

    // MARK: Blocks

    /// The indentations that a block may have: that of its first line with content, or fewer where an indicator says so.
    private var indentations: [Int] {
        var reader = self
        let header = reader.header()
        var most = 0
        while !reader.isEnd {
            var spaces = 0
            while reader.at(0) == 0x20, !reader.isEnd { (spaces, reader.position) = (spaces + 1, reader.position + 1) }
            most = max(most, spaces)
            if reader.breakLength == 0 {
                if !reader.isEnd { return header.indicator == nil ? [spaces] : (1...max(spaces, 1)).reversed() }
                break
            }
            _ = reader.takeBreak()
        }
        return header.indicator == nil ? [max(most, 1)] : (1...max(most, 9)).reversed()
    }

    private struct Header {
        var indicator: UInt8?
        var chomping: UInt8?
    }

    /// Goes past `|2-  # why` and the end of its line.
    private mutating func header() -> Header {
        var header = Header()
        position += 1
        while !isEnd, breakLength == 0 {
            let byte = bytes[position]
            if isBlank || byte == UInt8(ascii: "#") { break }
            if byte &- 0x30 < 10 { header.indicator = byte } else { header.chomping = byte }
            position += 1
        }
        while !isEnd, breakLength == 0 { position += 1 }
        if breakLength > 0 { _ = takeBreak() }
        return header
    }

    private mutating func block(isFolded: Bool, indentation: Int) {
        let header = header()
        var first: Break?
        var others: [Break] = []
        var column = indent(indentation, &others)
        var wasBlank = false
        while column == indentation, !isEnd {
            let isBlankNow = isBlank
            if isFolded, let lineEnd = first, lineEnd.unit == [0x0A], !wasBlank, !isBlankNow {
                if others.isEmpty { put([0x20], for: lineEnd.place) }
            } else if let lineEnd = first {
                put(lineEnd)
            }
            first = nil
            for lineEnd in others { put(lineEnd) }
            others = []
            wasBlank = isBlankNow
            while !isEnd, breakLength == 0 { copy(upTo: max(position + 1, lineEnd)) }
            if breakLength > 0 { first = takeBreak() }
            let behind = position
            column = indent(indentation, &others)
            if column < indentation || isEnd { position = others.last?.place.upperBound ?? behind }
        }
        if header.chomping != UInt8(ascii: "-"), let first { put(first) }
        if header.chomping == UInt8(ascii: "+") { for lineEnd in others { put(lineEnd) } }
    }

    /// Goes past the indentation, and past lines that have nothing else.
    ///
    /// - Returns: how far the line with content is indented, up to the block's own.
    private mutating func indent(_ indentation: Int, _ breaks: inout [Break]) -> Int {
        while true {
            var column = 0
            while column < indentation, !isEnd, bytes[position] == 0x20 { (column, position) = (column + 1, position + 1) }
            if breakLength == 0 { return column }
            breaks.append(takeBreak())
        }
    }
}
