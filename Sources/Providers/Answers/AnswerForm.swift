import Values

/// What the documents of an API's answers mean: a whole answer, or the events of a stream, one at a time and in any shape that a server
/// sends. What has no meaning to it, it counts: nothing that came is free.
package protocol AnswerForm: Sendable {
    init(_ expected: ExpectedAnswer)

    /// Whether a document is an answer, or a piece of one.
    static func isOfAnswer(_ document: JSONValue) -> Bool
    /// Whether it is an answer from its beginning to its end.
    static func isWhole(_ document: JSONValue) -> Bool
    /// Whether it is a piece of a stream, which is no more whole by being alone.
    static func isPiece(_ document: JSONValue) -> Bool
    /// A text that every answer has, by which one is told from a web page.
    static var mark: String { get }
    /// Whether a stream ends with an event of its own. What counts tell before it may grow.
    static var hasLastEvent: Bool { get }
    /// What to say of a document without an answer; of `null` where there is no document.
    static func noAnswer(_ document: JSONValue) -> String
    /// What to say of an answer without any content.
    static var noContent: String { get }

    /// Takes a document in its turn.
    ///
    /// - Parameter isError: whether it tells of an error, which is taken already.
    mutating func take(_ document: JSONValue, isError: Bool, into answer: inout GatheredAnswer)
    /// Counts a document that comes when nothing is read any more.
    mutating func count(_ document: JSONValue, into answer: inout GatheredAnswer)
    /// After the last document.
    mutating func close(_ answer: inout GatheredAnswer)
}
