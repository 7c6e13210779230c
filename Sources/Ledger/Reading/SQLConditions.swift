import GRDB

/// The conditions of a query that are given, with their arguments in order.
struct SQLConditions {
    private var conditions: [String] = []
    private(set) var arguments = StatementArguments()

    /// - Parameter value: `nil` leaves the condition out.
    mutating func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        add(condition, [value])
    }

    mutating func add(_ condition: String, _ values: [any DatabaseValueConvertible]) {
        conditions.append(condition)
        arguments += StatementArguments(values)
    }

    var whereClause: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
}
