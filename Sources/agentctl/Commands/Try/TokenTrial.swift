import Economics
import Engine
import Providers
import Reports
import Values
import WorkflowModel

/// What is known of the tokens of a text for a model: by its server, by the ledger, by its bytes.
struct TokenTrial {
    private let reference: ModelReference
    private let composition: Composition
    private let prompt: TextPrompt
    /// The model's name on the wire, by which it is priced.
    private let served: String

    /// How long a server is waited for.
    private static let timeout = TimeSpan.seconds(30)

    /// - Throws: `StepFailure` where there is no such provider or model.
    init(_ text: String, of reference: ModelReference, _ composition: Composition) throws(StepFailure) {
        self.reference = reference
        self.composition = composition
        prompt = TextPrompt(text)
        served = try ProviderDirectory(composition.settings.project.providers).entry(of: reference).model?.id ?? reference.model
    }

    /// - Parameters:
    ///   - counter: asks servers; `nil`: none is asked.
    ///   - archive: of earlier calls; `nil`: there is none.
    func report(counter: PromptCounter?, archive: (any RunArchive)?) async throws -> TokenReport {
        var notes: [String] = []
        let ratio = try? await archive?.tokenRatio(of: reference)
        var tokens = PromptTokens(bytes: prompt.bytes, ratio)
        var bound = prompt.bound
        if let counter {
            let counted = await counter.count(prompt.request(to: reference, timeout: Self.timeout))
            switch counted {
            case .success(let count):
                tokens = PromptTokens(count)
                bound = min(bound, count.bound)
            case .failure(let failure): notes.append("not counted: \(failure.message)" + failure.details.map { "; \($0)" }.joined())
            }
        }
        let sheet = composition.prices.sheet(provider: reference.provider, model: served, at: .now())
        func cost(_ count: Int) -> Money? { sheet.map { $0.cost(of: TokenUsage(plainInput: count, plainOutput: 0), busy: .milliseconds(0)).total } }
        if sheet == nil { notes.append("\(reference) has no known price; add one under prices: in the project file, or with agentctl prices add") }
        if sheet?.isMachineTime == true { notes.append("its machine is charged by the time that a call keeps it busy") }
        return TokenReport(
            model: "\(reference)", bytes: prompt.bytes, tokens: tokens, byteBound: prompt.bound, bound: bound, ratio: ratio, cost: cost(tokens.tokens),
            boundCost: cost(bound), notes: notes)
    }
}
