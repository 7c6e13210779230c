import Economics
import Values

/// What is asked of a person.
public enum QuestionKind: String, Sendable, Hashable {
    /// A step asks: `approve`.
    case step
    /// A call does not fit the run's cap.
    case money
    /// A gate asks which tier to take.
    case gate
    /// A budget has reached a band.
    case band
}

/// What the clock answers where nobody did in time.
public enum TimeoutAnswer: String, Sendable, Hashable, CaseIterable {
    case fail, approve, reject
    /// The best of what there is to choose from.
    case best
}

/// What a person is asked.
public struct ApprovalRequest: Sendable, Hashable {
    /// Counts the questions of one node, from 1.
    public let number: Int
    public let kind: QuestionKind
    /// Of the message, a JSON text.
    public let message: ContentHash
    /// When the answer of `on_timeout` is taken.
    public let until: Timestamp?
    public let onTimeout: TimeoutAnswer
    /// Where money is asked for: the cap of the run under which the call would fit, and what the call holds.
    public let cap: Money?
    public let asked: Money?
    /// Why it is asked, where the run itself came to ask: a stable word, and the same in a sentence.
    public let cause: String?
    public let reason: String?
    /// The message itself, where it is at hand; no part of the fact.
    public var text: String?

    public init(
        number: Int = 1, kind: QuestionKind? = nil, message: ContentHash, until: Timestamp?, onTimeout: TimeoutAnswer, cap: Money? = nil,
        asked: Money? = nil, cause: String? = nil, reason: String? = nil, text: String? = nil
    ) {
        self.number = number
        self.kind = kind ?? (cap == nil ? .step : .money)
        self.message = message
        self.until = until
        self.onTimeout = onTimeout
        self.cap = cap
        self.asked = asked
        self.cause = cause
        self.reason = reason
        self.text = text
    }
}

/// What was chosen of what a question leaves to choose from.
public enum ApprovalChoice: Sendable, Hashable {
    case approve, reject
    /// Of a gate's answers that of the highest tier which has one.
    case best
    /// Of a gate's answers that of this tier.
    case pick(tier: String)
    /// Another answer, which a person gave; of its JSON text.
    case value(ContentHash)

    /// The stable word of it.
    public var word: String {
        switch self {
        case .approve: "approve"
        case .reject: "reject"
        case .best: "best"
        case .pick: "pick"
        case .value: "value"
        }
    }

    public var tier: String? { if case .pick(let tier) = self { tier } else { nil } }
    public var value: ContentHash? { if case .value(let hash) = self { hash } else { nil } }

    /// `nil`: the word is none, or what belongs to it is missing.
    public init?(word: String, tier: String?, value: ContentHash?) {
        switch (word, tier, value) {
        case ("approve", _, _): self = .approve
        case ("reject", _, _): self = .reject
        case ("best", _, _): self = .best
        case ("pick", let tier?, _): self = .pick(tier: tier)
        case ("value", _, let hash?): self = .value(hash)
        default: return nil
        }
    }

    /// Whether a question of a kind leaves it to be chosen.
    public func answers(_ kind: QuestionKind) -> Bool {
        switch (self, kind) {
        case (.reject, _), (.approve, .step), (.approve, .money), (.approve, .band), (.best, .gate), (.pick, .gate), (.value, .gate): true
        case (.approve, .gate), (.best, _), (.pick, _), (.value, _): false
        }
    }
}

/// What a person answered, or the clock for them.
public struct ApprovalDecision: Sendable, Hashable {
    public let choice: ApprovalChoice
    /// Who says to have answered: a claim.
    public let by: String
    public let note: String?
    public let at: Timestamp
    /// Nobody answered in time.
    public let isTimeout: Bool
    /// The run's cap from now on, where another than the one that was asked for is granted.
    public let cap: Money?
    /// Whom the operating system knows to have answered; `nil`: the clock answered, or an earlier version recorded it.
    public let system: SystemUser?
    /// What the run's calls had cost when it was answered, and what counted against its cap.
    public let spent: Money?
    public let held: Money?
    /// What was asked; known once the run takes the answer, and to whoever answers what they were shown.
    public var question: ApprovalRequest?

    public init(
        _ choice: ApprovalChoice, by: String, note: String?, at: Timestamp, isTimeout: Bool = false, cap: Money? = nil, system: SystemUser? = nil,
        spent: Money? = nil, held: Money? = nil, question: ApprovalRequest? = nil
    ) {
        self.cap = cap
        self.choice = choice
        self.by = by
        self.note = note
        self.at = at
        self.isTimeout = isTimeout
        self.system = system
        self.spent = spent
        self.held = held
        self.question = question
    }

    public init(
        isApproved: Bool, by: String, note: String?, at: Timestamp, isTimeout: Bool = false, cap: Money? = nil, system: SystemUser? = nil,
        spent: Money? = nil, held: Money? = nil, question: ApprovalRequest? = nil
    ) {
        self.init(
            isApproved ? .approve : .reject, by: by, note: note, at: at, isTimeout: isTimeout, cap: cap, system: system, spent: spent, held: held, question: question)
    }

    /// Whether the run has what it asked for.
    public var isApproved: Bool { choice != .reject }

    /// The run's cap from now on, where money was asked for and is granted.
    public var raised: Money? { choice == .approve ? cap ?? question?.cap : nil }

    /// What came of it: `approved`, `rejected`, `small picked`, `a value given` or `timed out`.
    public var verdict: String { isTimeout ? "timed out" : word }

    private var word: String {
        switch choice {
        case .approve: "approved"
        case .reject: "rejected"
        case .best: "the best answer taken"
        case .pick(let tier): "\(tier) picked"
        case .value: "a value given"
        }
    }

    /// To whoever answers after it: `was answered already by ann: no`; of the clock `timed out already, taken as rejected`.
    public var objection: String {
        if isTimeout { return "timed out already" + (choice == .best ? "" : ", taken as \(word)") }
        let answer =
            switch choice {
            case .approve: "yes"
            case .reject: "no"
            case .best, .pick, .value: word
            }
        return "was answered already by \(by): \(answer)"
    }

    /// `rejected by ann: too dear`; of the clock `timed out, taken as rejected`.
    public var sentence: String {
        if isTimeout { return choice == .best ? "timed out, the best answer taken" : "timed out, taken as \(word)" }
        return "\(verdict) by \(by)" + (note.map { ": \($0)" } ?? "")
    }
}

/// Who runs a program, by the word of its operating system.
public struct SystemUser: Sendable, Hashable {
    /// The real user.
    public let uid: Int
    public let name: String?
    /// Who logged in, where the kernel keeps that: `sudo` and `su` do not change it.
    public let loginUID: Int?
    public let loginName: String?
    /// Who called `sudo`, by the environment: a claim.
    public let sudoUser: String?
    public let host: String

    public init(uid: Int, name: String?, loginUID: Int? = nil, loginName: String? = nil, sudoUser: String? = nil, host: String) {
        self.uid = uid
        self.name = name
        self.loginUID = loginUID
        self.loginName = loginName
        self.sudoUser = sudoUser
        self.host = host
    }

    public init?(json: JSONValue) {
        guard let uid = json["uid"]?.intValue, let host = json["host"]?.stringValue else { return nil }
        self.init(
            uid: Int(uid), name: json["user"]?.stringValue, loginUID: json["login_uid"]?.intValue.map(Int.init), loginName: json["login_user"]?.stringValue,
            sudoUser: json["sudo_user"]?.stringValue, host: host)
    }

    public var json: JSONValue {
        var object: JSONObject = ["uid": .int(Int64(uid))]
        object["user"] = name.map(JSONValue.string)
        object["login_uid"] = loginUID.map { .int(Int64($0)) }
        object["login_user"] = loginName.map(JSONValue.string)
        object["sudo_user"] = sudoUser.map(JSONValue.string)
        object["host"] = .string(host)
        return .object(object)
    }

    /// `root (uid 0) on build-3, logged in as ann (uid 1000), sudo from ann`.
    public var description: String {
        func named(_ name: String?, _ uid: Int) -> String { name.map { "\($0) (uid \(uid))" } ?? "uid \(uid)" }
        var text = "\(named(name, uid)) on \(host)"
        if let loginUID, loginUID != uid { text += ", logged in as \(named(loginName, loginUID))" }
        if let sudoUser, sudoUser != name { text += ", sudo from \(sudoUser)" }
        return text
    }

    /// For a column: `ann@build-3`.
    public var short: String { "\(name ?? "uid \(uid)")@\(host)" }
}

extension RunEvent {
    /// The fact with the message of a question beside its hash.
    public func tellingQuestions(_ text: (ContentHash) -> String?) -> RunEvent {
        guard case .approvalRequested(let path, var request) = self, request.text == nil else { return self }
        request.text = text(request.message)
        return .approvalRequested(path, request)
    }
}
