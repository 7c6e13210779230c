import Values
import WorkflowLoading

/// Makes workflow and project files from the schemas that editors check them by: a key of the language is tried from the day on
/// which it is declared.
struct LanguageGenerator: Sendable {
    private let document: JSONValue
    private var expressions = ExpressionGenerator(names: [])
    /// Those that can be read here, and how many there are in all.
    private var steps: [String] = []
    private var stepCount = 0

    init(_ language: EditorSchema) { document = language.document }

    mutating func file(_ random: inout FuzzRandom) -> JSONValue {
        expressions = ExpressionGenerator(names: [
            ("inputs.topic", .string), ("inputs.n", .int), ("inputs.tags", .list), ("inputs.doc", .map), ("inputs.flag", .bool), ("run.id", .string), ("run.started_at", .string),
        ])
        (steps, stepCount) = ([], 0)
        var file = mapping(document, named: "workflow", &random, depth: 0).objectValue ?? JSONObject()
        if document["properties"]?["steps"] != nil, !random.chance(oneIn: 10) { complete(&file, &random) }
        return .object(file)
    }

    /// What most steps refer to.
    private mutating func complete(_ file: inout JSONObject, _ random: inout FuzzRandom) {
        var inputs = file["inputs"]?.objectValue ?? JSONObject()
        inputs["topic"] = ["type": "string", "default": "rivers"]
        inputs["n"] = ["type": "integer"]
        inputs["tags"] = ["type": "array", "items": ["type": "string"]]
        inputs["doc"] = ["type": "object"]
        inputs["flag"] = ["type": "boolean"]
        file["inputs"] = .object(inputs)
        var models = file["models"]?.objectValue ?? JSONObject()
        for tier in ["small", "large"] where models[tier] == nil { models[tier] = ["use": "local/small"] }
        file["models"] = .object(models)
        var prefixes = file["prefixes"]?.objectValue ?? JSONObject()
        prefixes["policy"] = ["text": .string(TemplateGenerator.template(&expressions, &random))]
        file["prefixes"] = .object(prefixes)
        var defaults = file["defaults"]?.objectValue ?? JSONObject()
        defaults["model"] = "small"
        file["defaults"] = .object(defaults)
    }

    // MARK: Shapes

    private mutating func value(_ schema: JSONValue, key: String, _ random: inout FuzzRandom, depth: Int) -> JSONValue {
        if random.chance(oneIn: 500) { return SchemaGenerator.value(&random, depth: 1) }
        guard case .object(let shape) = schema else { return SchemaGenerator.value(&random, depth: 1) }
        if let name = shape["$ref"]?.stringValue?.split(separator: "/").last.map(String.init), let target = document["$defs"]?[name] {
            return mapping(target, named: name, &random, depth: depth + 1)
        }
        if let choices = shape["anyOf"]?.arrayValue { return value(random.pick(choices), key: key, &random, depth: depth) }
        if let words = shape["enum"]?.arrayValue { return random.pick(words) }
        if let constant = shape["const"] { return constant }
        switch shape["type"] {
        case "array":
            let element = shape["items"] ?? true
            return .array((0..<random.within(key == "steps" ? 1...(depth > 1 ? 2 : 5) : 1...2)).map { _ in value(element, key: key, &random, depth: depth) })
        case "object":
            guard let element = shape["additionalProperties"], element.objectValue != nil else { return SchemaGenerator.value(&random, depth: 1) }
            var members = JSONObject()
            for _ in 0..<random.below(3) { members[random.pick(["a", "b", "topic", "policy", "small", "x_1", random.chance(oneIn: 12) ? "Bad Name" : "y"])] = value(element, key: key, &random, depth: depth) }
            return .object(members)
        case "integer":
            let low = shape["minimum"]?.intValue ?? 0
            return .int(random.pick([low, low + 1, min(shape["maximum"]?.intValue ?? 50, low + 20), shape["maximum"]?.intValue ?? low]))
        case "number": return .double(random.pick([0, 0.5, 1, 2]))
        case "boolean": return .bool(random.chance(oneIn: 2))
        case "string": return .string(name(for: key, pattern: shape["pattern"]?.stringValue ?? "", &random))
        case .array(let types)? where types.contains("object"): return random.chance(oneIn: 6) ? SchemaGenerator.schema(&random) : random.pick(SchemaGenerator.usual)
        case .array(let types)? where types.contains("number") && shape["pattern"] != nil: return random.pick([.double(0.25), .int(1), .string("0.000001"), .double(9.5)])
        case .array: return .string(text(for: key, &random))
        case "null": return .null
        default: return document(for: key, &random, depth: 2)
        }
    }

    private mutating func mapping(_ schema: JSONValue, named name: String, _ random: inout FuzzRandom, depth: Int) -> JSONValue {
        let isStep = name == "step"
        let kinds = schema["oneOf"]?.arrayValue?.compactMap { $0["required"]?[0]?.stringValue } ?? []
        // Steps with steps of their own end somewhere.
        let kind = kinds.isEmpty ? nil : random.pick(isStep && depth > 3 ? ["value", "prompt"] : kinds)
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        let before = (expressions.names, steps)
        var members = JSONObject()
        for (key, shape) in schema["properties"]?.objectValue ?? JSONObject() {
            let isKind = kinds.contains(key)
            if key == "needs", steps.isEmpty || depth > 1 { continue }
            if isKind ? key != kind && !random.chance(oneIn: 300) : !required.contains(key) && !random.chance(oneIn: isStep ? 9 : 3) { continue }
            if isStep, kind.map({ Self.isStranger(key, to: $0) }) == true, !random.chance(oneIn: 60) { continue }
            if required.contains(key), random.chance(oneIn: 300) { continue }
            if key == "workflow" {
                members[key] = .string(random.chance(oneIn: 15) ? random.pick(["w.yaml", "none.yaml", "../out.yaml"]) : "other.yaml")
            } else if isStep, key == "value", random.chance(oneIn: 2) {
                members[key] = .string(expressions.expression(random.pick(ExpressionGenerator.Kind.allCases), &random, depth: 3))
            } else {
                members[key] = value(shape, key: key, &random, depth: depth)
            }
            if isStep, key == "with", let names = members[key]?.objectValue?.keys { for name in names { expressions.names.append(("with.\(name)", .string)) } }
            if isStep, key == "for_each" { expressions.names += [("item", .string), ("index", .int)] }
        }
        if isStep {
            (expressions.names, steps) = before
            let id = members["id"]?.stringValue ?? ""
            steps.append(id)
            if let kind, ["prompt", "prompt_file", "messages", "run"].contains(kind), members["output"] == nil, members["for_each"] == nil {
                expressions.names.append(("steps.\(id).output", .string))
            }
            expressions.names.append(("steps.\(id).status", .string))
        }
        if random.chance(oneIn: 200) { members[random.pick(["x-note", "promt", "depends_on", "type", "id", "version"])] = SchemaGenerator.value(&random, depth: 1) }
        // A command line needs a shell, a list of words must not have one.
        if kind == "run", !random.chance(oneIn: 30) { members["shell"] = .bool(members["run"]?.arrayValue == nil) }
        return .object(members)
    }

    /// Keys that go with some kinds of step only; what is not known here is tried with all.
    private static func isStranger(_ key: String, to kind: String) -> Bool {
        let ofModels = ["model", "system", "prefix", "temperature", "top_p", "seed", "stop", "reasoning", "max_output_tokens", "stream", "logprobs", "limits"]
        if ["shell", "stdin", "env", "ok_exit"].contains(key) { return kind != "run" }
        if ofModels.contains(key) { return !["prompt", "prompt_file", "messages"].contains(kind) }
        if key == "output" { return !["prompt", "prompt_file", "messages", "run"].contains(kind) }
        return ["timeout", "retry"].contains(key) && ["steps", "loop", "workflow"].contains(kind)
    }

    // MARK: Texts

    private mutating func name(for key: String, pattern: String, _ random: inout FuzzRandom) -> String {
        if pattern.contains("ms|s") { return random.pick(["45s", "250ms", "5m", "24h", "1h30m", random.chance(oneIn: 20) ? "99999999999999999999d" : "2s"]) }
        if pattern.contains("/") { return random.pick(["local/small", "groq/llama-3.1-8b-instant", "a/b/c"]) }
        switch key {
        case "id":
            if random.chance(oneIn: 60) { return random.pick(steps + ["A", "in", "1", "a b"]) }
            stepCount += 1
            return "s\(stepCount)\(random.pick(["", "", "", "_x"]))"
        case "model": return random.pick(["small", "small", "large", random.chance(oneIn: 20) ? "smal" : "small"])
        case "prefix": return random.pick(["policy", "policy", "policy", random.chance(oneIn: 20) ? "polcy" : "policy"])
        case "needs": return random.pick(steps.isEmpty ? ["s1"] : steps)
        case "as": return random.pick(["doc", "item", "index", "x"])
        default: return random.pick(["a", "b", "policy"])
        }
    }

    private mutating func text(for key: String, _ random: inout FuzzRandom) -> String {
        switch key {
        case "when", "until": return expressions.expression(.bool, &random, depth: 3)
        case "items": return expressions.expression(.list, &random, depth: 2)
        case "file", "prompt_file": return random.chance(oneIn: 20) ? random.pick(["none.md", "/etc/passwd", ".."]) : "prompts/p.md"
        case "schema": return random.chance(oneIn: 20) ? "none.json" : "schemas/s.json"
        case "name": return random.pick(["support-triage", "w", "no", random.chance(oneIn: 9) ? "a b" : "w.1"])
        case "description", "business", "unit", "reasoning", "stop", "counts": return random.pick(["a", "support-triage", "a text with # signs", "é😀", "no", "1e3"])
        case "prompt", "content", "system", "message", "run", "text", "outcome", "id", "tags", "env": return TemplateGenerator.template(&expressions, &random)
        default: return random.chance(oneIn: 2) ? TemplateGenerator.template(&expressions, &random) : random.pick(["a", "local/small", "http://127.0.0.1:1/v1", "${{ port }}"])
        }
    }

    private mutating func document(for key: String, _ random: inout FuzzRandom, depth: Int) -> JSONValue {
        switch random.below(depth > 0 ? 6 : 4) {
        case 0, 1: return .string(TemplateGenerator.template(&expressions, &random))
        case 2, 3: return SchemaGenerator.value(&random, depth: 1)
        case 4: return .array((0..<random.below(3)).map { _ in document(for: key, &random, depth: depth - 1) })
        default: return .object(JSONObject((0..<random.below(3)).map { ("k\($0)", document(for: key, &random, depth: depth - 1)) }))
        }
    }
}
