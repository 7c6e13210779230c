import Glibc

/// One accepted connection: what was read and not yet understood, what is to be written, and the answer under way.
final class StubConnection {
    enum Phase {
        case idle
        /// The answer waits for its latency.
        case waiting
        /// So many chunks of the answer have been sent.
        case streaming(Int)
        /// The answer is written, or never will be.
        case ending
    }

    let descriptor: Int32
    let number: Int
    var phase = Phase.idle
    var response: StubResponse?
    /// What the cache takes when the answer begins.
    var write: StubPromptCache.Write?
    var input: [UInt8] = []
    var output: [UInt8] = []
    var outputOffset = 0
    var closesWhenWritten = false
    /// Whether requests are being taken from `input`.
    var isDraining = false
    /// What epoll watches for.
    var mask = Epoll.readable

    init(descriptor: Int32, number: Int) {
        self.descriptor = descriptor
        self.number = number
    }

    /// A request cut out of the bytes read.
    struct Message {
        var method: String
        var target: String
        var headerLines: [UInt8]
        var body: [UInt8]
        /// Bytes that it took.
        var length: Int
    }

    enum Parsed {
        case incomplete
        case malformed
        case message(Message)
    }

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Parsed {
        guard !bytes.isEmpty else { return .incomplete }
        guard let headEnd = endOfHead(bytes) else { return bytes.count > 1 << 20 ? .malformed : .incomplete }
        guard let lineEnd = bytes.firstIndex(of: 0x0D), let firstSpace = bytes[..<lineEnd].firstIndex(of: 0x20),
            let secondSpace = bytes[(firstSpace + 1)..<lineEnd].firstIndex(of: 0x20)
        else { return .malformed }
        let lines = UnsafeBufferPointer(rebasing: bytes[(lineEnd + 2)..<max(headEnd - 2, lineEnd + 2)])
        var message = Message(
            method: String(decoding: bytes[..<firstSpace], as: UTF8.self),
            target: String(decoding: bytes[(firstSpace + 1)..<secondSpace], as: UTF8.self),
            headerLines: Array(lines), body: [], length: headEnd)
        if let digits = HeaderLines.value(of: "content-length", in: lines) {
            guard let count = length(digits, radix: 10) else { return .malformed }
            guard bytes.count >= headEnd + count else { return .incomplete }
            message.body = Array(bytes[headEnd..<headEnd + count])
            message.length += count
        } else if HeaderLines.value(of: "transfer-encoding", in: lines) != nil {
            return chunked(bytes, message)
        }
        return .message(message)
    }

    /// The index after the blank line.
    private static func endOfHead(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 3
        while index < bytes.count {
            switch bytes[index] {
            case 0x0A:
                if bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D { return index + 1 }
                // The blank line's feed is two after this one at the earliest.
                index += 2
            case 0x0D: index += 1
            default: index += 4
            }
        }
        return nil
    }

    private static func chunked(_ bytes: UnsafeBufferPointer<UInt8>, _ head: Message) -> Parsed {
        var message = head
        var position = head.length
        while true {
            guard let lineEnd = bytes[position...].firstIndex(of: 0x0A) else { return .incomplete }
            let digits = bytes[position..<lineEnd].prefix { $0 != 0x0D && $0 != UInt8(ascii: ";") }
            guard let count = length(UnsafeBufferPointer(rebasing: digits), radix: 16) else { return .malformed }
            position = lineEnd + 1
            guard bytes.count >= position + count + 2 else { return .incomplete }
            message.body.append(contentsOf: bytes[position..<position + count])
            position += count + 2
            if count == 0 {
                message.length = position
                return .message(message)
            }
        }
    }

    private static func length(_ digits: UnsafeBufferPointer<UInt8>, radix: Int) -> Int? {
        guard let value = Int(String(decoding: digits, as: UTF8.self), radix: radix), value >= 0, value < 1 << 32 else { return nil }
        return value
    }
}
