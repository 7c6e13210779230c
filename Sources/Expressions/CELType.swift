/// The types of CEL values, as `type(x)` answers them.
public enum CELType: String, Sendable, Hashable, CaseIterable {
    case null = "null_type"
    case bool, int, uint, double, string, bytes, list, map, type
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
    case unknown

    /// How messages call it: `timestamp` rather than `google.protobuf.Timestamp`.
    public var shortName: String {
        switch self {
        case .null: "null"
        case .timestamp: "timestamp"
        case .duration: "duration"
        default: rawValue
        }
    }

    /// `an int`, `a string`, `null`.
    var withArticle: String {
        switch self {
        case .null: "null"
        case .int, .unknown: "an \(rawValue)"
        default: "a \(shortName)"
        }
    }

    /// The type that a plain identifier denotes.
    init?(identifier: String) {
        guard identifier != "unknown", !identifier.contains("."), let type = CELType(rawValue: identifier) else { return nil }
        self = type
    }
}
