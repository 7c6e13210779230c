/// The names that an expression may read. Only roots are asked for: of `steps.draft.output`, `steps`.
public protocol Bindings {
    /// The value of a name; `nil` when there is no such name; `.unknown` when it is not known yet.
    func value(named name: String) -> CELValue?

    /// The names there are, for did-you-mean. Asked only when an evaluation fails.
    var names: [String] { get }
}

extension Bindings {
    public var names: [String] { [] }
}
