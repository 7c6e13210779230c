import WorkflowModel

extension ModelAPI {
    /// The code that speaks it.
    var format: any WireFormat {
        switch self {
        case .openAIChat: OpenAIChat()
        }
    }
}
