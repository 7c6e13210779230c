/// Whether an answer comes with the log-probabilities of its tokens.
public enum LogprobSupport: String, Sendable, Hashable, CaseIterable {
    case yes, no, unknown
}

/// What is known of a model's log-probabilities, and since when.
public struct LogprobRule: Sendable, Hashable {
    /// When they come.
    public enum Condition: String, Sendable, Hashable, CaseIterable {
        case always = "yes"
        case never = "no"
        /// As long as no effort of reasoning is asked for: without a word the model does not reason.
        case unlessReasoning = "unless_reasoning"
        /// Where reasoning is switched off. What the model does without a word is not known.
        case withoutReasoning = "without_reasoning"
        case unknown
    }

    public let condition: Condition
    /// Where it was read: a page, a package with its version, or the project file.
    public let source: String
    /// The day on which it was looked at; empty for what a project says.
    public let checkedAt: String

    public init(_ condition: Condition, source: String = "", checkedAt: String = "") {
        self.condition = condition
        self.source = source
        self.checkedAt = checkedAt
    }

    public static let unknown = LogprobRule(.unknown)

    /// What holds for a call.
    ///
    /// - Parameter reasoning: what the call asks for: an effort, a budget of tokens, `none`; `nil` without a word.
    public func support(reasoning: String?) -> LogprobSupport {
        switch condition {
        case .always: .yes
        case .never: .no
        case .unknown: .unknown
        case .unlessReasoning: reasoning == nil || reasoning == "none" ? .yes : .no
        case .withoutReasoning: reasoning == "none" ? .yes : reasoning == nil ? .unknown : .no
        }
    }

    /// What is wrong with asking for them, or not known of it, and what to write; `nil` where nothing is.
    ///
    /// - Parameters:
    ///   - model: `provider/model`, as the workflow names it.
    ///   - reasoning: as for ``support(reasoning:)``.
    public func problem(of model: String, reasoning: String?) -> (message: String, hint: String)? {
        let place = checkedAt.isEmpty ? source : "\(source), \(checkedAt)"
        let seen = place.isEmpty ? "" : " (\(place))"
        let says = "say logprobs: true in the model's entry of the project file"
        switch (support(reasoning: reasoning), condition) {
        case (.yes, _): return nil
        case (.no, .never): return ("\(model) gives no log-probabilities\(seen)", "take logprobs out, or name a model that gives them; if this one does by now, \(says)")
        case (.no, _): return ("\(model) gives log-probabilities only without reasoning\(seen)", "write reasoning: none, or take logprobs out")
        case (.unknown, .withoutReasoning): return ("\(model) gives log-probabilities only without reasoning\(seen), and what it does without a word is not known", "write reasoning: none")
        case (.unknown, _): return ("whether \(model) gives log-probabilities is not known", "try it with one call, and \(says), or false")
        }
    }
}
