#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Texts as the bytes that they are: what Swift does by `Character`, or up to canonical equivalence, is done by UTF-8 here.
extension String {
    /// Whether both are the same bytes. `==` also holds for two spellings of one character.
    @inlinable
    public func hasSameBytes(as other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        let fast = utf8.withContiguousStorageIfAvailable { a in
            other.utf8.withContiguousStorageIfAvailable { b in count == 0 || memcmp(a.baseAddress!, b.baseAddress!, count) == 0 }
        }
        if let fast, let fast { return fast }
        return utf8.elementsEqual(other.utf8)
    }

    /// Feeds its bytes to a hash, so that no text is the beginning of another.
    @inlinable
    public func hashBytes(into hasher: inout Hasher) {
        let isHashed: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if isHashed == nil { for byte in utf8 { hasher.combine(byte) } }
        // No text is the beginning of another one's bytes.
        hasher.combine(0xFF as UInt8)
    }

    /// Whether it begins with these bytes. `hasPrefix` asks for whole characters: a combining mark behind them hides them.
    @inlinable
    public func startsWithBytes(of prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether these bytes stand in it. `contains` asks for whole characters: a combining mark behind them hides them.
    public func containsBytes(of part: String) -> Bool {
        var (text, part) = (self, part)
        return text.withUTF8 { text in
            part.withUTF8 { part in
                guard let first = part.first else { return true }
                var start = 0
                while start + part.count <= text.count, let found = memchr(text.baseAddress! + start, Int32(first), text.count - start) {
                    let place = UnsafeRawPointer(found) - UnsafeRawPointer(text.baseAddress!)
                    if place + part.count <= text.count, memcmp(found, part.baseAddress!, part.count) == 0 { return true }
                    start = place + 1
                }
                return false
            }
        }
    }

    /// The text with other bytes in the place of these, wherever they stand. `replacing` looks for whole characters, and leaves a quote
    /// alone that a combining mark follows.
    public func replacingBytes(of part: String, with other: String) -> String {
        let (part, other) = (Array(part.utf8), other.utf8)
        guard let first = part.first, utf8.contains(first) else { return self }
        var result: [UInt8] = []
        var rest = Array(utf8)[...]
        while let place = rest.firstIndex(of: first) {
            result += rest[..<place]
            let isThere = rest[place...].starts(with: part)
            if isThere { result += other } else { result.append(first) }
            rest = rest[(place + (isThere ? part.count : 1))...]
        }
        return String(decoding: result + rest, as: UTF8.self)
    }

    /// The text behind a byte order mark (U+FEFF) at its very beginning, which is skipped once.
    public var withoutByteOrderMark: String {
        utf8.starts(with: ByteOrderMark.bytes) ? String(Substring(utf8.dropFirst(ByteOrderMark.bytes.count))) : self
    }

    /// Its lines, each without its end, which is `\n` or `\r\n`; what stands behind the last end is one more unless it is empty.
    public var lines: [Substring] {
        var lines: [Substring] = []
        var start = utf8.startIndex
        while start < utf8.endIndex {
            let end = utf8[start...].firstIndex(of: 0x0A) ?? utf8.endIndex
            var last = end
            if end < utf8.endIndex, end > start, case let before = utf8.index(before: end), utf8[before] == 0x0D { last = before }
            lines.append(self[start..<last])
            start = end < utf8.endIndex ? utf8.index(after: end) : end
        }
        return lines
    }

    /// The text without the line end at its end, if it has one.
    public var withoutLastLineEnd: String {
        guard utf8.last == 0x0A else { return self }
        return String(Substring(utf8.dropLast(utf8.dropLast().last == 0x0D ? 2 : 1)))
    }
}

extension StringProtocol {
    /// What stands before and behind the first of a byte: `name=value`, whatever comes behind the sign.
    public func cut(at mark: UInt8) -> (before: String, behind: String)? {
        guard let place = utf8.firstIndex(of: mark) else { return nil }
        return (String(self[..<place]), String(self[utf8.index(after: place)...]))
    }
}

extension String {
    /// What stands before and behind the last of a byte.
    public func cut(atLast mark: UInt8) -> (before: String, behind: String)? {
        guard let place = utf8.lastIndex(of: mark) else { return nil }
        return (String(self[..<place]), String(self[utf8.index(after: place)...]))
    }

    /// Whether it ends with these bytes.
    public func endsWithBytes(of suffix: String) -> Bool { utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

    /// The path of the folder of a path's last part, with its slash; empty where there is none.
    public var folderWithSlash: String { cut(atLast: UInt8(ascii: "/")).map { $0.before + "/" } ?? "" }

    /// The last part of a path.
    public var lastPathPart: String { cut(atLast: UInt8(ascii: "/"))?.behind ?? self }

    /// The parts between two of a byte.
    public func parts(at mark: UInt8, omittingEmptyParts: Bool = true) -> [Substring] {
        utf8.split(separator: mark, omittingEmptySubsequences: omittingEmptyParts).map { Substring($0) }
    }
}

extension Substring {
    public func parts(at mark: UInt8, omittingEmptyParts: Bool = true) -> [Substring] {
        utf8.split(separator: mark, omittingEmptySubsequences: omittingEmptyParts).map { Substring($0) }
    }

    /// Whether it is nothing but spaces, tabs and line ends.
    public var isBlank: Bool { utf8.allSatisfy { $0 == 0x20 || 0x09...0x0D ~= $0 } }
}

extension [String] {
    /// Whether both are the same texts, byte by byte, in the same order.
    @inlinable
    public func hasSameBytes(as other: [String]) -> Bool {
        guard count == other.count else { return false }
        for index in indices where !self[index].hasSameBytes(as: other[index]) { return false }
        return true
    }
}

/// U+FEFF in UTF-8, which some editors and programs write before a text.
public enum ByteOrderMark {
    public static let bytes: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How many bytes of it a text begins with: all or none.
    public static func count(in bytes: some Collection<UInt8>) -> Int { bytes.starts(with: Self.bytes) ? Self.bytes.count : 0 }
}
