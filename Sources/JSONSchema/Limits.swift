import Values

/// What one compilation or one validation may spend, so that no schema and no answer can stop a run.
enum Limits {
    /// Levels of arrays and objects inside each other, as in the parser of `Values`.
    static let nesting = 256
    /// Schemas being applied inside each other: what the stack has to hold, at one to two kilobytes each.
    static let applications = 1000
    /// Units of work of one validation; one schema applied to one value is one unit. About half a second at worst.
    static let work = 2_000_000
    /// What it costs to begin a match, in units of work: many patterns over many short names are nothing but beginnings.
    static let patternStart = 5
    /// Steps of a pattern that cost as much as one unit of work.
    static let patternStepsPerUnit = 8
    /// Instructions of one compiled pattern.
    static let patternSize = 20_000
    /// Groups inside each other in one pattern.
    static let patternNesting = 64
    /// Problems listed per validation: enough to mend any answer, and a bounded text.
    static let violations = 100

    /// Whether arrays and objects stand in each other deeper than `nesting`.
    static func exceedsNesting(_ value: JSONValue, from depth: Int = 0) -> Bool {
        switch value {
        case .array(let elements):
            return depth >= nesting || elements.contains { exceedsNesting($0, from: depth + 1) }
        case .object(let object):
            return depth >= nesting || object.values.contains { exceedsNesting($0, from: depth + 1) }
        default:
            return false
        }
    }
}
