/// Reads the body of an answer of chat completions.
package typealias AnswerReader = BodyReader<ChatForm>
