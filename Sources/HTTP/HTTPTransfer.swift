/// One request on its way, and what has come back so far. ``HTTPClient/perform(_:)`` sends it, once.
///
/// Made by the calling task, then confined to the loop's thread until it has a result: hence unchecked.
public final class HTTPTransfer: @unchecked Sendable {
    enum State { case new, queued, running, done }
    /// Why our own callbacks ended the transfer.
    enum Refusal { case stopped, tooLarge(String), resend }

    public let request: HTTPRequest
    let onHead: (@Sendable (HTTPResponseHead) -> HeadDirective)?
    let onData: (@Sendable (UnsafeRawBufferPointer) -> StreamDirective)?
    /// Set before the transfer is handed to the loop, resumed once by `end`.
    var continuation: UnsafeContinuation<Void, Never>?
    /// `nil` until the transfer has ended.
    ///
    /// Kept here rather than passed through the continuation: it would widen several frames of each waiting task.
    public private(set) var result: Result<HTTPResponse, HTTPError>?

    var state = State.new
    var handle: EasyHandle?
    /// How many times libcurl was about to send the request; the second time it is kept from it.
    var attempts = 0
    var refusal: Refusal?
    /// The host whose name this transfer resolves on behalf of others.
    var resolvingHost: String?
    /// Bytes of the request's body that libcurl has read through the callback.
    var bodyOffset = 0

    private(set) var head = HTTPResponseHead(status: 0, httpVersion: "", headers: HTTPHeaders())
    private(set) var isHeadComplete = false
    private var collects = true
    var body: [UInt8] = []
    private(set) var received = 0
    /// Whether its consumer wants nothing for now, and whether libcurl was told so, which is when there was something to hold back.
    var isPaused = false
    var isHeldBack = false
    private var headBytes = 0

    /// Nanoseconds of the monotonic clock; kept only where there is an idle timeout.
    var lastActivity: UInt64 = 0
    var idleTimer: LoopTimer?

    /// A head beyond this is no answer of a model server.
    private static let maxHeadBytes = 256 << 10

    /// - Parameters: see ``HTTPClient/stream(_:onHead:onData:)``; without closures the answer is collected.
    public init(
        _ request: HTTPRequest, onHead: (@Sendable (HTTPResponseHead) -> HeadDirective)? = nil,
        onData: (@Sendable (UnsafeRawBufferPointer) -> StreamDirective)? = nil
    ) {
        self.request = request
        self.onHead = onHead
        self.onData = onData
    }

    /// Hands the result to the task that waits.
    func end(_ result: Result<HTTPResponse, HTTPError>) {
        guard let continuation else { return }
        self.continuation = nil
        self.result = result
        continuation.resume()
    }

    /// Takes one header line; false aborts the transfer.
    func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
        headBytes += line.count
        guard headBytes <= Self.maxHeadBytes else {
            refusal = .tooLarge("the head of the answer is longer than \(Self.maxHeadBytes) bytes")
            return false
        }
        if line.starts(with: "HTTP/".utf8), !isHeadComplete {
            parseStatusLine(line)
        } else if line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") {
            // A 1xx head announces the real one; a blank line after the body ends the trailers.
            guard !isHeadComplete, head.status >= 200 else { return true }
            isHeadComplete = true
            switch onHead?(head) {
            case nil: collects = onData == nil
            case .collect: collects = true
            case .stream: collects = false
            case .stop:
                refusal = .stopped
                return false
            }
        } else {
            head.headers.lines.append(contentsOf: line)
        }
        return true
    }

    private func parseStatusLine(_ line: UnsafeRawBufferPointer) {
        head.headers.lines.removeAll(keepingCapacity: true)
        // Most heads are shorter, and growing line by line would move them.
        head.headers.lines.reserveCapacity(512)
        let rest = line.dropFirst(5)
        let version = rest.prefix { $0 != UInt8(ascii: " ") }
        head.httpVersion = String(decoding: version, as: UTF8.self)
        let behind = rest[version.endIndex...].drop { $0 == UInt8(ascii: " ") }
        head.status = behind.prefix { $0 != UInt8(ascii: " ") }.reduce(0) { $1 &- 0x30 < 10 ? $0 * 10 + Int($1 - 0x30) : $0 }
    }

    /// Takes a piece of the body; false aborts the transfer.
    func receive(_ bytes: UnsafeRawBufferPointer, announced: () -> Int) -> Bool {
        received += bytes.count
        guard received <= request.maxResponseBytes else {
            refusal = .tooLarge("the answer is longer than \(request.maxResponseBytes) bytes")
            return false
        }
        if collects {
            if body.isEmpty {
                // The announcement is only a hint: a server may lie, so a megabyte is all that it gets in advance.
                let expected = min(announced(), request.maxResponseBytes, 1 << 20)
                if expected > bytes.count { body.reserveCapacity(expected) }
            }
            body.append(contentsOf: bytes)
            return true
        }
        switch onData?(bytes) {
        case .stop:
            refusal = .stopped
            return false
        case .pause: isPaused = true
        case .continue, nil: break
        }
        return true
    }

    /// Fills libcurl's buffer with the next piece of the request's body.
    func send(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, request.body.count - bodyOffset)
        request.body.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[bodyOffset..<bodyOffset + count])) }
        bodyOffset += count
        return count
    }
}
