/// The functions of the language: CEL's own and those of its strings extension.
enum Function: String, Sendable, CaseIterable {
    case size, int, uint, double, string, bool, bytes, dyn, type, timestamp, duration
    case contains, startsWith, endsWith, matches
    case charAt, indexOf, lastIndexOf, join, lowerAscii, upperAscii, replace, split, substring, trim, reverse, format
    case quote = "strings.quote"
    case getFullYear, getMonth, getDayOfMonth, getDate, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    init?(named name: String) {
        guard let function = Self.byName[name] else { return nil }
        self = function
    }

    /// What people write who know another language.
    static let foreignNames: [String: String] = [
        "length": "size(x)", "len": "size(x)", "count": "size(x)", "str": "string(x)", "toString": "string(x)", "String": "string(x)",
        "float": "double(x)", "Number": "double(x)", "parseFloat": "double(x)", "parseInt": "int(x)", "Boolean": "bool(x)",
        "lower": "x.lowerAscii()", "toLowerCase": "x.lowerAscii()", "lowercase": "x.lowerAscii()", "downcase": "x.lowerAscii()",
        "upper": "x.upperAscii()", "toUpperCase": "x.upperAscii()", "uppercase": "x.upperAscii()",
        "includes": "text.contains(part), or value in list", "strip": "x.trim()", "substr": "x.substring(from, to)",
        "slice": "x.substring(from, to)", "startswith": "x.startsWith(text)", "endswith": "x.endsWith(text)",
        "some": "list.exists(x, test)", "any": "list.exists(x, test)", "every": "list.all(x, test)", "find": "list.filter(x, test)[0]",
        "replaceAll": "x.replace(old, new)", "match": "x.matches('pattern')", "test": "x.matches('pattern')",
        "defined": "has(a.b)", "exist": "has(a.b)", "typeof": "type(x)", "keys": "map.map(key, key)", "now": "run.started_at",
        "success": "steps.ID.status == 'succeeded'", "failure": "steps.ID.status == 'failed'", "cancelled": "steps.ID.status == 'cancelled'", "always": "the step under finally:",
        "default": "has(a.b) ? a.b : 'x'", "coalesce": "a != null ? a : b", "fromJSON": "output: { parse: json } in the step that prints it", "fromjson": "output: { parse: json } in the step that prints it",
        "parseJson": "output: { parse: json } in the step that prints it", "first": "list[0]", "last": "list[size(list) - 1]", "concat": "a + b",
        "json": "an object in text is written as JSON already", "toJSON": "an object in text is written as JSON already",
        "tojson": "an object in text is written as JSON already",
    ]
}

/// The comprehensions: calls whose first argument names a variable.
enum Macro: String, Sendable, CaseIterable {
    case all, exists, map, filter
    case existsOne = "exists_one"
    /// With two variables only.
    case transformList, transformMap

    /// Whether it has a form with two variables: index and element, key and value.
    var takesPairs: Bool { self != .map && self != .filter }
    var takesPairsOnly: Bool { self == .transformList || self == .transformMap }
    /// Whether a filter may stand before the last argument.
    var takesFilter: Bool { self == .map || takesPairsOnly }

    init?(named name: String) {
        if name == "existsOne" { self = .existsOne } else { self.init(rawValue: name) }
    }
}
