/// Sends requests with libcurl on an event loop.
///
///     let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:8080/health"))
///
/// Each request is sent at most once: no redirect is followed, and a request whose connection ended without an answer is
/// reported, not repeated. Connections are kept and reused, and shared where HTTP/2 was agreed on. Certificates are always
/// verified, `gzip`, `deflate`, `br` and `zstd` are decoded, cookies and `.netrc` are left alone.
///
/// Cancelling the task aborts its transfer at once: the connection is closed (over HTTP/2 the stream is reset).
public final class HTTPClient: Sendable {
    public let loop: EventLoop
    private let driver: CurlDriver

    public init(loop: EventLoop, options: HTTPClientOptions = HTTPClientOptions()) {
        self.loop = loop
        let driver = CurlDriver(loop: loop, options: options)
        self.driver = driver
        loop.post { driver.open() }
    }

    deinit {
        let driver = driver
        loop.post { driver.shutDown() }
    }

    /// Sends `request` and collects the answer.
    ///
    /// - Returns: the answer, whatever its status, redirects included.
    /// - Throws: `HTTPError` when there is no complete answer.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await get(HTTPTransfer(request))
    }

    /// Sends `request` and hands the answer over as it comes.
    ///
    /// Both closures are called on the loop's thread, in order, and must not block; `onHead` once, before any data.
    ///
    /// - Parameters:
    ///   - onHead: decides what happens to the body; so may a 429 be collected where a 200 is streamed.
    ///   - onData: takes a piece of the decompressed body, of any length, valid during the call only.
    /// - Returns: the answer with an empty body unless `onHead` had it collected. `wasStopped` tells of an early end.
    /// - Throws: `HTTPError` when the answer broke off; `responseBytes` says how much of it was handed over.
    public func stream(
        _ request: HTTPRequest,
        onHead: @escaping @Sendable (HTTPResponseHead) -> HeadDirective = { _ in .stream },
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> StreamDirective
    ) async throws(HTTPError) -> HTTPResponse {
        try await get(HTTPTransfer(request, onHead: onHead, onData: onData))
    }

    private func get(_ transfer: HTTPTransfer) async throws(HTTPError) -> HTTPResponse {
        await perform(transfer)
        return try transfer.result!.get()
    }

    /// Sends what `transfer` holds and returns when it has a result: for those who wait by the ten thousand, whose frames
    /// would each have room for an answer.
    public func perform(_ transfer: HTTPTransfer) async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                transfer.continuation = continuation
                let driver = self.driver
                if loop.isCurrent {
                    driver.submit(transfer)
                } else if !loop.post({ driver.submit(transfer) }) {
                    transfer.end(.failure(HTTPError(.loopStopped, "the event loop was stopped", requestWasSent: false)))
                }
            }
        } onCancel: {
            // Posted even from the loop's own thread: libcurl must not be re-entered from one of its callbacks.
            let driver = self.driver
            loop.post { driver.cancel(transfer) }
        }
    }

    /// Goes on with a transfer whose consumer said ``StreamDirective/pause``; of any other it does nothing. From any thread.
    public func resume(_ transfer: HTTPTransfer) {
        let driver = driver
        // Posted even from the loop's own thread: libcurl must not be re-entered from one of its callbacks.
        loop.post { driver.resume(transfer) }
    }
}
