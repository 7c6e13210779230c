import Values

/// The functions on text. Positions are code points, as in all of CEL; the work is on UTF-8.
extension Evaluator {
    @inline(never)
    mutating func text(_ id: SyntaxTree.ID, _ function: Function, _ arguments: [CELValue]) throws(Failure) -> CELValue {
        for case .string(let text) in arguments { try charge(bytes: text.utf8.count, id) }
        let second = arguments.count > 1 ? arguments[1] : nil
        let third = arguments.count > 2 ? arguments[2] : nil
        if function == .join { return try joined(id, arguments) }
        guard case .string(let text) = arguments[0] else { throw noOverload(id, function, arguments) }
        let bytes = Array(text.utf8)
        switch (function, second, third) {
        case (.contains, .string(let part), nil): return .bool(TextSearch.first(Array(part.utf8), in: bytes, from: 0) != nil)
        case (.startsWith, .string(let part), nil): return .bool(bytes.starts(with: part.utf8))
        case (.endsWith, .string(let part), nil): return .bool(bytes.reversed().starts(with: part.utf8.reversed()))
        case (.matches, .string(let source), nil): return .bool(try matches(id, bytes, source))
        case (.lowerAscii, nil, nil): return .string(String(decoding: bytes.map { $0 &- 0x41 < 26 ? $0 + 32 : $0 }, as: UTF8.self))
        case (.upperAscii, nil, nil): return .string(String(decoding: bytes.map { $0 &- 0x61 < 26 ? $0 - 32 : $0 }, as: UTF8.self))
        case (.trim, nil, nil):
            let scalars = text.unicodeScalars
            guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
                let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
            else { return .string("") }
            return .string(String(scalars[first...last]))
        case (.reverse, nil, nil):
            var reversed = String.UnicodeScalarView()
            reversed.append(contentsOf: text.unicodeScalars.reversed())
            return .string(String(reversed))
        case (.quote, nil, nil): return .string(CELText.quoted(text))
        case (.charAt, .int(let position), nil):
            let start = try offset(id, bytes, position)
            guard start < bytes.count else { return .string("") }
            return .string(String(decoding: bytes[start..<TextSearch.next(bytes, after: start)], as: UTF8.self))
        case (.substring, .int(let start), nil):
            return .string(String(decoding: bytes[try offset(id, bytes, start)...], as: UTF8.self))
        case (.substring, .int(let start), .int(let end)):
            let from = try offset(id, bytes, start)
            let to = try offset(id, bytes, end)
            guard from <= to else { throw Failure(.indexOutOfRange, id) { "substring() from \(start) to \(end) runs backwards" } }
            return .string(String(decoding: bytes[from..<to], as: UTF8.self))
        case (.indexOf, .string(let part), nil):
            return position(in: bytes, of: TextSearch.first(Array(part.utf8), in: bytes, from: 0))
        case (.indexOf, .string(let part), .int(let start)):
            return position(in: bytes, of: TextSearch.first(Array(part.utf8), in: bytes, from: try offset(id, bytes, start)))
        case (.lastIndexOf, .string(let part), nil):
            return position(in: bytes, of: TextSearch.last(Array(part.utf8), in: bytes, notAfter: bytes.count))
        case (.lastIndexOf, .string(let part), .int(let start)):
            return position(in: bytes, of: TextSearch.last(Array(part.utf8), in: bytes, notAfter: try offset(id, bytes, start)))
        case (.replace, .string(let old), .string(let new)):
            let limit: Int64
            switch arguments.count > 3 ? arguments[3] : .int(-1) {
            case .int(let value): limit = value
            default: throw noOverload(id, function, arguments)
            }
            return .string(try replaced(id, bytes, Array(old.utf8), Array(new.utf8), limit))
        case (.split, .string(let separator), nil): return try split(id, bytes, Array(separator.utf8), -1)
        case (.split, .string(let separator), .int(let limit)): return try split(id, bytes, Array(separator.utf8), limit)
        case (.format, .list(let values), nil): return .string(try formatted(id, bytes, values))
        default: throw noOverload(id, function, arguments)
        }
    }

    private mutating func matches(_ id: SyntaxTree.ID, _ bytes: [UInt8], _ source: String) throws(Failure) -> Bool {
        let pattern: Pattern
        if let ready = tree.patterns[id] {
            pattern = ready
        } else {
            do throws(Pattern.Fault) {
                pattern = try Pattern(source)
            } catch {
                throw invalid(id, "'\(source.prefix(40))' is not a regular expression: \(error.message)")
            }
            try charge(pattern.size, id)
        }
        guard let answer = pattern.matches(bytes, fuel: &fuel) else { throw outOfFuel(id) }
        return answer
    }

    // MARK: Positions

    /// The byte where the code point at `position` starts; the end of the text counts.
    private func offset(_ id: SyntaxTree.ID, _ bytes: [UInt8], _ position: Int64) throws(Failure) -> Int {
        if position >= 0, position <= bytes.count {
            var left = position
            var index = 0
            while left > 0, index < bytes.count {
                index = TextSearch.next(bytes, after: index)
                left -= 1
            }
            if left == 0 { return index }
        }
        throw Failure(.indexOutOfRange, id) { [tree] in "index \(position) is outside the text in \(tree.text(of: id))" }
    }

    private func position(in bytes: [UInt8], of offset: Int?) -> CELValue {
        guard let offset else { return .int(-1) }
        return .int(bytes[..<offset].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 })
    }

    // MARK: Lists of text

    private mutating func joined(_ id: SyntaxTree.ID, _ arguments: [CELValue]) throws(Failure) -> CELValue {
        guard case .list(let list) = arguments[0] else { throw noOverload(id, .join, arguments) }
        var separator = ""
        if arguments.count > 1 {
            guard case .string(let text) = arguments[1] else { throw noOverload(id, .join, arguments) }
            separator = text
        }
        var text = ""
        for (index, element) in list.enumerated() {
            if element.isUnknown { return .unknown }
            guard case .string(let part) = element else {
                throw Failure(.noSuchOverload, id) {
                    "join() takes a list of strings, but element \(index) is \(element.type.withArticle); map it first: list.map(x, string(x))"
                }
            }
            try charge(1 + (part.utf8.count + separator.utf8.count) / 32, id)
            if index > 0 { text += separator }
            text += part
        }
        return .string(text)
    }

    private mutating func replaced(_ id: SyntaxTree.ID, _ bytes: [UInt8], _ old: [UInt8], _ new: [UInt8], _ limit: Int64) throws(Failure) -> String {
        var result: [UInt8] = []
        var position = 0
        var left = limit < 0 ? Int64.max : limit
        while left > 0 {
            try charge(1 + new.count / 32, id)
            if old.isEmpty {
                // Before every code point and at the end.
                result.append(contentsOf: new)
                guard position < bytes.count else { break }
                let next = TextSearch.next(bytes, after: position)
                result.append(contentsOf: bytes[position..<next])
                position = next
            } else {
                guard let found = TextSearch.first(old, in: bytes, from: position) else { break }
                result.append(contentsOf: bytes[position..<found])
                result.append(contentsOf: new)
                position = found + old.count
            }
            left -= 1
        }
        result.append(contentsOf: bytes[position...])
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func split(_ id: SyntaxTree.ID, _ bytes: [UInt8], _ separator: [UInt8], _ limit: Int64) throws(Failure) -> CELValue {
        if limit == 0 { return .list(CELList([CELValue]())) }
        var parts: [CELValue] = []
        var position = 0
        if separator.isEmpty, bytes.isEmpty { return .list(CELList(parts)) }
        while limit < 0 || parts.count < Int(limit) - 1 {
            try charge(1, id)
            let end: Int
            if separator.isEmpty {
                end = TextSearch.next(bytes, after: position)
                if end >= bytes.count { break }
            } else {
                guard let found = TextSearch.first(separator, in: bytes, from: position) else { break }
                end = found
            }
            parts.append(.string(String(decoding: bytes[position..<end], as: UTF8.self)))
            position = end + separator.count
        }
        parts.append(.string(String(decoding: bytes[position...], as: UTF8.self)))
        return .list(CELList(parts))
    }
}
