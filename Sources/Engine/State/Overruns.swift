import Economics
import WorkflowModel

/// What a run has learned of bounds that did not hold: of each model, the overrun that went furthest beyond its reservation. Later
/// reservations of that model grow in its measure, so that the same cannot happen twice.
///
/// It follows from the facts of calls alone, so that a process that goes on knows it too. Of tokens one stands for a pico-dollar.
struct Overruns {
    private var furthest: [ModelReference: (counted: Money, bound: Money)] = [:]

    /// - Parameters:
    ///   - bound: of the call, by what was known before any.
    ///   - counted: what counts for it from its end on.
    mutating func learn(of model: ModelReference, bound: Money, counted: Money) {
        guard counted > bound, bound > .zero else { return }
        if let known = furthest[model], Self.isFurther(known, (counted, bound)) { return }
        furthest[model] = (counted, bound)
    }

    /// - Parameter bound: by what is known before any call.
    func raised(_ bound: Money, of model: ModelReference) -> Money {
        guard !furthest.isEmpty, let far = furthest[model] else { return bound }
        return bound.scaled(far.counted, over: far.bound)
    }

    /// Where it is of tokens.
    func raised(_ tokens: Int, of model: ModelReference) -> Int {
        furthest.isEmpty ? tokens : Int(raised(Money(picoDollars: Int64(tokens)), of: model).picoDollars)
    }

    /// a / b >= c / d, without rounding.
    private static func isFurther(_ a: (counted: Money, bound: Money), _ b: (counted: Money, bound: Money)) -> Bool {
        let left = a.counted.picoDollars.magnitude.multipliedFullWidth(by: b.bound.picoDollars.magnitude)
        let right = b.counted.picoDollars.magnitude.multipliedFullWidth(by: a.bound.picoDollars.magnitude)
        return (left.high, left.low) >= (right.high, right.low)
    }
}
