import Values

/// Turns a document into a `SchemaGraph` in three passes: number every schema and learn every name, compile the
/// keywords of each, refuse loops.
final class SchemaCompiler {
    private static let draft = "https://json-schema.org/draft/2020-12/schema"

    private struct Place {
        let value: JSONValue
        let pointer: String
        let resource: Int
    }

    private struct Resource {
        let base: URIReference
        let pointer: String
        var anchors: [String: Int] = [:]
        var dynamicAnchors: [String: Int] = [:]
    }

    private(set) var warnings: [SchemaError.Problem] = []
    private var problems: [SchemaError.Problem] = []
    private var document: JSONValue = .null
    private var places: [Place] = []
    private var indexes: [String: Int] = [:]
    private var resources: [Resource] = []
    private var resourceNamed: [String: Int] = [:]
    private var hasDynamicReferences = false

    func compile(_ document: JSONValue) throws(SchemaError) -> SchemaGraph {
        guard !Limits.exceedsNesting(document) else {
            throw SchemaError(problems: [.init(pointer: "", message: "the schema is nested deeper than \(Limits.nesting) levels")])
        }
        self.document = document
        resources.append(Resource(base: URIReference(""), pointer: ""))
        resourceNamed[""] = 0
        number(document, at: "", in: 0)

        // A reference may point where no keyword leads; what it finds there joins the queue.
        var nodes: [SchemaNode] = []
        while nodes.count < places.count { nodes.append(compileNode(nodes.count)) }
        if problems.isEmpty { refuseLoops(nodes) }
        guard problems.isEmpty else { throw SchemaError(problems: problems) }
        return SchemaGraph(
            nodes: nodes, indexes: indexes, dynamicAnchors: resources.map(\.dynamicAnchors),
            tracksScope: hasDynamicReferences && resources.count > 1)
    }

    func report(_ pointer: String, _ message: String) {
        problems.append(SchemaError.Problem(pointer: pointer, message: message))
    }

    /// The number of the schema at a place; `nil` when there is none.
    func index(at pointer: String) -> Int? { indexes[pointer] }

    // MARK: Numbering

    @discardableResult
    private func number(_ value: JSONValue, at pointer: String, in outer: Int) -> Int? {
        if let known = indexes[pointer] { return known }
        guard case .object(let object) = value else {
            guard case .bool = value else {
                report(pointer, "a schema must be an object, true or false, found \(Wording.typedValue(value))")
                return nil
            }
            return add(value, pointer, outer)
        }
        let resource = declareResource(object, at: pointer, in: outer)
        let index = add(value, pointer, resource)
        declareAnchors(object, at: pointer, index, resource)
        warn(object, at: pointer)
        for (keyword, content) in Keyword.applicators {
            guard let held = object[keyword] else { continue }
            let place = JSONPointer.child(pointer, keyword)
            switch (content, held) {
            case (.schema, .array) where keyword == "items":
                report(place, "items must be one schema; a schema per position is written prefixItems since draft 2020-12")
            case (.schema, _):
                number(held, at: place, in: resource)
            case (.schemas, .array(let list)):
                if list.isEmpty { report(place, "\(keyword) must hold at least one schema") }
                for (position, schema) in list.enumerated() { number(schema, at: "\(place)/\(position)", in: resource) }
            case (.schemas, _):
                report(place, "\(keyword) must be an array of schemas, found \(Wording.typedValue(held))")
            case (.schemasByName, .object(let members)):
                members.forEachPair { name, schema in
                    number(schema, at: JSONPointer.child(place, name), in: resource)
                }
            case (.schemasByName, _):
                report(place, "\(keyword) must be an object of schemas, found \(Wording.typedValue(held))")
            }
        }
        return index
    }

    private func add(_ value: JSONValue, _ pointer: String, _ resource: Int) -> Int {
        places.append(Place(value: value, pointer: pointer, resource: resource))
        indexes[pointer] = places.count - 1
        return places.count - 1
    }

    private func declareResource(_ object: JSONObject, at pointer: String, in outer: Int) -> Int {
        var resource = outer
        if let id = object["$id"] {
            if case .string(let text) = id {
                let uri = URIReference(text).resolved(against: resources[outer].base)
                if let fragment = uri.fragment, !fragment.isEmpty {
                    report(pointer + "/$id", "$id must not have a fragment, found '\(text)'; name a place inside a document with $anchor")
                } else if pointer.isEmpty {
                    // The document keeps its empty name beside its own, as files refer to themselves by "#".
                    resources[0] = Resource(base: uri, pointer: "")
                    resourceNamed[uri.resource] = 0
                } else if resourceNamed[uri.resource] != nil {
                    report(pointer + "/$id", "$id '\(text)' is declared twice")
                } else {
                    resource = resources.count
                    resources.append(Resource(base: uri, pointer: pointer))
                    resourceNamed[uri.resource] = resource
                }
            } else {
                report(pointer + "/$id", "$id must be a string, found \(Wording.typedValue(id))")
            }
        }
        if pointer.isEmpty || resource != outer, let draft = object["$schema"] {
            if draft.stringValue != Self.draft, draft.stringValue != Self.draft + "#" {
                report(
                    pointer + "/$schema",
                    "$schema must be \(Self.draft) or absent, found \(Wording.value(draft)); other drafts are not supported")
            }
        }
        return resource
    }

    private func declareAnchors(_ object: JSONObject, at pointer: String, _ index: Int, _ resource: Int) {
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let value = object[keyword] else { continue }
            guard case .string(let name) = value, Self.isAnchor(name) else {
                report(
                    "\(pointer)/\(keyword)",
                    "\(keyword) must be a name of ASCII letters, digits, '-', '_' and '.' that begins with a letter or '_', "
                        + "found \(Wording.value(value))")
                continue
            }
            if let other = resources[resource].anchors[name], other != index {
                report("\(pointer)/\(keyword)", "the anchor '\(name)' is declared twice")
                continue
            }
            resources[resource].anchors[name] = index
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = index }
        }
    }

    private static func isAnchor(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        let isStart = Character(Unicode.Scalar(first)).isLetter || first == UInt8(ascii: "_")
        return isStart && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
    }

    private func warn(_ object: JSONObject, at pointer: String) {
        for keyword in object.keys where !Keyword.known.contains(keyword) {
            let place = JSONPointer.child(pointer, keyword)
            if let successor = Keyword.replaced[keyword] {
                warnings.append(.init(pointer: place, message: "'\(keyword)' is ignored; since draft 2020-12 it is written \(successor)"))
            } else if let word = Keyword.foreign[keyword] {
                warnings.append(.init(pointer: place, message: "the unknown keyword '\(keyword)' is ignored; JSON Schema has \(word) for it"))
            } else if let hint = Suggestion.hint(for: keyword, in: Keyword.known) {
                warnings.append(.init(pointer: place, message: "the unknown keyword '\(keyword)' is ignored; \(hint)"))
            }
        }
    }

    // MARK: Compiling

    private func compileNode(_ index: Int) -> SchemaNode {
        let place = places[index]
        var rules: [any Rule] = []
        var lastRules: [any Rule] = []
        var alias: Int?
        if case .object(let object) = place.value {
            let reader = SchemaReader(object, at: place.pointer, index: index, of: self)
            rules = Rules.order.compactMap { $0.init(reader) }
            lastRules = Rules.last.compactMap { $0.init(reader) }
            if lastRules.isEmpty, rules.count == 1, let reference = rules[0] as? ReferenceRule { alias = reference.target }
        }
        return SchemaNode(
            pointer: place.pointer, source: place.value, resource: place.resource, verdict: place.value.boolValue,
            rules: rules, lastRules: lastRules, alias: alias)
    }

    // MARK: References

    /// The schema that a reference of a schema leads to, and the dynamic anchor that it named, if it did.
    func target(of reference: String, _ keyword: String, from index: Int) -> (index: Int, dynamicAnchor: String?)? {
        let origin = places[index]
        let problem = JSONPointer.child(origin.pointer, keyword)
        let uri = URIReference(reference).resolved(against: resources[origin.resource].base)
        let isLocal = reference.isEmpty || reference.hasPrefix("#")
        guard let resource = isLocal ? origin.resource : resourceNamed[uri.resource] else {
            let reason =
                ["http", "https"].contains(uri.scheme)
                ? "remote references are not followed"
                : "no schema of this document has that $id, and references to other documents are not followed"
            report(
                problem,
                "\(keyword) '\(reference)' leads out of the document: \(reason); "
                    + "copy the schema under $defs and refer to it as '#/$defs/...'")
            return nil
        }
        let fragment = uri.fragment ?? ""
        if let tokens = JSONPointer.tokens(fragment) {
            return follow(tokens, from: resources[resource].pointer, written: reference, problem).map { ($0, nil) }
        }
        guard let target = resources[resource].anchors[fragment] else {
            let hint = Wording.hint(for: fragment, in: resources[resource].anchors.keys.sorted())
            report(problem, "\(keyword) '\(reference)' names an anchor that is not declared\(hint)")
            return nil
        }
        return (target, resources[resource].dynamicAnchors[fragment] == target ? fragment : nil)
    }

    func noteDynamicReference() { hasDynamicReferences = true }

    private func follow(_ tokens: [String], from start: String, written: String, _ problem: String) -> Int? {
        var pointer = start
        guard var value = (JSONPointer.tokens(start) ?? []).reduce(Optional(document), { Self.member($0, $1) }) else { return nil }
        var resource = indexes[start].map { places[$0].resource } ?? 0
        for token in tokens {
            guard let member = Self.member(value, token) else {
                let hint = Wording.hint(for: token, in: value.objectValue.map { Array($0.keys) } ?? [])
                report(problem, "'\(written)' leads nowhere: there is no '\(token)' at '#\(pointer)'\(hint)")
                return nil
            }
            value = member
            pointer = JSONPointer.child(pointer, token)
            if let known = indexes[pointer] { resource = places[known].resource }
        }
        return number(value, at: pointer, in: resource)
    }

    private static func member(_ value: JSONValue?, _ token: String) -> JSONValue? {
        switch value {
        case .object(let object): object[token]
        case .array(let elements): Int(token).flatMap { elements.indices.contains($0) && String($0) == token ? elements[$0] : nil }
        default: nil
        }
    }

    // MARK: Loops

    /// Refuses schemas that come back to themselves without a step into the value. An explicit stack, as chains of
    /// references are as long as the document.
    private func refuseLoops(_ nodes: [SchemaNode]) {
        let edges = nodes.map { node in (node.rules + node.lastRules).flatMap(\.appliedInPlace) }
        var isDone = [Bool](repeating: false, count: nodes.count)
        var positionOnTrail = [Int?](repeating: nil, count: nodes.count)
        for start in nodes.indices where !isDone[start] {
            var trail: [(node: Int, next: Int)] = [(start, 0)]
            positionOnTrail[start] = 0
            while let (node, next) = trail.last {
                guard next < edges[node].count else {
                    isDone[node] = true
                    positionOnTrail[node] = nil
                    trail.removeLast()
                    continue
                }
                trail[trail.count - 1].next += 1
                let target = edges[node][next]
                if let position = positionOnTrail[target] {
                    let loop = (trail[position...].map(\.node) + [target]).map { "#" + nodes[$0].pointer }
                    report(
                        nodes[target].pointer,
                        "the schema applies itself to the same value without end: \(loop.joined(separator: " -> "))")
                } else if !isDone[target] {
                    positionOnTrail[target] = trail.count
                    trail.append((target, 0))
                }
            }
        }
    }
}
