import TestSupport
import Values
import WorkflowModel

/// Changes a record as hands, bugs and broken disks do: facts are left out, doubled, exchanged, moved, cut off, mixed in from elsewhere, and
/// their fields are changed.
struct JournalMutator {
    var random: SeededGenerator
    let others: [EventRecord]

    mutating func mutate(_ events: [EventRecord]) -> [EventRecord] {
        var events = events
        for _ in 0..<Int.random(in: 1...3, using: &random) where !events.isEmpty {
            let place = Int.random(in: events.indices, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0: events.remove(at: place)
            case 1: events.insert(events[place], at: Int.random(in: place...events.count, using: &random))
            case 2: events.swapAt(place, Int.random(in: events.indices, using: &random))
            case 3:
                let moved = events.remove(at: place)
                events.insert(moved, at: Int.random(in: 0...events.count, using: &random))
            case 4: events.removeLast(events.count - place)
            case 5: events[place] = events[place].with(kind: (events + others).randomElement(using: &random)!.kind)
            case 6: events.insert(others.randomElement(using: &random)!, at: place)
            case 7: events[place] = events[place].with(at: Timestamp(microseconds: Int64.random(in: 0...4_000_000_000_000_000, using: &random)))
            default: events[place] = events[place].with(payload: changed(events[place].payload, (events + others).randomElement(using: &random)!.payload))
            }
        }
        return events.enumerated().map { $1.with(sequence: $0 + 1) }
    }

    /// One of the payload's fields is another.
    private mutating func changed(_ payload: JSONValue, _ other: JSONValue) -> JSONValue {
        guard var object = payload.objectValue, let key = object.keys.randomElement(using: &random) else { return payload }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: object[key] = nil
        case 1: object[key] = .null
        // What stands under that key elsewhere, so that it is of the right form.
        case 2, 3: object[key] = other[key] ?? object[key]
        case 4:
            guard let otherKey = other.objectValue?.keys.randomElement(using: &random) else { break }
            object[otherKey] = other[otherKey]
        default: object[key] = odd(object[key]!)
        }
        return .object(object)
    }

    private mutating func odd(_ value: JSONValue) -> JSONValue {
        switch value {
        case .int(let number):
            return .int([0, 1, -1, number &+ 1, number &- 1, .max, .min, 1 << 53, 1 << 40].randomElement(using: &random)!)
        case .double: return .double([0, -1, 1, 1e300, -1e300, 0.5].randomElement(using: &random)!)
        case .bool(let flag): return .bool(!flag)
        case .string(let text):
            return .string(["", text + "[0]", text + "/a", String(text.dropLast()), "9" + text.dropFirst(), "-1", "9223372.036854775807"].randomElement(using: &random)!)
        case .array(let elements): return .array(Array(elements.dropFirst()))
        case .object(let fields): return changed(.object(fields), .object(fields))
        default: return .int(7)
        }
    }
}

extension EventRecord {
    func with(sequence: Int? = nil, kind: String? = nil, payload: JSONValue? = nil, at: Timestamp? = nil) -> EventRecord {
        EventRecord(sequence: sequence ?? self.sequence, kind: kind ?? self.kind, payload: payload ?? self.payload, at: at ?? self.at, hash: hash)
    }
}
