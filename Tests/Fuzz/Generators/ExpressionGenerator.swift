/// Makes CEL expressions that mostly fit their types: all operators, macros and functions.
struct ExpressionGenerator: Sendable {
    enum Kind: CaseIterable { case bool, int, double, string, list, map, time, bytes }

    /// What can be read, by what it holds.
    var names: [(path: String, kind: Kind)] = []
    private var variables = 0

    init(names: [(path: String, kind: Kind)]) { self.names = names }

    /// The names of `ExpressionTarget.bindings`.
    static let world = ExpressionGenerator(names: [
        ("inputs.n", .int), ("inputs.x", .double), ("inputs.name", .string), ("inputs.tags", .list), ("inputs", .map), ("inputs.none", .string), ("inputs.flag", .bool),
        ("inputs.people[0]", .map), ("inputs.people.map(p, p.name)", .list), ("steps.a.output", .map), ("steps.a.output.category", .string), ("steps.a.output.docs", .list),
        ("steps.missing.output", .string), ("inputs.nothing", .int), ("unknown", .bool), ("unknown.field", .string), ("run.started_at", .string), ("index", .int), ("item", .string),
    ])

    mutating func expression(_ kind: Kind, _ random: inout FuzzRandom, depth: Int = 4) -> String {
        // Now and then what does not fit.
        let kind = random.chance(oneIn: 25) ? random.pick(Kind.allCases) : kind
        if depth <= 0 || random.chance(oneIn: 6) { return leaf(kind, &random) }
        switch kind {
        case .bool: return bool(&random, depth - 1)
        case .int: return int(&random, depth - 1)
        case .double: return "(\(sub(.double, &random, depth)) \(random.pick(["+", "-", "*", "/"])) \(sub(.double, &random, depth)))"
        case .string: return string(&random, depth - 1)
        case .list: return list(&random, depth - 1)
        case .map: return map(&random, depth - 1)
        case .time: return "(\(sub(.time, &random, depth)) \(random.pick(["+", "-"])) duration(\(leaf(.string, &random))))"
        case .bytes: return "(\(sub(.bytes, &random, depth)) + bytes(\(sub(.string, &random, depth))))"
        }
    }

    private mutating func sub(_ kind: Kind, _ random: inout FuzzRandom, _ depth: Int) -> String { expression(kind, &random, depth: depth - 1) }

    private mutating func any(_ random: inout FuzzRandom, _ depth: Int) -> String { expression(random.pick(Kind.allCases), &random, depth: depth - 1) }

    private mutating func leaf(_ kind: Kind, _ random: inout FuzzRandom) -> String {
        let fitting = names.filter { $0.kind == kind }
        if !fitting.isEmpty, !random.chance(oneIn: 3) { return random.pick(fitting).path }
        switch kind {
        case .bool: return random.pick(["true", "false"])
        case .int: return random.pick(["0", "1", "-1", "2", "17", "0x1F", "9223372036854775807", "-9223372036854775808", "3u", "18446744073709551615u"])
        case .double: return random.pick(["0.5", "-0.0", "1e308", "1.5e-300", "3.0", "9007199254740993.0"])
        case .string:
            return random.pick([
                "''", "'a'", "'billing'", "\"quote's\"", "r'\\d+'", "'''three\nlines'''", "'\\u00e9\\n\\t'", "'%s is %d of %.2f'", "'1h30m'", "'2024-02-30T25:00:00Z'",
                "'2026-01-02T03:04:05.678+02:00'", "'e\u{301}é😀'", "'a,b,,c'", "'Europe/Berlin'", "'-9223372036854775809'", "'(a|b)*c'",
            ])
        case .list: return random.pick(["[]", "[1, 2, 3]", "['a', 'b', 'a']", "[[1], [2, 3]]", "[1, 2.0, 3u]", "[null]"])
        case .map: return random.pick(["{}", "{'a': 1}", "{'a': {'b': [1]}}", "{1: 'x', 2u: 'y', true: 'z'}"])
        case .time: return random.pick(["timestamp(0)", "timestamp('2026-03-29T01:30:00Z')", "timestamp('9999-12-31T23:59:59Z')"])
        case .bytes: return random.pick(["b''", "b'abc'", "b'\\xff\\x00'", "bytes('é')"])
        }
    }

    private mutating func variable() -> String {
        variables += 1
        return "v\(variables % 7)"
    }

    private mutating func bool(_ random: inout FuzzRandom, _ depth: Int) -> String {
        switch random.below(14) {
        case 0...2: return "(\(sub(.bool, &random, depth)) && \(sub(.bool, &random, depth)))"
        case 3, 4: return "(\(sub(.bool, &random, depth)) || \(sub(.bool, &random, depth)))"
        case 5: return "!\(sub(.bool, &random, depth))"
        case 6:
            let kind = random.pick(Kind.allCases)
            return "\(sub(kind, &random, depth)) \(random.pick(["==", "!="])) \(sub(kind, &random, depth))"
        case 7:
            let kind = random.pick([Kind.int, .double, .string, .time])
            return "\(sub(kind, &random, depth)) \(random.pick(["<", "<=", ">", ">="])) \(sub(kind, &random, depth))"
        case 8: return "\(any(&random, depth)) in \(sub(.list, &random, depth))"
        case 9: return "has(\(random.pick(names.map(\.path).filter { $0.contains(".") && $0.last != ")" } + ["item.x"])))"
        case 10:
            let name = variable()
            names.append((name, .int))
            defer { names.removeLast() }
            return "\(sub(.list, &random, depth)).\(random.pick(["all", "exists", "exists_one"]))(\(name), \(sub(.bool, &random, depth)))"
        case 11: return "\(sub(.string, &random, depth)).\(random.pick(["contains", "startsWith", "endsWith", "matches"]))(\(sub(.string, &random, depth)))"
        case 12: return "(\(sub(.bool, &random, depth)) ? \(sub(.bool, &random, depth)) : \(sub(.bool, &random, depth)))"
        default: return "\(sub(.map, &random, depth)).all(k, v, \(sub(.bool, &random, depth)))"
        }
    }

    private mutating func int(_ random: inout FuzzRandom, _ depth: Int) -> String {
        switch random.below(8) {
        case 0...2: return "(\(sub(.int, &random, depth)) \(random.pick(["+", "-", "*", "/", "%"])) \(sub(.int, &random, depth)))"
        case 3: return "size(\(sub(random.pick([.string, .list, .map, .bytes]), &random, depth)))"
        case 4: return "\(random.pick(["int", "uint"]))(\(any(&random, depth)))"
        case 5: return "\(sub(.string, &random, depth)).\(random.pick(["indexOf", "lastIndexOf"]))(\(sub(.string, &random, depth)))"
        case 6:
            let part = random.pick(["getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"])
            return "\(sub(.time, &random, depth)).\(part)(\(random.pick(["", "'+02:00'", "'America/New_York'", leaf(.string, &random)])))"
        default: return "-\(sub(.int, &random, depth))"
        }
    }

    private mutating func string(_ random: inout FuzzRandom, _ depth: Int) -> String {
        switch random.below(11) {
        case 0, 1: return "(\(sub(.string, &random, depth)) + \(sub(.string, &random, depth)))"
        case 2: return "(\(sub(.bool, &random, depth)) ? \(sub(.string, &random, depth)) : \(sub(.string, &random, depth)))"
        case 3: return "string(\(any(&random, depth)))"
        case 4: return "'\(random.pick(["%s", "%d and %s", "%.3f", "%e", "%x %X %o %b", "%s%%%s", "%.400f", "%"]))'.format([\(any(&random, depth)), \(any(&random, depth))])"
        case 5: return "\(sub(.list, &random, depth)).join(\(random.chance(oneIn: 2) ? "" : sub(.string, &random, depth)))"
        case 6: return "\(sub(.string, &random, depth)).substring(\(sub(.int, &random, depth)), \(sub(.int, &random, depth)))"
        case 7: return "\(sub(.string, &random, depth)).\(random.pick(["trim", "lowerAscii", "upperAscii", "reverse"]))()"
        case 8: return "\(sub(.string, &random, depth)).replace(\(sub(.string, &random, depth)), \(sub(.string, &random, depth)), \(sub(.int, &random, depth)))"
        case 9: return "\(sub(.string, &random, depth)).charAt(\(sub(.int, &random, depth)))"
        default: return "strings.quote(\(sub(.string, &random, depth)))"
        }
    }

    private mutating func list(_ random: inout FuzzRandom, _ depth: Int) -> String {
        switch random.below(6) {
        case 0: return "[\((0..<random.below(4)).map { _ in any(&random, depth) }.joined(separator: ", "))]"
        case 1, 2:
            let name = variable()
            let kind = random.pick(Kind.allCases)
            names.append((name, kind))
            defer { names.removeLast() }
            let macro = random.chance(oneIn: 3) ? "filter(\(name), \(sub(.bool, &random, depth)))" : "map(\(name), \(any(&random, depth)))"
            return "\(sub(.list, &random, depth)).\(macro)"
        case 3: return "(\(sub(.list, &random, depth)) + \(sub(.list, &random, depth)))"
        case 4: return "\(sub(.string, &random, depth)).split(\(sub(.string, &random, depth)), \(sub(.int, &random, depth)))"
        default: return "\(sub(random.pick([.list, .map]), &random, depth)).transformList(k, v, \(any(&random, depth)))"
        }
    }

    private mutating func map(_ random: inout FuzzRandom, _ depth: Int) -> String {
        switch random.below(4) {
        case 0, 1: return "{\((0..<random.below(4)).map { _ in "\(leaf(random.pick([.string, .int]), &random)): \(any(&random, depth))" }.joined(separator: ", "))}"
        case 2: return "\(sub(.map, &random, depth)).transformMap(k, v, \(any(&random, depth)))"
        default: return "\(sub(.list, &random, depth))[\(sub(.int, &random, depth))]"
        }
    }
}
