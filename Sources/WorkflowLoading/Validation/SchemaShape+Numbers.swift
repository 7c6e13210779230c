import Expressions
import JSONSchema
import Values

extension SchemaShape {
    /// The numbers that the schema allows; `nil` where its values are not only numbers, or null.
    var numbers: NumberRange? {
        let names = typeNames.filter { $0 != "null" }
        guard !names.isEmpty, names.allSatisfy({ $0 == "number" || $0 == "integer" }) else { return nil }
        if let values = closedValues?.filter({ !$0.isNull }).map(\.doubleValue), !values.isEmpty, !values.contains(nil) {
            return NumberRange(values.compactMap(\.self).min()!, values.compactMap(\.self).max()!)
        }
        func bound(_ key: String) -> Double? { source[key]?.doubleValue }
        let (low, openLow, high, openHigh) = (bound("minimum"), bound("exclusiveMinimum"), bound("maximum"), bound("exclusiveMaximum"))
        return NumberRange(
            max(low ?? -.infinity, openLow ?? -.infinity), min(high ?? .infinity, openHigh ?? .infinity), isLowOpen: openLow.map { $0 >= low ?? -.infinity } ?? false,
            isHighOpen: openHigh.map { $0 <= high ?? .infinity } ?? false)
    }

    /// What stands at a path of properties.
    func at(_ path: some Sequence<String>) -> SchemaShape? {
        var shape = self
        for name in path {
            guard let next = shape.property(name) else { return nil }
            shape = next
        }
        return shape
    }
}
