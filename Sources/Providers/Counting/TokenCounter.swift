import Economics
import Values
import WorkflowModel

/// A way to ask a server how many tokens the prompt of a request has, before the request is made: one question, or two where the first
/// answer is what the second is about.
protocol TokenCounter: Sendable {
    /// What a count is worth; `nil` where it cannot tell what the server would count.
    func basis(of request: WireRequest) -> Reservation.Basis?

    /// What is asked first.
    func question(_ request: WireRequest) -> CountQuestion

    /// What an answer means.
    ///
    /// - Parameter answer: the document of a success.
    /// - Returns: `nil`: nothing that was asked for stands in it.
    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep?
}

/// One request of a count.
struct CountQuestion: Sendable {
    /// What stands there.
    enum Place: Sendable {
        /// Below the provider's `base_url`.
        case api
        /// Below the server's root: `base_url` without its version.
        case root
        /// Where a vendor's own API stands, of which the one that is spoken is a part: `base_url` without its `/openai`.
        case besideOpenAI
    }

    let path: String
    var place = Place.api
    let body: [UInt8]
    /// The header of the key, where it is another one than that of calls.
    var keyHeader: String?
}

enum CountStep: Sendable {
    case tokens(Int)
    case ask(CountQuestion)
}

/// How a server counts, by the word of its entry's `dialect`.
enum TokenCounting: String, Sendable, Hashable, CaseIterable {
    /// It does not.
    case none
    /// By the endpoint that its API has for it.
    case api
    /// By `/apply-template` and `/tokenize` of llama.cpp's server.
    case llamaCpp = "llama.cpp"
    /// By `/tokenize` of vLLM's server.
    case vllm
    /// By `countTokens` of Google's Gemini API.
    case gemini

    /// What it can count.
    var reach: ModelProfile.Counting {
        switch self {
        case .none: .no
        case .api: .everything
        case .llamaCpp, .vllm, .gemini: .text
        }
    }
}

extension JSONValue {
    /// A number of tokens that a prompt can have.
    var tokenCount: Int? { intValue.map { Int($0) }.flatMap { $0 > 0 && $0 < TokenCount.most ? $0 : nil } }
}
