import Values

/// Bindings from a dictionary.
public struct DictionaryBindings: Bindings, Sendable {
    public var values: [String: CELValue]

    public init(_ values: [String: CELValue] = [:]) { self.values = values }

    /// Wraps a JSON object's members.
    public init(_ object: JSONObject) {
        values = [:]
        object.forEachPair { values[$0] = CELValue($1) }
    }

    public func value(named name: String) -> CELValue? { values[name] }
    public var names: [String] { values.keys.sorted() }
}
