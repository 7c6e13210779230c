/// The part of a call's tokens that one model used, where a server lets several work for one answer: Anthropic's `usage.iterations`, by which
/// a model that refuses is followed by another one, one asks a dearer one for advice, or a context is summed up in between.
public struct UsageShare: Sendable, Hashable {
    public enum Model: Sendable, Hashable {
        /// The one that was asked, by whatever name.
        case asked
        /// The one that the answer names.
        case served
        case named(String)
    }

    public let model: Model
    public var usage: TokenUsage

    public init(_ model: Model, _ usage: TokenUsage) {
        self.model = model
        self.usage = usage
    }
}
