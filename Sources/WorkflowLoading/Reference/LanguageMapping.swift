/// A mapping of the language: the keys that its reader takes, and what is said of each.
struct LanguageMapping: Sendable {
    /// What is said of one key.
    struct Key: Sendable {
        let name: String
        let shape: KeyShape
        let isRequired: Bool
        let defaultText: String?
        /// For people: one sentence, which editors show.
        let text: String

        init(_ name: String, _ shape: KeyShape, required: Bool = false, default defaultText: String? = nil, _ text: String) {
            self.name = name
            self.shape = shape
            isRequired = required
            self.defaultText = defaultText
            self.text = text
        }
    }

    let name: String
    /// The declarations that parsing goes by. A key of theirs of which nothing is said yet takes any value in an editor.
    let declared: [LanguageKey]
    let keys: [Key]
    /// Keys of which there must be exactly one.
    var oneOf: [String] = []
    /// Whether keys that begin with `x-` are the author's.
    var allowsExtensions = false

    static let workflow: [LanguageMapping] = [top, owner, tier, defaults, retry, limits, budget, decision, prefix, step, stepOutput, forEach, loop, approval, message, attachment, memo, onError]
    static let project: [LanguageMapping] = [projectTop, provider, apiKey, pricing, model, serve, dialect, price]
}
