import Values

/// A cap on tokens that a call draws on: those of its prompt and of its answer together.
public struct TokenCap: Sendable, Hashable {
    /// ``BudgetRefusal/runScope``, or the path of the step whose cap it is.
    public let scope: String
    public let cap: Int

    public init(scope: String, cap: Int) {
        self.scope = scope
        self.cap = cap
    }

    /// What is behind the scope in the key of its counter. No path holds it.
    public static let mark = "#tokens"

    /// Of its counter, which stands beside that of a cap on cost of the same scope.
    public var key: String { scope + Self.mark }

    /// What a counter of that key counts, as its row says it.
    public static func unit(ofKey key: String) -> String { scope(ofKey: key) == nil ? "usd" : "tokens" }

    /// The scope of a counter's key; `nil`: it counts no tokens.
    public static func scope(ofKey key: String) -> String? { key.utf8.hasSuffix(mark.utf8) ? String(key.utf8.dropLast(mark.utf8.count)) : nil }
}

extension String.UTF8View {
    fileprivate func hasSuffix(_ suffix: String.UTF8View) -> Bool { count >= suffix.count && dropFirst(count - suffix.count).elementsEqual(suffix) }
}

/// What is held of tokens for a call: the most that its prompt and its answer can come to.
public struct TokenHold: Sendable, Hashable {
    public let held: Int
    /// What would be held by what is known before any call, where more is held since one of its model went beyond that.
    public let bound: Int?
    /// What is to be left for the rest of the run under its own cap; `nil`: nothing.
    public let room: Int?
    public let caps: [TokenCap]

    public init(held: Int, bound: Int? = nil, room: Int? = nil, caps: [TokenCap]) {
        self.held = held
        self.bound = bound
        self.room = room
        self.caps = caps
    }
}
