import CCurl
import Glibc
import Values

/// The transfers of a client on an event loop. Everything is confined to the loop's thread, hence unchecked.
final class CurlDriver: LoopParticipant, @unchecked Sendable {
    let loop: EventLoop
    private let options: HTTPClientOptions
    /// Names and TLS sessions, which all handles share.
    private(set) var share: UnsafeMutableRawPointer?
    private var multis: [MultiHandle] = []
    private var idle: [EasyHandle] = []
    private var starting: [HTTPTransfer] = []
    private var isShut = false
    /// Hosts whose names libcurl has looked up, and transfers that wait for such a look-up.
    private var knownHosts: Set<String> = []
    private var waiting: [String: [HTTPTransfer]] = [:]
    /// The last URL that had not to wait for a look-up: mostly the next one's.
    private var easyURL = ""

    /// Idle easy handles beyond this are freed; each holds some 15 kB.
    private static let maxIdleHandles = 256
    /// Idle connections are closed after this, well before most servers do it: a request that meets a closing connection is lost.
    private static let idleLife = TimeSpan.seconds(50)

    init(loop: EventLoop, options: HTTPClientOptions) {
        self.loop = loop
        self.options = options
    }

    // MARK: Life

    func open() { loop.join(self) }

    /// With the first transfer: a run that asks no model needs no libcurl.
    private func loadLibrary() throws(HTTPError) {
        guard share == nil else { return }
        try HTTPLibrary.load()
        share = ccurl_share_init()
        // Without locks: one thread uses it. Sharing is an economy, so that a refusal does not matter.
        _ = ccurl_share_set(share, CURLSHOPT_SHARE, Int(CURL_LOCK_DATA_DNS.rawValue))
        _ = ccurl_share_set(share, CURLSHOPT_SHARE, Int(CURL_LOCK_DATA_SSL_SESSION.rawValue))
    }

    func shutDown() {
        guard !isShut else { return }
        isShut = true
        let error = HTTPError(.loopStopped, "the event loop was stopped", requestWasSent: false)
        for multi in multis {
            fail(multi, error)
            multi.close()
        }
        for transfer in starting { finish(transfer, .failure(error)) }
        for transfer in waiting.values.joined() { finish(transfer, .failure(error)) }
        starting = []
        waiting = [:]
        idle = []
        multis = []
        if let share { ccurl_share_cleanup(share) }
        loop.leave(self)
    }

    // MARK: Transfers

    func submit(_ transfer: HTTPTransfer) {
        if isShut {
            finish(transfer, .failure(HTTPError(.loopStopped, "the event loop was stopped", requestWasSent: false)))
        } else if transfer.state == .new {
            transfer.state = .queued
            starting.append(transfer)
        } else {
            // Cancelled before it came here.
            transfer.end(.failure(Self.cancelled(wasSent: false)))
        }
    }

    func cancel(_ transfer: HTTPTransfer) {
        switch transfer.state {
        case .new: transfer.state = .done
        case .queued, .running: abort(transfer, Self.cancelled(wasSent: transfer.attempts > 0))
        case .done: break
        }
    }

    func resume(_ transfer: HTTPTransfer) {
        transfer.isPaused = false
        guard transfer.isHeldBack, transfer.state == .running, let handle = transfer.handle else { return }
        transfer.isHeldBack = false
        // What it says is found by the turn.
        _ = handle.readOn()
        handle.multi?.hurry()
    }

    private static func cancelled(wasSent: Bool) -> HTTPError {
        HTTPError(.cancelled, "the task was cancelled", requestWasSent: wasSent)
    }

    private func start(_ transfer: HTTPTransfer) {
        guard transfer.state == .queued, mayStart(transfer) else { return }
        do throws(HTTPError) {
            try loadLibrary()
            let handle: EasyHandle
            if let pooled = idle.popLast() { handle = pooled } else { handle = try EasyHandle(driver: self, options: options) }
            try handle.prepare(transfer)
            try multiWithRoom().add(handle)
            transfer.handle = handle
            transfer.state = .running
        } catch {
            finish(transfer, .failure(error))
        }
    }

    /// The first that has room, so that a light load stays on few connections.
    private func multiWithRoom() throws(HTTPError) -> MultiHandle {
        if let multi = multis.first(where: \.hasRoom) { return multi }
        let multi = try MultiHandle(loop: loop, options: options)
        multis.append(multi)
        return multi
    }

    /// Takes the handle out of libcurl, which closes the connection unless the transfer was complete.
    ///
    /// - Parameter reuse: only after a plain success: libcurl keeps half-done business, such as a body to be rewound, in
    ///   the handle and would go on with it in the next transfer.
    private func detach(_ handle: EasyHandle, reuse: Bool) {
        if let multi = handle.multi {
            multi.remove(handle)
            if multi.isIdle, !isShut { closeIfIdle(multi) }
        }
        handle.transfer?.handle = nil
        handle.release()
        if reuse, idle.count < Self.maxIdleHandles, !isShut { idle.append(handle) }
    }

    private func closeIfIdle(_ multi: MultiHandle) {
        guard !multi.hasIdleTimer else { return }
        multi.hasIdleTimer = true
        let period = multi.idlePeriod
        loop.schedule(after: Self.idleLife) { [weak self, weak multi] in
            guard let self, let multi else { return }
            multi.hasIdleTimer = false
            guard multi.isIdle, !isShut else { return }
            guard multi.idlePeriod == period else { return closeIfIdle(multi) }
            multis.removeAll { $0 === multi }
            multi.close()
        }
    }

    private func fail(_ multi: MultiHandle, _ error: HTTPError) {
        for handle in multi.running { if let transfer = handle.transfer { abort(transfer, error) } }
    }

    private func finish(_ transfer: HTTPTransfer, _ result: Result<HTTPResponse, HTTPError>) {
        guard transfer.state != .done else { return }
        transfer.state = .done
        transfer.idleTimer?.cancel()
        transfer.idleTimer = nil
        if transfer.resolvingHost != nil { nameLookUpEnded(by: transfer, result) }
        transfer.end(result)
    }

    /// Ends a transfer for a reason of ours, with what it has so far.
    private func abort(_ transfer: HTTPTransfer, _ reason: HTTPError) {
        var error = reason
        if let handle = transfer.handle {
            error = failure(of: transfer, on: handle, reason.code, reason.message, curlCode: 0)
            detach(handle, reuse: false)
        }
        finish(transfer, .failure(error))
    }

    // MARK: Idle time-out

    func watchIdle(_ transfer: HTTPTransfer) {
        guard let limit = transfer.request.idleTimeout else { return }
        let quiet = (EventLoop.now() - transfer.lastActivity) / 1_000_000
        let rest = TimeSpan(milliseconds: max(1, limit.milliseconds - Int64(quiet)))
        transfer.idleTimer = loop.schedule(after: rest) { [weak self, weak transfer] in
            guard let self, let transfer, transfer.state == .running else { return }
            if EventLoop.now() - transfer.lastActivity >= UInt64(max(limit.milliseconds, 0)) * 1_000_000 {
                abort(transfer, HTTPError(.idleTimedOut, "no byte for \(limit), with \(transfer.received) bytes received", requestWasSent: true))
            } else {
                watchIdle(transfer)
            }
        }
    }

    // MARK: Names

    // libcurl's resolver starts a thread per transfer that misses its cache: a thousand transfers to a new host would be a
    // thousand threads. So the first one to a host goes ahead and the others wait for it. HTTPS over HTTP/2 waits anyway.

    private func mayStart(_ transfer: HTTPTransfer) -> Bool {
        if transfer.request.url == easyURL { return true }
        guard let host = Self.hostToResolve(transfer.request.url), !knownHosts.contains(host) else {
            easyURL = transfer.request.url
            return true
        }
        if waiting[host] != nil {
            waiting[host]!.append(transfer)
            return false
        }
        waiting[host] = []
        transfer.resolvingHost = host
        return true
    }

    func nameIsResolved(by transfer: HTTPTransfer) {
        guard let host = transfer.resolvingHost else { return }
        transfer.resolvingHost = nil
        // Names come from configurations, not from strangers; still, no set grows for ever.
        if knownHosts.count > 10_000 {
            knownHosts.removeAll()
            easyURL = ""
        }
        knownHosts.insert(host)
        starting += waiting.removeValue(forKey: host) ?? []
    }

    private func nameLookUpEnded(by transfer: HTTPTransfer, _ result: Result<HTTPResponse, HTTPError>) {
        guard let host = transfer.resolvingHost else { return }
        transfer.resolvingHost = nil
        let others = waiting.removeValue(forKey: host) ?? []
        if case .failure(let error) = result, error.code == .couldNotResolve {
            for other in others { finish(other, .failure(error)) }
        } else {
            starting += others
        }
    }

    /// The host of a URL unless it is an address or `localhost`, which libcurl resolves without a thread.
    private static func hostToResolve(_ url: String) -> String? {
        let bytes = url.utf8
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let rest = bytes[slash...].dropFirst(2)
        guard let first = rest.first, first != UInt8(ascii: "[") else { return nil }
        let host = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        if host.allSatisfy({ $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }) || host.elementsEqual("localhost".utf8) { return nil }
        return String(Substring(host))
    }

    // MARK: Turns of the loop

    var deadline: UInt64 {
        if !starting.isEmpty { return 0 }
        return multis.reduce(.max) { min($0, $1.deadline) }
    }

    func turn(now: UInt64) {
        if !starting.isEmpty {
            let batch = starting
            starting.removeAll(keepingCapacity: true)
            for transfer in batch { start(transfer) }
        }
        var isTurned = false
        for multi in multis where multi.deadline <= now {
            isTurned = true
            do throws(HTTPError) { try multi.turn() } catch { fail(multi, error) }
        }
        if isTurned { complete() }
    }

    func complete() {
        for multi in multis {
            while let (handle, code) = multi.nextFinished() {
                guard let transfer = handle.transfer else { continue }
                let result = outcome(of: transfer, on: handle, code)
                detach(handle, reuse: code == CURLE_OK && transfer.bodyOffset == 0)
                finish(transfer, result)
            }
        }
    }

    // MARK: Outcomes

    private func outcome(of transfer: HTTPTransfer, on handle: EasyHandle, _ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        let number = Int(code.rawValue)
        switch transfer.refusal {
        case .tooLarge(let message):
            return .failure(failure(of: transfer, on: handle, .responseTooLarge, message, curlCode: number))
        case .resend:
            let message = "the kept-alive connection ended without an answer; the request may have been served and was not sent again"
            return .failure(failure(of: transfer, on: handle, .resent, message, curlCode: number))
        case .stopped: break
        case nil:
            guard code == CURLE_OK else {
                let (kind, message) = classify(code, transfer, handle)
                return .failure(failure(of: transfer, on: handle, kind, message, curlCode: number))
            }
        }
        return .success(
            HTTPResponse(
                head: transfer.head, body: transfer.body, bodyBytes: transfer.received, timings: handle.timings,
                newConnection: handle.long(CURLINFO_NUM_CONNECTS) > 0, wasStopped: transfer.refusal != nil))
    }

    private func failure(
        of transfer: HTTPTransfer, on handle: EasyHandle, _ code: HTTPError.Code, _ message: String, curlCode: Int
    ) -> HTTPError {
        HTTPError(
            code, message, curlCode: curlCode, requestWasSent: transfer.attempts > 0,
            head: transfer.isHeadComplete ? transfer.head : nil, responseBytes: transfer.received,
            partialBody: Array(transfer.body.prefix(HTTPError.partialBodyLimit)), timings: handle.timings)
    }

    private func classify(_ code: CURLcode, _ transfer: HTTPTransfer, _ handle: EasyHandle) -> (HTTPError.Code, String) {
        let message = handle.message(for: code)
        let wasSent = transfer.attempts > 0
        switch code {
        case CURLE_URL_MALFORMAT: return (.invalidRequest, "'\(transfer.request.url)': \(message)")
        case CURLE_UNSUPPORTED_PROTOCOL:
            // One code for two things: a scheme we do not speak, and an answer without a status line.
            return wasSent ? (.malformedResponse, message) : (.invalidRequest, "'\(transfer.request.url)': \(message)")
        case CURLE_COULDNT_RESOLVE_HOST: return (.couldNotResolve, message)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return (.proxyFailed, message)
        case CURLE_COULDNT_CONNECT: return (.couldNotConnect, message)
        case CURLE_OPERATION_TIMEDOUT: return (.timedOut, message)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return (.certificateRejected, message)
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            return (.tlsFailed, message)
        case CURLE_SEND_FAIL_REWIND: return (.resent, message)
        case CURLE_PARTIAL_FILE: return (.truncated, message)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return (.malformedResponse, message)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            if transfer.isHeadComplete { return (.truncated, message) }
            if !wasSent, handle.long(CURLINFO_HTTP_CONNECTCODE) != 0 { return (.proxyFailed, message) }
            return (.connectionLost, message)
        default: return (.other, message)
        }
    }
}
