import Values

/// What names a call within its run, whatever its number: the place that asks, the tier that is being decided, the part of the step
/// whose question it is, and the count of tries there.
public struct CallSite: Sendable, Hashable, CustomStringConvertible {
    /// Of the node, opaque to whoever makes the call.
    public let path: String
    public let tier: String
    /// Empty for the step's own question, else the name of a check or another part that asks.
    public let part: String
    /// Counts the calls at (path, tier, part) from 0, tries and repairs together.
    public let ordinal: Int

    public init(path: String, tier: String, part: String = "", ordinal: Int) {
        self.path = path
        self.tier = tier
        self.part = part
        self.ordinal = ordinal
    }

    /// The part that counts the tokens of another part's prompts: no check can have that name.
    public static func countPart(of part: String) -> String { part.isEmpty ? "(count)" : "\(part) (count)" }

    /// The part that asks a further tier for comparison, under that tier.
    public static let shadowPart = "shadow"

    /// The part that writes what the prompts of a step begin with to a cache, under the step's own path.
    public static let warmPart = "warm"

    /// Whether it is the part of counting calls.
    static func isCountPart(_ part: String) -> Bool { part.endsWithBytes(of: "(count)") }

    /// `gate/draft small judge #2`
    public var description: String { "\(path) \(tier)\(part.isEmpty ? "" : " \(part)") #\(ordinal)" }
}
