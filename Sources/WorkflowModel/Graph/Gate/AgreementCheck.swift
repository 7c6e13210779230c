import Expressions

/// The same question asked again, and the share of the answers that equal the one at hand, that one counted.
public final class AgreementCheck: Sendable {
    public enum Asked: Sendable, Hashable {
        /// Another tier, once.
        case tier(String)
        /// The model that answered, so often again.
        case samples(Int)
    }

    public let asked: Asked
    /// What is asked in place of the step's own prompt; `nil`: the same.
    public let prompt: Template?
    /// In place of the tier's and the step's; `nil`: theirs.
    public let temperature: Double?
    /// What of each answer is compared; `nil`: all of it. Reads the answer as `output`.
    public let on: Expression?
    /// The least share that passes, from 0 to 1; `nil`: more than half.
    public let minShare: Double?
    /// Whether it is asked together with the tier's first try, whatever the other checks may decide.
    public let startsEarly: Bool

    package init(asked: Asked, prompt: Template?, temperature: Double?, on: Expression?, minShare: Double?, startsEarly: Bool) {
        self.asked = asked
        self.prompt = prompt
        self.temperature = temperature
        self.on = on
        self.minShare = minShare
        self.startsEarly = startsEarly
    }
}
