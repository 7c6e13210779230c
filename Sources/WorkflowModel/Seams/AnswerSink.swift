/// Takes an answer while it comes. All that it got stands in the call's result again, which alone says what the answer is worth.
///
/// Whoever wants no more cancels the task of the call, and must then return from ``take(_:)`` soon: the call waits for it.
public protocol AnswerSink: Sendable {
    /// The first token has come, of whatever kind: once, before any piece, also where no piece can be told of it.
    func begin() async

    /// The next piece, in order, without secrets. Until it returns no further one comes, and no more is read from the server than fits
    /// into a buffer: who takes slowly slows the server down. The call's timeout goes on meanwhile.
    func take(_ piece: AnswerPiece) async
}

extension AnswerSink {
    public func begin() async {}
}
