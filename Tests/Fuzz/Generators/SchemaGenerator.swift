import Values

/// Makes JSON Schemas with every keyword, and values that come near to fitting them.
enum SchemaGenerator {
    private static let patterns = [
        "^[a-z][a-z0-9_]*$", "a+b*c?", "(a|b)*c", "^\\d{1,3}$", "\\p{L}+", "\\P{Lu}", "[^\\s]", "(?=x)y", "(?!x).", "^(a+)+$", "(.*)(.*)x", "\\u00e9", "[\\w-]", ".{2,5}", "a{0}", "^$", "", "\\bword\\b",
        "(?:x|y){3}", "(a?){20}", "[\\u{1F600}-\\u{1F64F}]", "\\cA", "\\x41", "\\/", "(", "[z-a]", "a{2,1}", "\\1", "(?<name>a)", "(?<=a)b", "*",
    ]
    private static let words = ["a", "b", "name", "category", "docs", "score", "é", "", "a/b", "a~b", "%", "x-1", "🙂"]
    private static let types = ["null", "boolean", "integer", "number", "string", "array", "object"]

    /// Such as people write for inputs and answers.
    static let usual: [JSONValue] = [
        ["type": "string"], ["type": "object", "properties": ["category": ["enum": ["billing", "other"]], "score": ["type": "number"]], "required": ["category"], "additionalProperties": false],
        ["type": "array", "items": ["type": "object", "properties": ["id": ["type": "integer"]]]], ["type": ["string", "null"], "default": "x"], true, ["type": "integer", "minimum": 0, "default": 3],
    ]

    static func schema(_ random: inout FuzzRandom, depth: Int = 3) -> JSONValue {
        if random.chance(oneIn: 15) { return .bool(random.chance(oneIn: 3) ? false : true) }
        var schema = JSONObject()
        if random.chance(oneIn: 2) {
            schema["type"] = random.chance(oneIn: 4) ? .array([.string(random.pick(types)), .string(random.pick(types))]) : .string(random.pick(types))
        }
        for _ in 0..<random.within(0...4) { add(&schema, &random, depth) }
        if depth == 3, random.chance(oneIn: 2) { schema["$defs"] = ["a": self.schema(&random, depth: 1), "b": self.schema(&random, depth: 1)] }
        if depth == 3, random.chance(oneIn: 20) { schema["$id"] = .string(random.pick(["https://example.com/s", "s.json", "#x", "urn:x:y", "://"])) }
        return .object(schema)
    }

    private static func schemas(_ random: inout FuzzRandom, _ depth: Int) -> JSONValue {
        .array((0..<random.within(1...3)).map { _ in schema(&random, depth: depth - 1) })
    }

    private static func byName(_ random: inout FuzzRandom, _ depth: Int, names: [String] = words) -> JSONValue {
        var members = JSONObject()
        for _ in 0..<random.within(1...4) { members[random.pick(names)] = schema(&random, depth: depth - 1) }
        return .object(members)
    }

    private static func number(_ random: inout FuzzRandom) -> JSONValue {
        random.pick([.int(0), .int(1), .int(2), .int(-1), .int(100), .double(0.1), .double(1.5), .double(1e308), .int(.max), .int(.min), .bigInt("123456789012345678901234567890"), .double(-0.0), .double(.leastNonzeroMagnitude)])
    }

    private static func add(_ schema: inout JSONObject, _ random: inout FuzzRandom, _ depth: Int) {
        let simple = 17
        switch random.below(depth > 0 ? simple + 17 : simple) {
        case 0: schema["enum"] = .array((0..<random.within(1...3)).map { _ in value(&random, depth: 1) })
        case 1: schema["const"] = value(&random, depth: 1)
        case 2: schema[random.pick(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])] = number(&random)
        case 3: schema["multipleOf"] = number(&random)
        case 4: schema[random.pick(["minLength", "maxLength"])] = .int(Int64(random.below(6)))
        case 5: schema["pattern"] = .string(random.pick(patterns))
        case 6: schema[random.pick(["minItems", "maxItems", "minContains", "maxContains"])] = .int(Int64(random.below(4)))
        case 7: schema["uniqueItems"] = .bool(random.chance(oneIn: 4) ? false : true)
        case 8: schema[random.pick(["minProperties", "maxProperties"])] = .int(Int64(random.below(4)))
        case 9: schema["required"] = .array([.string(random.pick(words))])
        case 10: schema["dependentRequired"] = [random.pick(words): [.string(random.pick(words))]]
        case 11: schema["format"] = .string(random.pick(["date", "email", "uri", "regex", "nonsense"]))
        case 12: schema["$ref"] = .string(random.pick(["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#anchor", "#/$defs/none", "s.json", "#/%24defs/a", "#/~2"]))
        case 13: schema[random.pick(["$anchor", "$dynamicAnchor"])] = "anchor"
        case 14: schema["$dynamicRef"] = "#anchor"
        case 15: schema[random.pick(["description", "title", "default", "examples", "additionalItems", "propertyName", "minLenght"])] = value(&random, depth: 1)
        case 16: schema[random.pick(["required", "minLength", "type", "properties", "pattern", "allOf"])] = value(&random, depth: 1)
        case 17...20: schema["properties"] = byName(&random, depth)
        case 21: schema["patternProperties"] = byName(&random, depth, names: patterns)
        case 22: schema["additionalProperties"] = self.schema(&random, depth: depth - 1)
        case 23: schema["propertyNames"] = self.schema(&random, depth: depth - 1)
        case 24: schema["prefixItems"] = schemas(&random, depth)
        case 25: schema["items"] = self.schema(&random, depth: depth - 1)
        case 26: schema["contains"] = self.schema(&random, depth: depth - 1)
        case 27: schema["allOf"] = schemas(&random, depth)
        case 28: schema["anyOf"] = schemas(&random, depth)
        case 29: schema["oneOf"] = schemas(&random, depth)
        case 30: schema["not"] = self.schema(&random, depth: depth - 1)
        case 31: for word in ["if", "then", "else"] where !random.chance(oneIn: 3) { schema[word] = self.schema(&random, depth: depth - 1) }
        case 32: schema["dependentSchemas"] = byName(&random, depth)
        default: schema[random.pick(["unevaluatedItems", "unevaluatedProperties"])] = self.schema(&random, depth: depth - 1)
        }
    }

    // MARK: Values

    /// Any JSON.
    static func value(_ random: inout FuzzRandom, depth: Int = 3) -> JSONValue {
        switch random.below(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(random.chance(oneIn: 2))
        case 2: return number(&random)
        case 3: return .int(Int64(random.within(-3...3)))
        case 4, 5: return .string(random.pick(["", "a", "ab", "billing", "é", "e\u{301}", "😀", "x y", "1", "aaaaaaaaaaaaaaaa", "\u{0}", "2026-01-01"]))
        case 6: return .array((0..<random.below(4)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.below(4) { object[random.pick(words)] = value(&random, depth: depth - 1) }
            return .object(object)
        }
    }

    /// A value that tends to fit.
    static func instance(of schema: JSONValue, _ random: inout FuzzRandom, depth: Int = 4) -> JSONValue {
        guard depth > 0, case .object(let object) = schema, !random.chance(oneIn: 12) else { return value(&random, depth: 2) }
        if let constant = object["const"] { return constant }
        if let values = object["enum"]?.arrayValue, !values.isEmpty { return random.pick(values) }
        if let first = object["allOf"]?[0] ?? object["anyOf"]?[0] ?? object["oneOf"]?[0], random.chance(oneIn: 3) { return instance(of: first, &random, depth: depth - 1) }
        let type = object["type"]?.stringValue ?? object["type"]?[0]?.stringValue ?? random.pick(types)
        switch type {
        case "object":
            var members = JSONObject()
            for (name, property) in object["properties"]?.objectValue ?? JSONObject() where !random.chance(oneIn: 4) { members[name] = instance(of: property, &random, depth: depth - 1) }
            for name in object["required"]?.arrayValue ?? [] { if let name = name.stringValue, members[name] == nil { members[name] = value(&random, depth: 1) } }
            if random.chance(oneIn: 4) { members[random.pick(words)] = value(&random, depth: 1) }
            return .object(members)
        case "array":
            let element = object["items"] ?? object["contains"] ?? .bool(true)
            return .array((0..<random.below(5)).map { object["prefixItems"]?[$0] ?? element }.map { instance(of: $0, &random, depth: depth - 1) })
        case "string": return .string(random.pick(["", "a", "abc", "é", "aaaaaaaa", "123"]))
        case "integer": return .int(Int64(random.within(-5...105)))
        case "number": return number(&random)
        case "boolean": return .bool(random.chance(oneIn: 2))
        case "null": return .null
        default: return value(&random, depth: 1)
        }
    }
}
