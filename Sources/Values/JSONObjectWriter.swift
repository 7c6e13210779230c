/// Writes one JSON object straight to bytes, keys in the order of the calls: for the documents that every call makes,
/// which as a tree of values would be made only to be written.
///
/// What it writes equals `JSONEncoding.wire` of the same pairs. A key must not be put twice.
public struct JSONObjectWriter {
    @usableFromInline
    var bytes: [UInt8] = []

    public init(capacity: Int = 192) {
        bytes.reserveCapacity(capacity)
        bytes.append(UInt8(ascii: "{"))
    }

    /// The whole object.
    public consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    @usableFromInline
    mutating func key(_ key: StaticString) {
        let count = key.utf8CodeUnitCount
        // Behind the brace of this object, or of one inside it, stands no comma.
        let start = bytes[bytes.count - 1] == UInt8(ascii: "{") ? 0 : 1
        withUnsafeTemporaryAllocation(byteCount: count + 4, alignment: 1) { piece in
            piece[0] = UInt8(ascii: ",")
            piece[start] = UInt8(ascii: "\"")
            (piece.baseAddress! + start + 1).copyMemory(from: key.utf8Start, byteCount: count)
            piece[start + count + 1] = UInt8(ascii: "\"")
            piece[start + count + 2] = UInt8(ascii: ":")
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<(start + count + 3)]))
        }
    }

    public mutating func put(_ key: StaticString, _ text: String) {
        self.key(key)
        JSONEncoding.write(text, to: &bytes)
    }

    public mutating func put(_ key: StaticString, _ number: Int) {
        self.key(key)
        JSONEncoding.write(Int64(number), to: &bytes)
    }

    public mutating func put(_ key: StaticString, _ flag: Bool) {
        self.key(key)
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// In hexadecimal.
    public mutating func put(_ key: StaticString, _ hash: ContentHash) {
        self.key(key)
        bytes.append(UInt8(ascii: "\""))
        hash.writeHex(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func put(_ key: StaticString, _ value: JSONValue) {
        self.key(key)
        JSONEncoding.wire.write(value, to: &bytes)
    }

    /// A list of texts.
    public mutating func put(_ key: StaticString, _ texts: [String]) {
        self.key(key)
        bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONEncoding.write(text, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// A list of objects.
    @inlinable
    public mutating func put<Element>(_ key: StaticString, _ elements: [Element], _ write: (Element, inout JSONObjectWriter) -> Void) {
        self.key(key)
        bytes.append(UInt8(ascii: "["))
        for index in elements.indices {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "{"))
            write(elements[index], &self)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// A document that is JSON already.
    public mutating func put(_ key: StaticString, json document: [UInt8]) {
        self.key(key)
        bytes.append(contentsOf: document)
    }

    // Absent when there is no value.

    public mutating func put(_ key: StaticString, _ text: String?) { if let text { put(key, text) } }
    public mutating func put(_ key: StaticString, _ number: Int?) { if let number { put(key, number) } }
    public mutating func put(_ key: StaticString, _ flag: Bool?) { if let flag { put(key, flag) } }
    public mutating func put(_ key: StaticString, _ hash: ContentHash?) { if let hash { put(key, hash) } }
    public mutating func put(_ key: StaticString, _ value: JSONValue?) { if let value { put(key, value) } }
}
