/// The header fields of a response, in the order in which they came.
///
/// Kept as the bytes of the wire and read on demand: a call looks at three fields of twenty.
public struct HTTPHeaders: Sendable {
    /// Lines as received, each with its line end.
    var lines: [UInt8] = []

    init() {}

    /// The first value under `name`, which is compared without regard to case; `nil` when there is none.
    public subscript(name: String) -> String? {
        var name = name
        return name.withUTF8 { wanted in
            lines.withUnsafeBufferPointer { lines in
                var start = 0
                while let field = Self.field(in: lines, from: &start) {
                    guard field.name.count == wanted.count else { continue }
                    let matches = zip(field.name, wanted).allSatisfy { Self.lowercase($0) == Self.lowercase($1) }
                    if matches { return String(decoding: field.value, as: UTF8.self) }
                }
                return nil
            }
        }
    }

    /// All fields, names as the server wrote them.
    public var all: [(name: String, value: String)] {
        lines.withUnsafeBufferPointer { lines in
            var fields: [(String, String)] = []
            var start = 0
            while let field = Self.field(in: lines, from: &start) {
                fields.append((String(decoding: field.name, as: UTF8.self), String(decoding: field.value, as: UTF8.self)))
            }
            return fields
        }
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func field(in lines: UnsafeBufferPointer<UInt8>, from start: inout Int) -> (name: Bytes, value: Bytes)? {
        while start < lines.count {
            let end = lines[start...].firstIndex(of: UInt8(ascii: "\n")) ?? lines.count
            let line = lines[start..<end]
            start = end + 1
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            return (trim(line[..<colon]), trim(line[(colon + 1)...]))
        }
        return nil
    }

    private static func trim(_ bytes: Bytes) -> Bytes {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 || last == 0x0D { bytes = bytes.dropLast() }
        return bytes
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
