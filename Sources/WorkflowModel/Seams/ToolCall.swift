/// A tool that a model wants called.
public struct ToolCall: Sendable, Hashable {
    /// The server's own, by which the result is sent back; `nil`: it gave none.
    public let id: String?
    public let name: String
    /// As the model wrote them: mostly an object of JSON, of which a cut answer may have the beginning only.
    public let arguments: String

    public init(id: String? = nil, name: String, arguments: String = "") {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
