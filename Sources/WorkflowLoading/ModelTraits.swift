import Economics
import WorkflowModel

/// What is known of a model, for what is asked about gates.
public struct ModelTraits: Sendable, Hashable {
    /// Whether a model tells how likely its tokens were, as far as it was tried.
    public enum Logprobs: Sendable, Hashable {
        case yes, no, unknown
    }

    /// Of a million tokens of input, and of output; `nil`: there is none, or its machine is paid by the hour.
    public let prices: Prices?
    /// Whether it has a price of any kind.
    public let isPriced: Bool
    /// `nil`: it was not looked up.
    public let logprobs: Logprobs?

    public struct Prices: Sendable, Hashable {
        public let input: Money
        public let output: Money

        public init(input: Money, output: Money) {
            self.input = input
            self.output = output
        }
    }

    public init(prices: Prices?, isPriced: Bool, logprobs: Logprobs? = nil) {
        self.prices = prices
        self.isPriced = isPriced
        self.logprobs = logprobs
    }
}
