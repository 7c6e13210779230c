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

/// What a person is asked.
public struct ApprovalRequest: Sendable, Hashable {
    /// Counts the questions of one node, from 1.
    public let number: Int
    public let kind: QuestionKind
    /// Of the message, a JSON text.
    public let message: ContentHash
    /// When the answer of `on_timeout` is taken.
    public let until: Timestamp?
    public let onTimeout: ApprovalStep.OnTimeout
    /// Where money is asked for: the cap of the run under which the call would fit, and what the call holds.
    public let cap: Money?
    public let asked: Money?
    /// The message itself, where it is at hand; no part of the fact.
    public var text: String?

    public init(
        number: Int = 1, kind: QuestionKind? = nil, message: ContentHash, until: Timestamp?, onTimeout: ApprovalStep.OnTimeout, cap: Money? = nil,
        asked: Money? = nil, text: String? = nil
    ) {
        self.number = number
        self.kind = kind ?? (cap == nil ? .step : .money)
        self.message = message
        self.until = until
        self.onTimeout = onTimeout
        self.cap = cap
        self.asked = asked
        self.text = text
    }
}

/// What a person answered, or the clock for them.
public struct ApprovalDecision: Sendable, Hashable {
    public let isApproved: Bool
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
    /// What was asked; known once the run takes the answer.
    public var question: ApprovalRequest?

    public init(
        isApproved: Bool, by: String, note: String?, at: Timestamp, isTimeout: Bool = false, cap: Money? = nil, system: SystemUser? = nil,
        spent: Money? = nil, held: Money? = nil, question: ApprovalRequest? = nil
    ) {
        self.cap = cap
        self.isApproved = isApproved
        self.by = by
        self.note = note
        self.at = at
        self.isTimeout = isTimeout
        self.system = system
        self.spent = spent
        self.held = held
        self.question = question
    }

    /// The run's cap from now on, where money was asked for and is granted.
    public var raised: Money? { isApproved ? cap ?? question?.cap : nil }

    /// The word of the choice: `approve` or `reject`.
    public var choice: String { isApproved ? "approve" : "reject" }

    /// The word of what came of it: `approved`, `rejected` or `timed out`.
    public var verdict: String { isTimeout ? "timed out" : isApproved ? "approved" : "rejected" }

    /// `rejected by ann: too dear`; of the clock `timed out, taken as rejected`.
    public var sentence: String {
        if isTimeout { return "timed out, taken as \(isApproved ? "approved" : "rejected")" }
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
