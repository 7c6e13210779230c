import Values

/// The number of a `multipleOf`, ready to divide by in decimal: 0.07 is a multiple of 0.01.
struct Divisor: Sendable {
    let value: JSONValue
    private let decimal: Decimal
    /// `value` as `units / scale`, both exact, when it is of ordinary size.
    private let small: (units: Int64, scale: Double)?

    /// - Parameter value: a number above 0.
    init(_ value: JSONValue) {
        self.value = value
        decimal = Decimal(value)
        small = decimal.fraction
    }

    func divides(_ number: JSONValue) -> Bool {
        if case .int(let a) = number, case .int(let b) = value { return a % b == 0 }
        if let small, case .double(let number) = number {
            // A decimal of at most 15 digits is the shortest that reads back as its double, so if `number` is
            // `units / scale` at all, it is so for the nearest whole `units`, and dividing gives it back.
            let units = (number * small.scale).rounded()
            if units.magnitude < 1e15 { return units / small.scale == number && Int64(units) % small.units == 0 }
        }
        return Decimal(number).isMultiple(of: decimal)
    }
}
