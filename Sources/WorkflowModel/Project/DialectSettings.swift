import Values

/// What an entry's `dialect` says: its keys with their words, checked. What they mean is the business of the code that speaks the API.
public struct DialectSettings: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// By the names of the language, such as `stream_usage`; `null` where a key says so.
    public let values: JSONObject

    public init(_ values: JSONObject) { self.values = values }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { values = JSONObject(elements) }

    public static let none: DialectSettings = [:]
}
