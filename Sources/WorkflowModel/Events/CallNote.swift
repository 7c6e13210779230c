import Values

/// What is to be said of a call beside its outcome: why its cost is an estimate, that another model answered than was asked, a
/// word that nobody knows. Recorded with its end and shown with it.
public struct CallNote: Sendable, Hashable {
    /// A stable word, fit for grouping. Not a closed set: a record may be of a newer program.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The server did not say what the call used, or not all of it.
        public static let usageMissing = Code(rawValue: "usage_missing")
        /// What it said cannot be true.
        public static let usageDoubtful = Code(rawValue: "usage_doubtful")
        /// The cost is an estimate, and above what was held.
        public static let estimateAboveHold = Code(rawValue: "estimate_above_hold")
        /// It had more tokens than were held for it.
        public static let tokensAboveHold = Code(rawValue: "tokens_above_hold")
        /// Another model answered than was asked.
        public static let servedModel = Code(rawValue: "served_model")
        /// It was served on terms that have no price of their own.
        public static let servedTerms = Code(rawValue: "served_terms")
        /// Something that it was billed for has no price.
        public static let priceMissing = Code(rawValue: "price_missing")
        /// The server named an end that is not known.
        public static let finishReason = Code(rawValue: "finish_reason")
        /// The server reported an error behind the end of a whole answer.
        public static let lateError = Code(rawValue: "late_error")
        /// A setting that the API has no word for was not sent.
        public static let settingsNotSent = Code(rawValue: "settings_not_sent")

        /// The server's own figure for the cost is another one than ours, or cannot be one.
        public static let reportedCost = Code(rawValue: "reported_cost")
        /// How many tokens a prompt has that was counted.
        public static let tokensCounted = Code(rawValue: "tokens_counted")
        /// They could not be counted.
        public static let countFailed = Code(rawValue: "count_failed")

        /// Whether whoever watches the run is told.
        public var isWarning: Bool { [.usageDoubtful, .servedModel, .priceMissing, .finishReason, .lateError, .countFailed].contains(self) }
    }

    public let code: Code
    /// One sentence for people, without a full stop.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public init?(json: JSONValue) {
        guard let code = json["code"]?.stringValue, let message = json["message"]?.stringValue else { return nil }
        self.init(Code(rawValue: code), message)
    }

    /// A list of them as it is stored with a call.
    public static func json(_ notes: [CallNote]) -> JSONValue {
        .array(notes.map { ["code": .string($0.code.rawValue), "message": .string($0.message)] })
    }

    /// Whether the cost that is recorded with these is an estimate, though the call's state alone does not say so.
    public static func tellOfEstimate(_ notes: [CallNote]) -> Bool { notes.contains { $0.code == .estimateAboveHold } }

    public static func list(_ json: JSONValue?) -> [CallNote] { (json?.arrayValue ?? []).compactMap(CallNote.init(json:)) }
}
