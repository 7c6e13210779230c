import PromptCaching
import Values
import WorkflowModel

/// The marks of a request as they are sent: the one look at them before the bytes are written, for every format, so that no API refuses a request for its marks.
///
/// A planner decides what is worth a mark. Here stands what an API takes: a mark is behind a block; there are no more than it takes; none lives longer than one before it.
struct CacheMarks {
    struct Mark: Equatable {
        /// The segment at whose end it stands; ``CacheInstructions/Mark/tools`` for the tools.
        let segment: Int
        let lifetime: CacheRules.Lifetime
    }

    let marks: [Mark]

    static let none = CacheMarks(marks: [])

    private init(marks: [Mark]) { self.marks = marks }

    /// - Parameters:
    ///   - places: the segments behind which a mark may stand, in order, with the bytes of the prompt up to there. A mark behind another one goes to the last of them before it, which
    ///     is where its block ends, or a shorter prefix.
    ///   - most: of those that the API takes; the rules' number where it is less.
    init(_ asked: [CacheInstructions.Mark], _ rules: CacheRules, at places: [(segment: Int, bytes: Int)], most: Int = .max) {
        guard case .marks(let limit) = rules.entries, !asked.isEmpty, !places.isEmpty else {
            self = .none
            return
        }
        var found: [(mark: Mark, bytes: Int)] = []
        // In the order of the prompt, whatever the order in which they are told; of two at one place the longer-lived.
        for mark in asked.sorted(by: { ($0.segment, $0.lifetime.milliseconds) < ($1.segment, $1.lifetime.milliseconds) }) {
            guard let place = places.last(where: { $0.segment <= mark.segment }), let lifetime = Self.lifetime(mark.lifetime, of: rules) else { continue }
            let new = (mark: Mark(segment: place.segment, lifetime: lifetime), bytes: place.bytes)
            if let last = found.last, last.mark.segment == place.segment {
                if lifetime.span > last.mark.lifetime.span { found[found.count - 1] = new }
            } else {
                found.append(new)
            }
        }
        // The one that saves the least: the shortest way to the mark before it. The last one says how much is written, and stays.
        while found.count > min(limit, most) {
            let ways = found.indices.dropLast().map { ($0, found[$0].bytes - ($0 > 0 ? found[$0 - 1].bytes : 0)) }
            found.remove(at: ways.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0 ?? 0)
        }
        // A longer one behind a shorter one lives as long as that.
        for index in found.indices.dropFirst() where found[index].mark.lifetime.span > found[index - 1].mark.lifetime.span {
            found[index].mark = Mark(segment: found[index].mark.segment, lifetime: found[index - 1].mark.lifetime)
        }
        marks = found.map(\.mark)
    }

    /// The shortest of the rules' that is long enough, or the longest.
    private static func lifetime(_ span: TimeSpan, of rules: CacheRules) -> CacheRules.Lifetime? { rules.lifetimes.last { $0.span >= span } ?? rules.lifetimes.first }

    /// The mark behind a segment.
    subscript(segment: Int) -> CacheRules.Lifetime? {
        // Four at the most.
        for mark in marks where mark.segment == segment { return mark.lifetime }
        return nil
    }
}

/// How the cache of a model is spoken to; one object for all requests of an endpoint.
final class CacheSpeech: Sendable {
    let rules: CacheRules

    init(_ rules: CacheRules) { self.rules = rules }
}
