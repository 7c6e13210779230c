import Testing
import Values
import WorkflowModel

@testable import Engine

/// What models write around a document is taken off without asking again.
@Suite struct AnswerDocumentTests {
    @Test(arguments: [
        #"{"a":1}"#, " \n{\"a\":1}\n", "```json\n{\"a\":1}\n```", "```\n{\"a\":1}\n```\n", "Here it is:\n\n```json\n{\"a\":1}\n```\nIs that right?", "<think>\nA one, {\"a\":2}?\n</think>\n\n{\"a\":1}",
        "<think>Hm.</think>```json\n{\"a\":1}\n```", "<thinking>Hm.</thinking> {\"a\":1}", "Hm, one.\n</think>\n{\"a\":1}", "<think></think>\n\nHere:\n```\n{\"a\":1}\n```",
    ])
    func theDocumentIsRead(answer: String) throws {
        #expect(try AnswerDocument.read(answer, rules: .current) == ["a": 1])
    }

    @Test func whatStandsInATextIsLeft() throws {
        let text = #"{"a":"<think>x</think> ```json\n{}\n```"}"#
        #expect(try AnswerDocument.read(text, rules: .current)["a"]?.stringValue == "<think>x</think> ```json\n{}\n```")
        #expect(try AnswerDocument.read("```json\n\(text)\n```", rules: .current)["a"] != nil)
        #expect(try AnswerDocument.read(#""<think>""#, rules: .current) == "<think>")
    }

    @Test(arguments: ["", "no", "<think>{\"a\":1}", "```json\n{\"a\":1}", "```\n{\"a\":1}\n```\n```\n{\"a\":2}\n```", "<think>x</think>", "{\"a\":1} and {\"a\":2}"])
    func whatIsNoDocumentIsNone(answer: String) {
        #expect(throws: JSONParseError.self) { try AnswerDocument.read(answer, rules: .current) }
    }

    /// Runs that were begun under other rules fold as they did.
    @Test func theRulesBeforeReadAFenceAlone() throws {
        let old = Rules(version: 3)
        #expect(try AnswerDocument.read("```json\n{\"a\":1}\n```", rules: old) == ["a": 1])
        #expect(throws: JSONParseError.self) { try AnswerDocument.read("<think>x</think>{\"a\":1}", rules: old) }
    }
}
