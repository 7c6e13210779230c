import Economics
import PromptCaching
import Values
import WorkflowModel

/// Asks models' servers for the tokens of prompts outside of runs: nothing of it is recorded.
public struct PromptCounter: Sendable {
    private let provider: any ModelProvider
    private let secrets: SecretBook

    /// - Parameter secrets: those that are known; a prompt that holds one is not sent.
    public init(_ provider: any ModelProvider, secrets: SecretBook) {
        self.provider = provider
        self.secrets = secrets
    }

    /// Makes the model reachable, which may start its server, and asks once.
    public func count(_ request: ModelRequest) async -> Result<TokenCount, StepFailure> {
        let profile: ModelProfile
        do throws(StepFailure) {
            profile = try provider.profile(of: request.model)
            guard profile.counting != .no else {
                throw StepFailure(.configuration, "\(request.model) has no way to count tokens", details: ["dialect: { count_tokens: … } in the provider's entry names one"])
            }
            try await provider.prepare(request.model)
            // Behind that the key of its provider is known, also where a program prints it.
            try StepFailure.refuseSecrets(in: request.segments, secrets.redactor)
        } catch { return .failure(error) }
        let result = await provider.count(request)
        let schemaBound = request.schema.map { TokenBound.inlineText($0.source.jsonText) } ?? 0
        return result.outcome.checked(against: RequestBound.tokens(of: request, profile, schemaBound: schemaBound)).mapError { StepFailure($0.kind, $0.message) }
    }
}

/// A prompt of one text.
public struct TextPrompt: Sendable {
    private let segments: [PromptSegment]
    public let bytes: Int
    /// The most tokens that it can have, as calls are reserved.
    public let bound: Int

    public init(_ text: String) {
        segments = [PromptSegment(role: .user, stability: .step, text: text, startsMessage: true, origin: "prompt")]
        bytes = text.utf8.count
        // Nothing is attached that could be without a bound.
        bound = RequestBound.inputTokens(segments, schemaBound: 0, support: .none) ?? RequestBound.unknownWindow
    }

    public func request(to model: ModelReference, timeout: TimeSpan) -> ModelRequest {
        ModelRequest(
            id: CallID(run: RunID("trial"), number: 0), model: model, segments: segments, sampling: Sampling(), maxOutputTokens: 1, schema: nil, schemaName: "",
            timeout: timeout)
    }
}
