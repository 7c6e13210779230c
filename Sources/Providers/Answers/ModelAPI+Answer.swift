import Values
import WorkflowModel

extension ModelAPI {
    /// The API that an answer is of; `nil`: of none that is known.
    init?(ofAnswer document: JSONValue) {
        if document["choices"]?.arrayValue != nil {
            self = .openAIChat
        } else if document["object"] == "response" || document["type"]?.stringValue?.hasPrefix("response.") == true {
            self = .openAIResponses
        } else if document["type"] == "message" || document["type"] == "message_start" {
            self = .anthropic
        } else {
            return nil
        }
    }

    /// What a wrong `api` in a provider's entry looks like: behind the sentence that a document is no answer.
    func hint(where document: JSONValue) -> String {
        guard let other = ModelAPI(ofAnswer: document), other != self else { return "" }
        return "; it is one of another API: api: \(other.rawValue) in the provider's entry reads it"
    }
}
