/// What an answer is worth and what follows from it: the rules that a run was begun under and keeps for life, so that mended
/// verdicts do not change how an old run folds.
///
/// - 1: an answer without text is a success. That an answer was cut, or declined, follows from its finish reason.
/// - 2: what an answer is worth is decided before its `call_ended` and told by it, as a failure: `empty_answer`, `refusal`,
///   `truncated`. `limits.on_truncation` and `output.empty` say what is none.
/// - 3: a question has the tries of `retry` once: a server that was away and came back does not renew them, and tries that did not
///   reach it, which are free, are counted apart.
/// - 4: the document of an answer is read without the thinking in front of it, and out of the one fence in it.
public struct Rules: Sendable, Hashable, Comparable {
    public let version: Int

    public init(version: Int) { self.version = version }

    /// Of runs whose first fact names none.
    public static let first = Rules(version: 1)
    public static let current = Rules(version: 4)

    public static func < (a: Rules, b: Rules) -> Bool { a.version < b.version }
}
