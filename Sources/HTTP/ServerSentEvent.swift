/// One event of a `text/event-stream`.
public struct ServerSentEvent: Sendable, Hashable {
    /// The `event` field; `message` when there is none.
    public var name: String
    /// The `data` lines joined by newlines; bytes, as they mostly go on to a JSON parser.
    public var data: [UInt8]
    /// The last `id` seen in the stream, this event's or an earlier one's.
    public var id: String?

    public init(name: String = "message", data: [UInt8], id: String? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }

    /// `data` as text, with U+FFFD for what is not UTF-8.
    public var text: String { String(decoding: data, as: UTF8.self) }
}
