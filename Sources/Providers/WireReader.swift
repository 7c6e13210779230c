import WorkflowModel

/// Reads one answer as its bytes come, cut anywhere, whatever they are: nothing that is sent may trap it.
package protocol WireReader: Sendable {
    /// Takes a piece of the body. False when nothing more is wanted.
    mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool

    /// The body is over.
    ///
    /// - Parameter isCut: whether it broke off.
    mutating func end(isCut: Bool)

    /// Whether a token has come, of the answer or of the reasoning before it.
    var hasBegun: Bool { get }

    /// The pieces that came since they were last asked for; none unless ``ExpectedAnswer/recordsPieces``.
    mutating func takePieces() -> [AnswerPiece]

    /// What it all comes to, once the body is over.
    ///
    /// - Parameter transport: what ended the transfer, unless it ended by itself.
    func told(after transport: CallFailure?) -> WireAnswer
}

/// All that an answer told.
package struct WireAnswer {
    let outcome: Result<ModelResponse, CallFailure>
    /// Whether the counts in it can be final: those of an answer whose end was announced, or of an error that is all of a document.
    let isWhole: Bool
    let usage: UsageReader
    /// Of all that the model wrote, as far as that is understood.
    let outputBytes: Int
    /// Of all that it can have written: whatever came and is no frame.
    let receivedBytes: Int
    /// Of these, what came behind the last counts.
    let bytesBehindUsage: Int
    let modelServed: String?
    let otherModelsServed: [String]
    let notes: [CallNote]
    /// Whether any of it was an answer, and not an error or a page alone.
    let hasAnswer: Bool
    /// What came of the text, within the bounds of one; `nil`: none.
    let partialText: String?
}
