import Values

/// A map in order of writing. Keys are bools, ints, uints or strings; numbers are one key when they are equal (`1` and `1u`), strings when
/// their code points are.
public struct CELMap: Sendable {
    /// What makes two keys the same.
    private enum Key: Sendable, Hashable {
        case bool(Bool)
        case int(Int64)
        /// Beyond an int.
        case uint(UInt64)
        case string(TextKey)

        init?(_ value: CELValue) {
            switch value {
            case .bool(let value): self = .bool(value)
            case .int(let value): self = .int(value)
            case .uint(let value): self = Int64(exactly: value).map { .int($0) } ?? .uint(value)
            case .double(let value):
                if let int = Int64(exactly: value) { self = .int(int) } else if let uint = UInt64(exactly: value) { self = .uint(uint) } else { return nil }
            case .string(let value): self = .string(TextKey(value))
            default: return nil
            }
        }
    }

    private final class Entries: Sendable {
        let keys: [CELValue]
        let values: [CELValue]
        let positions: [Key: Int]

        init(keys: [CELValue], values: [CELValue], positions: [Key: Int]) {
            self.keys = keys
            self.values = values
            self.positions = positions
        }
    }

    private enum Storage: Sendable {
        case entries(Entries)
        case json(JSONObject)
    }

    private let storage: Storage

    public init(_ object: JSONObject) { storage = .json(object) }

    /// Later values win when a key stands twice.
    public init(_ pairs: some Sequence<(String, CELValue)>) {
        var keys: [CELValue] = []
        var values: [CELValue] = []
        var positions: [Key: Int] = [:]
        for (key, value) in pairs {
            if let position = positions[.string(TextKey(key))] {
                values[position] = value
            } else {
                positions[.string(TextKey(key))] = keys.count
                keys.append(.string(key))
                values.append(value)
            }
        }
        storage = .entries(Entries(keys: keys, values: values, positions: positions))
    }

    enum LiteralFault: Error {
        case duplicate(CELValue)
        case unsupported(CELValue)
    }

    /// A map literal: a key twice, or of a type that is no key, is an error.
    init(keys: [CELValue], values: [CELValue]) throws(LiteralFault) {
        var positions: [Key: Int] = [:]
        for (index, key) in keys.enumerated() {
            if case .double = key { throw .unsupported(key) }
            guard let normal = Key(key) else { throw .unsupported(key) }
            if positions.updateValue(index, forKey: normal) != nil { throw .duplicate(key) }
        }
        storage = .entries(Entries(keys: keys, values: values, positions: positions))
    }

    public var count: Int {
        switch storage {
        case .entries(let entries): entries.keys.count
        case .json(let object): object.count
        }
    }

    public var isEmpty: Bool { count == 0 }

    /// The value under a text key.
    public subscript(name: String) -> CELValue? {
        switch storage {
        case .entries(let entries): entries.positions[.string(TextKey(name))].map { entries.values[$0] }
        case .json(let object): object[name].map { CELValue($0) }
        }
    }

    /// The value under any key; `nil` also for what can be no key.
    public subscript(key: CELValue) -> CELValue? {
        if case .string(let name) = key { return self[name] }
        guard case .entries(let entries) = storage, let key = Key(key) else { return nil }
        return entries.positions[key].map { entries.values[$0] }
    }

    public var keys: [CELValue] {
        switch storage {
        case .entries(let entries): entries.keys
        case .json(let object): object.keys.map { .string($0) }
        }
    }

    /// The keys that are text, in order: what a misspelt field may have meant.
    var textKeys: [String] {
        keys.compactMap { if case .string(let key) = $0 { key } else { nil } }
    }

    /// The JSON that it wraps.
    var json: JSONObject? {
        if case .json(let object) = storage { return object }
        return nil
    }
}
