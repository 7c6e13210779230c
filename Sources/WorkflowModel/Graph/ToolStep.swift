/// A step that calls a tool of a server, with `with` as its arguments.
public final class ToolStep: Sendable {
    public let server: String
    public let tool: String

    package init(server: String, tool: String) {
        self.server = server
        self.tool = tool
    }
}
