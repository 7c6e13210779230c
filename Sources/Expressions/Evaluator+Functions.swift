import Values

extension Evaluator {
    @inline(never)
    mutating func call(_ id: SyntaxTree.ID, _ function: Function, _ children: SyntaxTree.Children) throws(Failure) -> CELValue {
        let arguments = try values(children)
        if arguments.contains(where: \.isUnknown) { return .unknown }
        switch function {
        case .size: return try size(id, arguments[0])
        case .int, .uint, .double, .string, .bool, .bytes, .timestamp, .duration: return try conversion(id, function, arguments[0])
        case .dyn: return arguments[0]
        case .type: return .type(arguments[0].type)
        case .getFullYear, .getMonth, .getDayOfMonth, .getDate, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes, .getSeconds,
            .getMilliseconds:
            return try timePart(id, function, arguments)
        default: return try text(id, function, arguments)
        }
    }

    func noOverload(_ id: SyntaxTree.ID, _ function: Function, _ arguments: [CELValue]) -> Failure {
        Failure(.noSuchOverload, id) { [tree] in
            let types = arguments.map(\.type.shortName)
            let place = tree.text(of: id)
            if function.globalArguments == nil, let receiver = arguments.first {
                let rest = types.dropFirst().joined(separator: ", ")
                let noun = receiver.type.withArticle
                return rest.isEmpty ? "\(function.rawValue)() does not apply to \(noun) in \(place)" : "\(function.rawValue)() on \(noun) does not take (\(rest)) in \(place)"
            }
            return "\(function.rawValue)() does not take (\(types.joined(separator: ", "))) in \(place)"
        }
    }

    func invalid(_ id: SyntaxTree.ID, _ message: @autoclosure @escaping @Sendable () -> String) -> Failure {
        Failure(.invalidArgument, id, message)
    }

    private mutating func size(_ id: SyntaxTree.ID, _ value: CELValue) throws(Failure) -> CELValue {
        switch value {
        case .string(let text):
            try charge(bytes: text.utf8.count, id)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let list): return .int(Int64(list.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw noOverload(id, .size, [value])
        }
    }

    // MARK: Conversions

    private mutating func conversion(_ id: SyntaxTree.ID, _ function: Function, _ value: CELValue) throws(Failure) -> CELValue {
        if case .string(let text) = value { try charge(bytes: text.utf8.count, id) }
        switch (function, value) {
        case (.int, .int), (.uint, .uint), (.double, .double), (.bool, .bool), (.string, .string), (.bytes, .bytes), (.timestamp, .timestamp),
            (.duration, .duration):
            return value
        case (.int, .uint(let number)): return .int(try whole(id, Int64(exactly: number), value, .int))
        // Open at both ends, as the range of CEL's conversion is: -2^63 itself may stand for a number beyond.
        case (.int, .double(let number)):
            let isIn = number > Double(Int64.min)
            return .int(try whole(id, isIn ? Int64(exactly: number.rounded(.towardZero)) : nil, value, .int))
        case (.int, .string(let text)): return .int(try parsed(id, Int64(text), text, "an int"))
        case (.int, .timestamp(let time)): return .int(time.seconds)
        case (.uint, .int(let number)): return .uint(try whole(id, UInt64(exactly: number), value, .uint))
        case (.uint, .double(let number)): return .uint(try whole(id, UInt64(exactly: number.rounded(.towardZero)), value, .uint))
        case (.uint, .string(let text)): return .uint(try parsed(id, UInt64(text), text, "a uint"))
        case (.double, .int(let number)): return .double(Double(number))
        case (.double, .uint(let number)): return .double(Double(number))
        case (.double, .wide(let digits)): return .double(Double(digits) ?? .infinity)
        case (.int, .wide(let digits)), (.uint, .wide(let digits)): throw tooWide(id, digits)
        case (.double, .string(let text)): return .double(try parsed(id, Double(text), text, "a double"))
        case (.bool, .string(let text)):
            switch text {
            case "true", "True", "TRUE", "t", "1": return .bool(true)
            case "false", "False", "FALSE", "f", "0": return .bool(false)
            default: throw invalid(id, "'\(text.prefix(40))' is no bool; it reads 'true' or 'false'")
            }
        case (.bytes, .string(let text)): return .bytes(Array(text.utf8))
        case (.string, .bytes(let bytes)):
            try charge(bytes: bytes.count, id)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw invalid(id, "the bytes are not UTF-8 text") }
            return .string(text)
        case (.string, _):
            guard let text = CELText.scalar(value) else {
                if case .null = value { throw Failure(.noSuchOverload, id) { "null has no form as text; test for it first: x != null" } }
                throw noOverload(id, function, [value])
            }
            return .string(text)
        case (.timestamp, .string(let text)):
            return .timestamp(try parsed(id, CELTimestamp(rfc3339: text), text, "an RFC 3339 time such as 2026-01-31T09:30:00Z"))
        case (.timestamp, .int(let seconds)):
            guard let time = CELTimestamp(checking: seconds) else { throw overflow(id, "\(seconds) seconds", .timestamp) }
            return .timestamp(time)
        case (.duration, .string(let text)):
            return .duration(nanoseconds: try parsed(id, CELTime.duration(text), text, "a duration such as 1h30m or 2.5s"))
        default: throw noOverload(id, function, [value])
        }
    }

    private func whole<I: FixedWidthInteger>(_ id: SyntaxTree.ID, _ number: I?, _ value: CELValue, _ type: CELType) throws(Failure) -> I {
        guard let number else { throw overflow(id, CELText.scalar(value) ?? "the number", type) }
        return number
    }

    private func parsed<T>(_ id: SyntaxTree.ID, _ result: T?, _ text: String, _ noun: String) throws(Failure) -> T {
        guard let result else { throw invalid(id, "'\(text.prefix(40))' is not \(noun)") }
        return result
    }

    // MARK: Time

    private mutating func timePart(_ id: SyntaxTree.ID, _ function: Function, _ arguments: [CELValue]) throws(Failure) -> CELValue {
        switch (arguments[0], arguments.dropFirst().first) {
        case (.timestamp(let time), nil): return .int(CELTime.part(function, of: time, offset: 0))
        case (.timestamp(let time), .string(let zone)):
            try charge(bytes: zone.utf8.count, id)
            guard let offset = CELTime.offset(zone) ?? TimeZone.named(zone)?.offset(at: time.seconds) else {
                throw invalid(id, "'\(zone.prefix(40))' is no time zone that is known here; write one as 'Europe/Zurich', '+02:00' or 'UTC'")
            }
            return .int(CELTime.part(function, of: time, offset: offset))
        case (.duration(let nanoseconds), nil):
            guard let part = CELTime.part(function, ofDuration: nanoseconds) else { throw noOverload(id, function, arguments) }
            return .int(part)
        default: throw noOverload(id, function, arguments)
        }
    }
}
