import Expressions
import Values

/// One look at an answer, with a name. What it finds is `checks.NAME.passed`, `.score` and `.output`.
public final class GateCheck: Sendable {
    public enum Kind: Sendable {
        /// True passes; reads the answer as `output`.
        case expression(Expression)
        /// Bounds on the log-probabilities of the answer's tokens.
        case logprob(LogprobCheck)
        /// A model is asked about the answer.
        case judge(JudgeCheck)
        /// Models are asked the same question again, and their answers compared.
        case agreement(AgreementCheck)
        /// A program looks at the answer.
        case command(VerifierCheck)
    }

    public let name: String
    public let kind: Kind
    /// Whether it runs although `accept` does not need it.
    public let isRecorded: Bool
    /// The checks that it reads, in the order of the file: they come before it. Never in a circle.
    public let reads: [String]
    public let range: SourceRange?

    package init(name: String, kind: Kind, isRecorded: Bool, reads: [String], range: SourceRange?) {
        self.name = name
        self.kind = kind
        self.isRecorded = isRecorded
        self.reads = reads
        self.range = range
    }
}

extension GateCheck.Kind {
    /// As tables and rows show it.
    public var name: String {
        switch self {
        case .expression: "expr"
        case .logprob: "logprob"
        case .judge: "judge"
        case .agreement: "agree"
        case .command: "run"
        }
    }
}
