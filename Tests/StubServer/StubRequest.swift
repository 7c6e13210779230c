import Values

/// One request as the stub server read it.
public struct StubRequest: Sendable {
    public let method: String
    /// The request target without scheme and authority, which a proxy's requests carry, and without the query.
    public let path: String
    /// As it stood in the request line.
    public let target: String
    /// Header lines with their line ends; read on demand.
    public let headerLines: [UInt8]
    /// Decoded from chunks where it came in chunks.
    public let body: [UInt8]
    /// From 1, over all connections.
    public let number: Int
    /// From 1, in order of acceptance.
    public let connection: Int

    /// The first value of a header, by any case of its name.
    public func header(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { name in
            headerLines.withUnsafeBufferPointer { HeaderLines.value(of: name, in: $0).map { String(decoding: $0, as: UTF8.self) } }
        }
    }

    /// The body as JSON; `nil` when it is none.
    public var json: JSONValue? { try? JSONParser.parse(body) }
    /// What `x-agentctl-call-id` says.
    public var callID: String? { header("x-agentctl-call-id") }
}

enum HeaderLines {
    /// The first value under `name`, trimmed.
    static func value(of name: UnsafeBufferPointer<UInt8>, in lines: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        var start = 0
        while start < lines.count {
            var end = start
            while end < lines.count, lines[end] != 0x0A { end += 1 }
            if end - start > name.count, lines[start + name.count] == UInt8(ascii: ":") {
                var index = 0
                while index < name.count, lower(lines[start + index]) == lower(name[index]) { index += 1 }
                if index == name.count {
                    var from = start + name.count + 1
                    var to = end
                    while from < to, lines[from] == 0x20 { from += 1 }
                    while to > from, lines[to - 1] == 0x0D || lines[to - 1] == 0x20 { to -= 1 }
                    return UnsafeBufferPointer(rebasing: lines[from..<to])
                }
            }
            start = end + 1
        }
        return nil
    }

    static func value(of name: StaticString, in lines: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        value(of: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), in: lines)
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
