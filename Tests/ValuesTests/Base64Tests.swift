import Foundation
import Testing
import Values

@Suite struct Base64Tests {
    @Test func everyLengthAndEveryByte() {
        for count in 0...260 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            var output = Array("x".utf8)
            Base64.write(bytes, to: &output)
            #expect(String(decoding: output, as: UTF8.self) == "x" + Data(bytes).base64EncodedString())
            #expect(output.count == 1 + Base64.size(of: bytes))
        }
    }
}
