/// A transfer that gave no complete answer.
///
///     catch let error where error.code == .timedOut { … }
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, in classes that a caller may treat differently.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// Stable and without dynamic parts: fit for grouping and for records.
        public let description: String

        private init(_ name: String) { description = name }

        /// The URL, a header or the method cannot be sent.
        public static let invalidRequest = Code("invalid request")
        /// There is no libcurl.
        public static let noLibrary = Code("no libcurl")
        public static let couldNotResolve = Code("could not resolve host")
        public static let couldNotConnect = Code("could not connect")
        /// The proxy's name, its refusal of a tunnel, its handshake.
        public static let proxyFailed = Code("proxy failed")
        /// The TLS handshake failed for another reason than the certificate.
        public static let tlsFailed = Code("TLS handshake failed")
        /// The server's certificate was not accepted, or the CA bundle could not be read.
        public static let certificateRejected = Code("certificate rejected")
        /// The connection ended before the head of an answer was complete.
        public static let connectionLost = Code("connection lost")
        /// A kept-alive connection ended without a byte of an answer. libcurl would have sent the request again;
        /// it was kept from that, as the server may have acted on it.
        public static let resent = Code("connection lost before the answer")
        /// `connectTimeout` or `timeout` passed.
        public static let timedOut = Code("timed out")
        /// `idleTimeout` passed.
        public static let idleTimedOut = Code("stalled")
        /// More than `maxResponseBytes`, or a head beyond all measure.
        public static let responseTooLarge = Code("response too large")
        /// The body ended before its `Content-Length` or its last chunk.
        public static let truncated = Code("response truncated")
        /// What came is not HTTP, or its encoding is broken.
        public static let malformedResponse = Code("malformed response")
        /// The task was cancelled.
        public static let cancelled = Code("cancelled")
        /// The event loop has stopped.
        public static let loopStopped = Code("event loop stopped")
        /// None of the above; `message` and `curlCode` tell.
        public static let other = Code("transfer failed")
    }

    public var code: Code
    /// For a person: a phrase without a full stop, with names and numbers.
    public var message: String
    /// libcurl's number (`CURLcode`), 0 when it was not libcurl that failed.
    public var curlCode: Int
    /// Whether any byte of the request may have reached the server.
    ///
    /// False only when it is certain that none did: the name, the connection, the handshake or the tunnel failed.
    public var requestWasSent: Bool
    /// Status and headers, when they were complete.
    public var head: HTTPResponseHead?
    /// Bytes of the body received until then, after decompression.
    public var responseBytes: Int
    /// The beginning of that body, for diagnosis: `partialBodyLimit` bytes at most. Empty after a streamed answer.
    public var partialBody: [UInt8]
    public var timings: HTTPTimings

    public static let partialBodyLimit = 64 << 10

    public init(
        _ code: Code, _ message: String, curlCode: Int = 0, requestWasSent: Bool, head: HTTPResponseHead? = nil,
        responseBytes: Int = 0, partialBody: [UInt8] = [], timings: HTTPTimings = HTTPTimings()
    ) {
        self.code = code
        self.message = message
        self.curlCode = curlCode
        self.requestWasSent = requestWasSent
        self.head = head
        self.responseBytes = responseBytes
        self.partialBody = partialBody
        self.timings = timings
    }

    public var description: String {
        if message.isEmpty { return "\(code)" }
        // What libcurl says is at times the code in other letters.
        return message.lowercased().hasPrefix(code.description.lowercased()) ? message : "\(code): \(message)"
    }
}
