import Values

/// A list of values; one that came from JSON converts an element when it is read.
public struct CELList: Sendable, RandomAccessCollection {
    private enum Storage: Sendable {
        case values([CELValue])
        case json([JSONValue])
    }

    private let storage: Storage

    public init(_ values: [CELValue]) { storage = .values(values) }
    public init(_ elements: [JSONValue]) { storage = .json(elements) }

    public var startIndex: Int { 0 }
    public var endIndex: Int {
        switch storage {
        case .values(let values): values.count
        case .json(let elements): elements.count
        }
    }

    public subscript(position: Int) -> CELValue {
        switch storage {
        case .values(let values): values[position]
        case .json(let elements): CELValue(elements[position])
        }
    }

    /// The JSON that it wraps.
    var json: [JSONValue]? {
        if case .json(let elements) = storage { return elements }
        return nil
    }

    func appending(_ other: CELList) -> CELList {
        if let json, let more = other.json { return CELList(json + more) }
        return CELList(Array(self) + Array(other))
    }
}
