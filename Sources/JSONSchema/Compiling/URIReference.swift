import Values

/// A URI reference, taken apart and resolved as RFC 3986 section 5 has it.
struct URIReference {
    var scheme: String?
    var authority: String?
    var path: String
    var query: String?
    var fragment: String?

    init(_ text: String) {
        // By bytes: a sign before a combining mark is a sign.
        var rest = text
        if let (before, behind) = rest.cut(at: UInt8(ascii: "#")) { (rest, fragment) = (before, Self.percentDecoded(behind[...])) }
        if let (before, behind) = rest.cut(at: UInt8(ascii: "?")) { (rest, query) = (before, behind) }
        if let (name, behind) = rest.cut(at: UInt8(ascii: ":")), let first = name.utf8.first, first | 0x20 &- 0x61 < 26,
            name.utf8.allSatisfy({ $0 | 0x20 &- 0x61 < 26 || $0 &- 0x30 < 10 || "+-.".utf8.contains($0) })
        {
            (scheme, rest) = (name.lowercased(), behind)
        }
        if rest.startsWithBytes(of: "//") {
            let behind = Substring(rest.utf8.dropFirst(2))
            let end = behind.utf8.firstIndex(of: UInt8(ascii: "/")) ?? behind.endIndex
            (authority, rest) = (String(behind[..<end]), String(behind[end...]))
        }
        path = rest
    }

    /// Without the fragment: the name of a resource.
    var resource: String {
        (scheme.map { $0 + ":" } ?? "") + (authority.map { "//" + $0 } ?? "") + path + (query.map { "?" + $0 } ?? "")
    }

    func resolved(against base: URIReference) -> URIReference {
        var result = self
        if scheme != nil {
            result.path = Self.withoutDots(path)
            return result
        }
        result.scheme = base.scheme
        if authority != nil { return result }
        result.authority = base.authority
        if path.isEmpty {
            result.path = base.path
            result.query = query ?? base.query
        } else if path.startsWithBytes(of: "/") {
            result.path = Self.withoutDots(path)
        } else if base.authority != nil, base.path.isEmpty {
            result.path = Self.withoutDots("/" + path)
        } else {
            result.path = Self.withoutDots(base.path.folderWithSlash + path)
        }
        return result
    }

    private static func withoutDots(_ path: String) -> String {
        guard path.utf8.contains(UInt8(ascii: ".")), path.utf8.contains(UInt8(ascii: "/")) else { return path }
        var kept: [Substring] = []
        let segments = path.parts(at: UInt8(ascii: "/"), omittingEmptyParts: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                if kept.count > 1 || (kept.first.map { !$0.isEmpty } ?? false) { kept.removeLast() }
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return kept.joined(separator: "/")
    }

    private static func percentDecoded(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
