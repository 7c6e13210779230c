import Economics
import Values

/// A fact that the journal has and this program cannot read.
public struct EventDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    public let kind: String
    public let reason: String

    public init(kind: String, reason: String) {
        self.kind = kind
        self.reason = reason
    }

    public var description: String { "cannot read the event '\(kind)': \(reason)" }
}

/// The payload of a fact, as its fields are read from it.
struct EventFields {
    let kind: String
    let payload: JSONValue
    /// Whose journal it is of.
    let run: RunID

    func value<Value>(_ key: String, _ read: (String) -> Value?) throws(EventDecodingError) -> Value {
        guard let text = payload[key]?.stringValue, let value = read(text) else { throw missing(key) }
        return value
    }

    /// Absent is `nil`, and what cannot be read is an error.
    func optional<Value>(_ key: String, _ read: (String) -> Value?) throws(EventDecodingError) -> Value? {
        payload[key] == nil ? nil : try value(key, read)
    }

    func text(_ key: String) throws(EventDecodingError) -> String { try value(key) { $0 } }
    func optionalText(_ key: String) throws(EventDecodingError) -> String? { try optional(key) { $0 } }
    func hash(_ key: String) throws(EventDecodingError) -> ContentHash { try value(key, ContentHash.init(hex:)) }
    func optionalHash(_ key: String) throws(EventDecodingError) -> ContentHash? { try optional(key, ContentHash.init(hex:)) }
    func output() throws(EventDecodingError) -> OutputReference { OutputReference(hash: try hash("output")) }
    /// The path of the node.
    func step() throws(EventDecodingError) -> String { try text("step") }
    func call() throws(EventDecodingError) -> CallID { CallID(run: run, number: try int("call")) }

    /// Null, as absent: there is none.
    func money(_ key: String) throws(EventDecodingError) -> Money? {
        if payload[key] == .null { return nil }
        return try optional(key, Money.init(decimal:))
    }

    /// Within what every reader of JSON knows exactly; sums of some of them fit, too.
    func int(_ key: String) throws(EventDecodingError) -> Int {
        guard let number = payload[key]?.intValue.flatMap({ Int(exactly: $0) }), number.magnitude <= 1 << 53 else { throw missing(key) }
        return number
    }

    func optionalDouble(_ key: String) throws(EventDecodingError) -> Double? {
        guard let value = payload[key] else { return nil }
        guard let number = value.doubleValue else { throw missing(key) }
        return number
    }

    /// Of things: none is below zero.
    func count(_ key: String) throws(EventDecodingError) -> Int {
        let number = try int(key)
        guard number >= 0 else { throw missing(key) }
        return number
    }

    func optionalInt(_ key: String) throws(EventDecodingError) -> Int? { payload[key] == nil ? nil : try int(key) }

    func bool(_ key: String) throws(EventDecodingError) -> Bool {
        guard let flag = payload[key]?.boolValue else { throw missing(key) }
        return flag
    }

    /// Absent: `false`.
    func flag(_ key: String) throws(EventDecodingError) -> Bool { payload[key] == nil ? false : try bool(key) }

    func object(_ key: String) throws(EventDecodingError) -> JSONObject? {
        guard let value = payload[key] else { return nil }
        guard let object = value.objectValue else { throw missing(key) }
        return object
    }

    /// Absent: empty.
    func list<Element>(_ key: String, _ read: (JSONValue) -> Element?) throws(EventDecodingError) -> [Element] {
        guard let value = payload[key] else { return [] }
        guard let elements = value.arrayValue else { throw missing(key) }
        var list: [Element] = []
        list.reserveCapacity(elements.count)
        for element in elements {
            guard let element = read(element) else { throw missing(key) }
            list.append(element)
        }
        return list
    }

    func texts(_ key: String) throws(EventDecodingError) -> [String] { try list(key) { $0.stringValue } }

    func failure() throws(EventDecodingError) -> StepFailure {
        guard let failure = payload["failure"].flatMap(StepFailure.init(json:)) else { throw missing("failure") }
        return failure
    }

    func missing(_ key: String) -> EventDecodingError { EventDecodingError(kind: kind, reason: "'\(key)' is missing or wrong") }
}
