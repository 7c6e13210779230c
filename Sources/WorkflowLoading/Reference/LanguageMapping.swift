import Values

/// A mapping of the language: its keys as they are read, checked, refused, completed by editors and documented. One declaration
/// serves all of it.
struct LanguageMapping: Sendable {
    /// What becomes of a key.
    enum Availability: Sendable {
        case runs
        /// Its declaration checks it, all the way down, and a workflow with it does not run, unless it has one of these values:
        /// they are what this version does anyway.
        case checked(unless: [JSONValue])
        /// Its declaration checks it, all the way down, and it runs, but for the keys below it that say otherwise.
        case declared
        /// A decoder reads it, and a workflow with it does not run.
        case decoded
    }

    /// What holds where a key is not there.
    enum Default: Sendable {
        /// A value, as the file would have it: the decoders take it from here.
        case value(JSONValue)
        /// What depends on other keys, or on where it runs, in words.
        case words(String)

        /// For people.
        var text: String {
            switch self {
            case .value(.array(let values)): values.map { $0.stringValue ?? $0.jsonText }.joined(separator: ", ")
            case .value(let value): value.stringValue ?? value.jsonText
            case .words(let text): text
            }
        }
    }

    struct Key: Sendable {
        let name: String
        let shape: KeyShape
        let isRequired: Bool
        let absent: Default?
        /// For people: one sentence, which editors show.
        let text: String
        private(set) var availability = Availability.runs
        /// The kinds of `LanguageMapping.oneOf` that it goes with; empty: with all.
        private(set) var kinds: [String] = []
        /// What expressions below it can read besides.
        private(set) var scope: [String] = []

        /// - Parameters:
        ///   - value: what it is where it is not there, as the file would have it.
        ///   - words: the same in words, where no value says it.
        init(
            _ name: String, _ shape: KeyShape, required: Bool = false, default value: JSONValue? = nil, otherwise words: String? = nil, _ text: String
        ) {
            self.name = name
            self.shape = shape
            isRequired = required
            absent = value.map(Default.value) ?? words.map(Default.words)
            self.text = text
        }

        var defaultText: String? { absent?.text }

        /// The value that it has where it is not there. Only such keys are asked of which the declaration has one.
        var defaultValue: JSONValue {
            guard case .value(let value)? = absent else { preconditionFailure("'\(name)' has no default value") }
            return value
        }

        /// Checked and not run, unless it has one of these values.
        func checked(unless values: JSONValue...) -> Key { changed { $0.availability = .checked(unless: values) } }
        func declared() -> Key { changed { $0.availability = .declared } }
        func decoded() -> Key { changed { $0.availability = .decoded } }
        func with(_ kinds: [String]) -> Key { changed { $0.kinds = kinds } }
        func reading(_ names: String...) -> Key { changed { $0.scope = names } }

        var runs: Bool {
            switch availability {
            case .runs, .declared: true
            case .checked, .decoded: false
            }
        }

        private func changed(_ change: (inout Key) -> Void) -> Key {
            var key = self
            change(&key)
            return key
        }
    }

    /// Keys that the author chooses behind a prefix of the language: `x-…`, `tag.…`.
    struct Extensions: Sendable {
        let prefix: String
        /// `nil`: they are the author's, and nobody reads them.
        let shape: KeyShape?
    }

    let name: String
    /// The mapping in messages: `a step`.
    let what: String
    let keys: [Key]
    /// Keys of which there must be exactly one.
    let oneOf: [String]
    let extensions: Extensions?
    /// What people write in place of the mapping, and what they mean by it: `max_attempts: {}` of `retry: 3`.
    let shorthand: String?

    init(
        _ name: String, what: String? = nil, _ keys: [Key], oneOf: [String] = [], extensions: Extensions? = nil,
        shorthand: String? = nil
    ) {
        self.name = name
        self.what = what ?? name
        self.keys = keys
        self.oneOf = oneOf
        self.extensions = extensions
        self.shorthand = shorthand
    }

    /// A mapping with some of the keys, in the order that is given.
    func only(_ names: String..., name: String? = nil) -> LanguageMapping {
        LanguageMapping(name ?? self.name, what: what, names.map { name in keys.first { $0.name == name }! }, shorthand: shorthand.flatMap { names.contains(String($0.prefix { $0 != ":" })) ? $0 : nil })
    }

    func key(_ name: String) -> Key? { keys.first { $0.name == name } }

    static let workflow: [LanguageMapping] = [
        top, owner, tier, defaults, retry, defaultLimits, limits, budget, band, decision, prefix, prefixCache, step, stepOutput, escalate, check, judgeOutput,
        judgeLimits, logprob, agree, exhausted, shadow, forEach,
        loop, approval, gateQuestion, message, attachment, memo, onError,
    ]
    static let project: [LanguageMapping] = [
        projectTop, provider, apiKey, pricing, model, modelCache, serve, dialect, price, adjustment, spending, selection, band, owner, alert, address, secret, telemetry,
    ]

    /// The mapping that `KeyShape.mapping` names.
    static func named(_ name: String) -> LanguageMapping {
        guard let mapping = workflow.first(where: { $0.name == name }) ?? project.first(where: { $0.name == name }) else {
            preconditionFailure("no mapping of the language is called \(name)")
        }
        return mapping
    }
}
