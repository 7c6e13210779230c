import CCurl
import Values

/// One libcurl multi handle: its sockets are watched by the loop and reported one by one.
///
/// It never calls `curl_multi_poll` or `curl_multi_perform`, which scan every connection. Confined to the loop's thread,
/// hence unchecked.
final class MultiHandle: DescriptorWatcher, @unchecked Sendable {
    /// When `turn` must be called at the latest: nanoseconds of the monotonic clock.
    private(set) var deadline: UInt64 = .max
    private(set) var running: [EasyHandle] = []
    /// Counts how often it fell idle, for the timer that closes it.
    private(set) var idlePeriod = 0
    var hasIdleTimer = false

    private let raw: UnsafeMutableRawPointer
    private let loop: EventLoop
    /// Whether libcurl was called since its messages were last read.
    private var hasNews = false

    /// More transfers than this go to another handle.
    ///
    /// To start a transfer, libcurl walks through all connections of a host; with ten thousand of them the walk takes ten
    /// times as long as the call itself. Nothing but idle connections and HTTP/2 streams is shared within a handle.
    static let capacity = 256

    init(loop: EventLoop, options: HTTPClientOptions) throws(HTTPError) {
        guard let raw = ccurl_multi_init() else { throw HTTPError(.other, "libcurl gave no multi handle", requestWasSent: false) }
        self.raw = raw
        self.loop = loop
        running.reserveCapacity(64)
        let me = Unmanaged.passUnretained(self).toOpaque()
        let codes = [
            ccurl_multi_set_socket_callback(raw, socketChanged),
            ccurl_multi_set_pointer(raw, CURLMOPT_SOCKETDATA, me),
            ccurl_multi_set_timer_callback(raw, timerChanged),
            ccurl_multi_set_pointer(raw, CURLMOPT_TIMERDATA, me),
            // Idle connections of several hosts; the oldest is closed beyond this.
            ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, min(2 * Self.capacity, max(1, OpenFileLimit.current.transfers))),
            ccurl_multi_set_long(raw, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0),
            ccurl_multi_set_long(raw, CURLMOPT_PIPELINING, options.allowsHTTP2 ? Int(CURLPIPE_MULTIPLEX) : 0),
        ]
        for code in codes { try Self.check(code) }
    }

    /// Closes the idle connections; nothing may run. Not left to `deinit`, as libcurl calls back while it closes them.
    func close() {
        precondition(running.isEmpty)
        ccurl_multi_cleanup(raw)
    }

    static func check(_ code: CURLMcode) throws(HTTPError) {
        guard code != CURLM_OK else { return }
        throw HTTPError(.other, "libcurl: \(String(cString: ccurl_multi_strerror(code)))", requestWasSent: false)
    }

    var hasRoom: Bool { running.count < Self.capacity }
    var isIdle: Bool { running.isEmpty }

    func add(_ handle: EasyHandle) throws(HTTPError) {
        try Self.check(ccurl_multi_add_handle(raw, handle.raw))
        handle.multi = self
        handle.index = running.count
        running.append(handle)
    }

    /// Takes the handle out of libcurl, which closes the connection unless the transfer was complete.
    func remove(_ handle: EasyHandle) {
        ccurl_multi_remove_handle(raw, handle.raw)
        let last = running.removeLast()
        if last !== handle {
            running[handle.index] = last
            last.index = handle.index
        }
        handle.index = -1
        handle.multi = nil
        if running.isEmpty { idlePeriod += 1 }
    }

    /// Lets libcurl start what was added and time out what is due.
    func turn() throws(HTTPError) {
        deadline = .max
        hasNews = true
        var count: Int32 = 0
        try Self.check(ccurl_multi_socket_action(raw, CURL_SOCKET_BAD, 0, &count))
    }

    /// Has it turn soon: a handle of it was changed from outside.
    func hurry() { deadline = 0 }

    func ready(_ descriptor: Int32, events: UInt32) {
        var mask: Int32 = 0
        if events & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
        if events & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
        var count: Int32 = 0
        hasNews = true
        // A failure is one of memory or of the handle itself; the next `turn` meets and reports it.
        if ccurl_multi_socket_action(raw, descriptor, mask, &count) != CURLM_OK { deadline = 0 }
    }

    /// The next transfer that has ended, with libcurl's verdict.
    func nextFinished() -> (EasyHandle, CURLcode)? {
        guard hasNews else { return nil }
        var remaining: Int32 = 0
        while let message = ccurl_multi_info_read(raw, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            // Both are read before the handle is removed, which frees the message.
            let code = ccurl_message_result(message)
            var context: UnsafeMutableRawPointer?
            _ = ccurl_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context)
            return (Unmanaged<EasyHandle>.fromOpaque(context!).takeUnretainedValue(), code)
        }
        hasNews = false
        return nil
    }

    // MARK: Called from libcurl

    fileprivate func watch(_ descriptor: curl_socket_t, _ what: Int32) {
        let events: UInt32
        switch what {
        case CURL_POLL_IN: events = EPOLLIN.rawValue
        case CURL_POLL_OUT: events = EPOLLOUT.rawValue
        case CURL_POLL_INOUT: events = EPOLLIN.rawValue | EPOLLOUT.rawValue
        default: events = 0
        }
        loop.watch(descriptor, for: events, by: self)
    }

    fileprivate func setTimer(milliseconds: Int) {
        switch milliseconds {
        case ..<0: deadline = .max
        case 0: deadline = 0
        default: deadline = EventLoop.now() + UInt64(milliseconds) * 1_000_000
        }
    }
}

private func multi(_ context: UnsafeMutableRawPointer?) -> MultiHandle {
    Unmanaged<MultiHandle>.fromOpaque(context!).takeUnretainedValue()
}

private func socketChanged(
    curl: UnsafeMutableRawPointer?, descriptor: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
    socketContext: UnsafeMutableRawPointer?
) -> Int32 {
    multi(context).watch(descriptor, what)
    return 0
}

private func timerChanged(raw: UnsafeMutableRawPointer?, milliseconds: Int, context: UnsafeMutableRawPointer?) -> Int32 {
    multi(context).setTimer(milliseconds: milliseconds)
    return 0
}
