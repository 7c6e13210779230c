/// Search in UTF-8 bytes.
enum TextSearch {
    /// Where `part` first stands at or after `start`. Linear in any case (Knuth, Morris, Pratt), since either may come from a document.
    static func first(_ part: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        if part.isEmpty { return start }
        guard start + part.count <= bytes.count else { return nil }
        if part.count == 1 { return bytes[start...].firstIndex(of: part[0]) }
        // How much of the part still matches when the next byte does not.
        var fallback = [Int](repeating: 0, count: part.count)
        var matched = 0
        for index in 1..<part.count {
            while matched > 0, part[index] != part[matched] { matched = fallback[matched - 1] }
            if part[index] == part[matched] { matched += 1 }
            fallback[index] = matched
        }
        matched = 0
        for index in start..<bytes.count {
            while matched > 0, bytes[index] != part[matched] { matched = fallback[matched - 1] }
            if bytes[index] == part[matched] { matched += 1 }
            if matched == part.count { return index + 1 - matched }
        }
        return nil
    }

    /// Where `part` last stands at or before `limit`.
    static func last(_ part: [UInt8], in bytes: [UInt8], notAfter limit: Int) -> Int? {
        let end = min(limit + part.count, bytes.count)
        guard end >= part.count else { return nil }
        return first(part.reversed(), in: bytes[..<end].reversed(), from: 0).map { end - part.count - $0 }
    }

    /// The byte after the code point that starts at `offset`.
    static func next(_ bytes: [UInt8], after offset: Int) -> Int {
        var next = offset + 1
        while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
