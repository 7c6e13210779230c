/// A piece of an answer, as it came. Tool calls and what is sent back verbatim have none: they come whole, with the result.
public enum AnswerPiece: Sendable, Hashable {
    case text(String)
    case refusal(String)
    case reasoning(String)
}
