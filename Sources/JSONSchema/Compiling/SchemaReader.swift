import Values

/// One schema as rules read it: typed keywords, with a problem told for each that has the wrong form.
struct SchemaReader {
    let object: JSONObject
    let pointer: String
    let index: Int
    let compiler: SchemaCompiler

    init(_ object: JSONObject, at pointer: String, index: Int, of compiler: SchemaCompiler) {
        self.object = object
        self.pointer = pointer
        self.index = index
        self.compiler = compiler
    }

    /// Whether any of the keywords is there.
    func has(_ keywords: String...) -> Bool { keywords.contains { object.contains($0) } }

    func report(_ keyword: String, _ message: String) {
        compiler.report(JSONPointer.child(pointer, keyword), "\(keyword) \(message)")
    }

    // MARK: Plain keywords

    func number(_ keyword: String) -> JSONValue? {
        guard let value = object[keyword] else { return nil }
        if Numbers.isNumber(value) { return value }
        report(keyword, "must be a number, found \(Wording.typedValue(value))")
        return nil
    }

    /// A count: an integer from 0.
    func count(_ keyword: String) -> Int? {
        guard let value = object[keyword] else { return nil }
        if let count = value.intValue.flatMap({ Int(exactly: $0) }), count >= 0 { return count }
        if case .bigInt(let digits) = value, !digits.hasPrefix("-") { return .max }
        report(keyword, "must be an integer from 0, found \(Wording.typedValue(value))")
        return nil
    }

    func text(_ keyword: String) -> String? {
        guard let value = object[keyword] else { return nil }
        if case .string(let text) = value { return text }
        report(keyword, "must be a string, found \(Wording.typedValue(value))")
        return nil
    }

    func flag(_ keyword: String) -> Bool? {
        guard let value = object[keyword] else { return nil }
        if case .bool(let flag) = value { return flag }
        report(keyword, "must be true or false, found \(Wording.typedValue(value))")
        return nil
    }

    func names(_ keyword: String) -> [String]? {
        object[keyword].flatMap { names(in: $0, keyword) }
    }

    func names(in value: JSONValue, _ keyword: String) -> [String]? {
        guard case .array(let elements) = value, elements.allSatisfy({ $0.stringValue != nil }) else {
            report(keyword, "must be an array of strings, found \(Wording.typedValue(value))")
            return nil
        }
        let names = elements.compactMap(\.stringValue)
        var seen: TextSet = []
        if let double = names.first(where: { !seen.insert($0).inserted }) {
            report(keyword, "must not name '\(double)' twice")
            return nil
        }
        return names
    }

    func pattern(_ text: String, _ keyword: String) -> Pattern? {
        do throws(PatternError) {
            return try Pattern(text)
        } catch {
            report(keyword, "holds a pattern that cannot be read: \(error.message) in '\(Wording.clipped(text))'")
            return nil
        }
    }

    // MARK: Schemas

    /// The schema under a keyword. What stood there wrongly was reported when it was numbered.
    func schema(_ keyword: String) -> Int? {
        compiler.index(at: JSONPointer.child(pointer, keyword))
    }

    func schemas(_ keyword: String) -> [Int] {
        guard case .array(let list) = object[keyword] else { return [] }
        let place = JSONPointer.child(pointer, keyword)
        return list.indices.compactMap { compiler.index(at: "\(place)/\($0)") }
    }

    func schemasByName(_ keyword: String) -> [(name: String, index: Int)] {
        guard case .object(let members) = object[keyword] else { return [] }
        let place = JSONPointer.child(pointer, keyword)
        return members.keys.compactMap { name in
            compiler.index(at: JSONPointer.child(place, name)).map { (name, $0) }
        }
    }
}
