import Economics
import Values

/// A request's body that another client made, as far as all formats have it in common.
struct RawBody {
    let fields: JSONObject
    let modelID: String

    /// - Parameter known: fields that change the cost by nothing but the tokens of their text. One that is not there may: predictions are billed
    ///   when they are refused, searches by the search, another service tier by another price.
    init(_ body: [UInt8], known: TextSet) throws(RawBodyError) {
        guard case .object(let fields)? = try? JSONParser.parse(body) else { throw RawBodyError("the body is no JSON object") }
        guard let model = fields["model"]?.stringValue, !model.isEmpty else { throw RawBodyError("the body names no model") }
        self.fields = fields
        modelID = model
        if let unknown = fields.keys.first(where: { !known.contains($0) }) { throw RawBodyError("what '\(unknown)' costs is not known") }
    }

    /// A list that has to be there.
    func list(_ key: String) throws(RawBodyError) -> [JSONValue] {
        guard let list = fields[key]?.arrayValue, !list.isEmpty else { throw RawBodyError("the body has no \(key)") }
        return list
    }

    func count(_ key: String) throws(RawBodyError) -> Int? {
        guard let value = fields[key], !value.isNull else { return nil }
        guard let number = value.intValue, (1...Int64(1 << 31)).contains(number) else { throw RawBodyError("'\(key)' is no count") }
        return Int(number)
    }

    /// - Parameter types: of parts whose cost is that of their text.
    static func check(content: JSONValue?, types: TextSet, known: TextSet) throws(RawBodyError) {
        switch content {
        case nil, .null?, .string?: return
        case .array(let parts)?:
            for part in parts {
                let type = part["type"]?.stringValue ?? "?"
                guard types.contains(type), part.objectValue?.keys.allSatisfy(known.contains) == true else { throw RawBodyError("what a part of type '\(type)' costs is not known") }
            }
        default: throw RawBodyError("a message's content is no text and no list of parts")
        }
    }

    /// Tools that the client itself runs; others have prices of their own.
    func checkTools(_ isClients: (JSONValue) -> Bool) throws(RawBodyError) -> Int {
        let tools = fields["tools"]?.arrayValue ?? []
        for tool in tools where !isClients(tool) { throw RawBodyError("what a tool of type '\(tool["type"]?.stringValue ?? "?")' costs is not known") }
        return tools.count
    }

    /// As text without escapes, which may be shorter than what they stand for. Keys and punctuation count too: no less than what is read.
    func inputTokens(parts: Int) -> Int { TokenBound.inlineText(JSONEncoding.wire.string(.object(fields))) + TokenBound.templateOverhead(messages: parts) }
}
