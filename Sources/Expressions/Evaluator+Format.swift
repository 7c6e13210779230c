#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `text.format([…])` with `%s %d %f %e %b %o %x %X %%` and a precision for `%f` and `%e`.
extension Evaluator {
    mutating func formatted(_ id: SyntaxTree.ID, _ format: [UInt8], _ arguments: CELList) throws(Failure) -> String {
        var result: [UInt8] = []
        var index = 0
        var used = 0
        while index < format.count {
            guard format[index] == UInt8(ascii: "%") else {
                result.append(format[index])
                index += 1
                continue
            }
            index += 1
            var precision: Int?
            if index < format.count, format[index] == UInt8(ascii: ".") {
                index += 1
                let digits = format[index...].prefix { $0.isDigit }
                index += digits.count
                guard let value = Int(String(decoding: digits, as: UTF8.self)), value <= 100 else {
                    throw invalid(id, "the precision in format() is a number up to 100, as in %.2f")
                }
                precision = value
            }
            guard index < format.count else { throw invalid(id, "format() ends with '%'; a literal one is written %%") }
            let verb = format[index]
            index += 1
            if verb == UInt8(ascii: "%"), precision == nil {
                result.append(verb)
                continue
            }
            let name = Character(Unicode.Scalar(verb))
            guard "sdfeboxX".utf8.contains(verb), precision == nil || "fe".utf8.contains(verb) else {
                throw invalid(id, "format() knows %s %d %f %e %b %o %x %X and %%, not '%\(name)'")
            }
            guard used < arguments.count else { throw invalid(id, "format() has \(arguments.count) values, but its text asks for more") }
            let argument = arguments[used]
            used += 1
            let start = result.count
            if verb == UInt8(ascii: "s") {
                try write(id, argument, into: &result)
            } else {
                guard let text = Self.number(argument, verb, precision) else {
                    throw Failure(.noSuchOverload, id) { "%\(name) in format() does not take \(argument.type.withArticle)" }
                }
                result.append(contentsOf: text.utf8)
            }
            try charge(1 + (result.count - start) / 32, id)
        }
        let taken = used
        guard taken == arguments.count else { throw invalid(id, "format() has \(arguments.count) values, but its text uses \(taken)") }
        return String(decoding: result, as: UTF8.self)
    }

    /// `%s`: lists as `[a, b]`, maps as `{k: v}` in order of their keys' text.
    private mutating func write(_ id: SyntaxTree.ID, _ value: CELValue, into output: inout [UInt8]) throws(Failure) {
        try charge(1, id)
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bytes(let bytes): output.append(contentsOf: bytes)
        case .list(let list):
            output.append(UInt8(ascii: "["))
            for (index, element) in list.enumerated() {
                if index > 0 { output.append(contentsOf: ", ".utf8) }
                try write(id, element, into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .map(let map):
            output.append(UInt8(ascii: "{"))
            let keys = map.keys.map { (text: CELText.scalar($0)!, key: $0) }.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
            for (index, key) in keys.enumerated() {
                if index > 0 { output.append(contentsOf: ", ".utf8) }
                output.append(contentsOf: key.text.utf8)
                output.append(contentsOf: ": ".utf8)
                try write(id, map[key.key]!, into: &output)
            }
            output.append(UInt8(ascii: "}"))
        default:
            guard let text = CELText.scalar(value) else { throw invalid(id, "format() met a value that is not known yet") }
            output.append(contentsOf: text.utf8)
        }
    }

    private static func number(_ value: CELValue, _ verb: UInt8, _ precision: Int?) -> String? {
        func radix(_ radix: Int, uppercase: Bool = false) -> String? {
            switch value {
            case .int(let value): String(value, radix: radix, uppercase: uppercase)
            case .uint(let value): String(value, radix: radix, uppercase: uppercase)
            default: nil
            }
        }
        func hexadecimal(_ bytes: some Sequence<UInt8>, uppercase: Bool) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: uppercase) }.joined()
        }
        switch (verb, value) {
        case (UInt8(ascii: "d"), .double(let value)): return value.isFinite ? nil : CELText.double(value)
        case (UInt8(ascii: "d"), _): return radix(10)
        case (UInt8(ascii: "b"), .bool(let value)): return value ? "1" : "0"
        case (UInt8(ascii: "b"), _): return radix(2)
        case (UInt8(ascii: "o"), _): return radix(8)
        case (UInt8(ascii: "x"), .string(let text)), (UInt8(ascii: "X"), .string(let text)):
            return hexadecimal(text.utf8, uppercase: verb == UInt8(ascii: "X"))
        case (UInt8(ascii: "x"), .bytes(let bytes)), (UInt8(ascii: "X"), .bytes(let bytes)):
            return hexadecimal(bytes, uppercase: verb == UInt8(ascii: "X"))
        case (UInt8(ascii: "x"), _), (UInt8(ascii: "X"), _): return radix(16, uppercase: verb == UInt8(ascii: "X"))
        case (UInt8(ascii: "f"), _), (UInt8(ascii: "e"), _):
            let number: Double
            switch value {
            case .double(let value): number = value
            case .int(let value): number = Double(value)
            case .uint(let value): number = Double(value)
            default: return nil
            }
            guard number.isFinite else { return CELText.double(number) }
            // 309 digits before the point, 100 behind it, and a sign.
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                let count = withVaList([Int32(precision ?? 6), number]) {
                    vsnprintf(buffer.baseAddress!, buffer.count, verb == UInt8(ascii: "f") ? "%.*f" : "%.*e", $0)
                }
                return String(decoding: buffer.prefix(Int(count)).lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        default: return nil
        }
    }
}
