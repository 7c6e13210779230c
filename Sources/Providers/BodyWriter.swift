import PromptCaching
import Values
import WorkflowModel

/// Writes the JSON of a request straight to bytes, in the order in which it is told: equal requests have equal bytes.
struct BodyWriter {
    private var output: [UInt8] = []
    /// Whether what comes next in this object or list is the first.
    private var isFirst = true

    init(capacity: Int) {
        output.reserveCapacity(capacity)
        output.append(UInt8(ascii: "{"))
    }

    /// Room for a request's prompt.
    static func capacity(for request: ModelRequest) -> Int {
        512 + request.segments.reduce(0) { $0 + $1.text.utf8.count + 64 + ($1.attachment.map { Base64.size(of: $0.bytes) + 256 } ?? 0) }
    }

    mutating func finish() -> [UInt8] {
        output.append(UInt8(ascii: "}"))
        return output
    }

    mutating func open() {
        output.append(UInt8(ascii: "{"))
        isFirst = true
    }

    mutating func close() {
        output.append(UInt8(ascii: "}"))
        isFirst = false
    }

    mutating func key(_ name: StaticString) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        output.append(UInt8(ascii: "\""))
        output.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        output.append(contentsOf: "\":".utf8)
    }

    mutating func value(_ text: String) { JSONEncoding.write(text, to: &output) }
    mutating func value(_ number: Int) { JSONEncoding.write(Int64(number), to: &output) }
    mutating func value(_ json: JSONValue) { JSONEncoding.wire.write(json, to: &output) }

    mutating func value(base64 bytes: [UInt8]) {
        output.append(UInt8(ascii: "\""))
        Base64.write(bytes, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    mutating func value(dataURL attachment: PromptAttachment) {
        output.append(contentsOf: "\"data:".utf8)
        output.append(contentsOf: attachment.type.rawValue.utf8)
        output.append(contentsOf: ";base64,".utf8)
        Base64.write(attachment.bytes, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    mutating func list<Elements: Sequence>(_ elements: Elements, _ write: (Elements.Element, inout BodyWriter) -> Void) {
        output.append(UInt8(ascii: "["))
        var isBegun = false
        for element in elements {
            if isBegun { output.append(UInt8(ascii: ",")) }
            isBegun = true
            write(element, &self)
        }
        output.append(UInt8(ascii: "]"))
        isFirst = false
    }
}
