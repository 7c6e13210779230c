import CCurl
import Glibc
import Values

/// One libcurl easy handle, set up once and used for one transfer after another.
///
/// What a request may choose is set again for each (`prepare`), everything else at birth.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    var transfer: HTTPTransfer?
    /// Where it runs, and its place there.
    unowned(unsafe) var multi: MultiHandle?
    var index = -1
    private let options: HTTPClientOptions
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private unowned(unsafe) let driver: CurlDriver
    /// Of the last request, whose proxy and waiting hold for the next of its kind.
    private var wasSecure: Bool?

    /// Bodies up to this travel with the head in one write; libcurl copies them. Its own bound is 64 KiB.
    private static let inlineBodyLimit = (64 << 10) - 1

    init(driver: CurlDriver, options: HTTPClientOptions) throws(HTTPError) {
        guard let raw = ccurl_easy_init() else {
            throw HTTPError(.other, "libcurl gave no handle", requestWasSent: false)
        }
        self.raw = raw
        self.driver = driver
        self.options = options
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try setUp()
    }

    deinit {
        ccurl_easy_cleanup(raw)
        ccurl_slist_free_all(headerList)
        errorText.deallocate()
    }

    private func check(_ code: CURLcode, _ what: StaticString) throws(HTTPError) {
        guard code != CURLE_OK else { return }
        throw HTTPError(
            .other, "libcurl refused the option \(what): \(String(cString: ccurl_easy_strerror(code)))",
            curlCode: Int(code.rawValue), requestWasSent: false)
    }

    private func set(_ option: CURLoption, _ value: Int, _ what: StaticString) throws(HTTPError) {
        try check(ccurl_set_long(raw, option, value), what)
    }

    private func set(_ option: CURLoption, _ value: String?, _ what: StaticString) throws(HTTPError) {
        try check(value.map { ccurl_set_string(raw, option, $0) } ?? ccurl_set_string(raw, option, nil), what)
    }

    private func setUp() throws(HTTPError) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_pointer(raw, CURLOPT_PRIVATE, me), "PRIVATE")
        try check(ccurl_set_pointer(raw, CURLOPT_ERRORBUFFER, errorText), "ERRORBUFFER")
        try check(ccurl_set_pointer(raw, CURLOPT_SHARE, driver.share), "SHARE")
        try set(CURLOPT_NOSIGNAL, 1, "NOSIGNAL")
        try set(CURLOPT_PROTOCOLS_STR, "http,https", "PROTOCOLS")
        try set(CURLOPT_FOLLOWLOCATION, 0, "FOLLOWLOCATION")
        try set(CURLOPT_NETRC, 0, "NETRC")
        try set(CURLOPT_USERAGENT, options.userAgent, "USERAGENT")
        try set(CURLOPT_ACCEPT_ENCODING, "", "ACCEPT_ENCODING")
        try set(CURLOPT_TCP_NODELAY, 1, "TCP_NODELAY")
        try set(CURLOPT_TCP_KEEPALIVE, 1, "TCP_KEEPALIVE")
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1, "SUPPRESS_CONNECT_HEADERS")
        // Thousands of transfers wait at once: the buffers are what each of them costs.
        try set(CURLOPT_BUFFERSIZE, 2 << 10, "BUFFERSIZE")
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10, "UPLOAD_BUFFERSIZE")
        // Otherwise cancelling during a name look-up blocks the loop until the resolver answers.
        try set(CURLOPT_QUICK_EXIT, 1, "QUICK_EXIT")
        try set(CURLOPT_SSL_VERIFYPEER, 1, "SSL_VERIFYPEER")
        try set(CURLOPT_SSL_VERIFYHOST, 2, "SSL_VERIFYHOST")
        if let file = options.caFile { try set(CURLOPT_CAINFO, file, "CAINFO") }
        if let directory = options.caDirectory { try set(CURLOPT_CAPATH, directory, "CAPATH") }
        try set(CURLOPT_HTTP_VERSION, options.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1, "HTTP_VERSION")
        // Set even when empty: otherwise libcurl would read the environment on the loop's thread.
        try set(CURLOPT_NOPROXY, options.noProxy ?? "", "NOPROXY")

        try check(ccurl_set_data_callback(raw, CURLOPT_WRITEFUNCTION, receiveBody), "WRITEFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_WRITEDATA, me), "WRITEDATA")
        try check(ccurl_set_data_callback(raw, CURLOPT_HEADERFUNCTION, receiveHeader), "HEADERFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_HEADERDATA, me), "HEADERDATA")
        try check(ccurl_set_data_callback(raw, CURLOPT_READFUNCTION, sendBody), "READFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_READDATA, me), "READDATA")
        try check(ccurl_set_seek_callback(raw, refuseSeek), "SEEKFUNCTION")
        try check(ccurl_set_prerequest_callback(raw, allowOneAttempt), "PREREQFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_PREREQDATA, me), "PREREQDATA")
        try check(ccurl_set_open_callback(raw, openSocket), "OPENSOCKETFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_OPENSOCKETDATA, me), "OPENSOCKETDATA")
        // A connection outlives the handle that opened it, so this one gets the driver.
        try check(ccurl_set_close_callback(raw, closeSocket), "CLOSESOCKETFUNCTION")
        try check(ccurl_set_pointer(raw, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(driver).toOpaque()), "CLOSESOCKETDATA")
    }

    /// Sets everything that a request may choose.
    func prepare(_ transfer: HTTPTransfer) throws(HTTPError) {
        let request = transfer.request
        self.transfer = transfer
        errorText[0] = 0
        if let fault = Self.fault(in: request) { throw HTTPError(.invalidRequest, fault, requestWasSent: false) }
        try set(CURLOPT_URL, request.url, "URL")
        try setBody(request)
        try setHeaders(request)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout), "CONNECTTIMEOUT_MS")
        try set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout), "TIMEOUT_MS")
        let isSecure = Self.isSecure(request.url)
        if isSecure == wasSecure { return }
        try set(CURLOPT_PROXY, (isSecure ? options.httpsProxy : options.httpProxy) ?? "", "PROXY")
        // Where HTTP/2 may be offered, the first connection tells; without TLS there is nothing to wait for.
        try set(CURLOPT_PIPEWAIT, isSecure && options.allowsHTTP2 ? 1 : 0, "PIPEWAIT")
        wasSecure = isSecure
    }

    /// Whether its scheme is `https`, in any case.
    private static func isSecure(_ url: String) -> Bool {
        var rest = url.utf8.makeIterator()
        for letter in "https:".utf8 {
            guard let byte = rest.next(), byte == letter || byte | 0x20 == letter && letter != UInt8(ascii: ":") else { return false }
        }
        return true
    }

    private static func milliseconds(_ span: TimeSpan) -> Int {
        // 0 would mean no limit to libcurl.
        Int(min(max(span.milliseconds, 1), Int64(Int32.max)))
    }

    /// What would change the framing of the request or smuggle a second one into it.
    private static func fault(in request: HTTPRequest) -> String? {
        // Over bytes in memory: of each call every header passes here.
        func has(_ text: String, _ isBad: (UInt8) -> Bool) -> Bool {
            text.utf8.withContiguousStorageIfAvailable { $0.contains(where: isBad) } ?? text.utf8.contains(where: isBad)
        }
        func isToken(_ text: String) -> Bool { !text.isEmpty && !has(text) { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: ":") } }
        if !isToken(request.method) { return "'\(request.method)' is not an HTTP method" }
        if has(request.url, { $0 <= 0x20 || $0 == 0x7F }) {
            return "the URL '\(request.url)' contains a space or a control character"
        }
        for (name, value) in request.headers {
            if !isToken(name) { return "'\(name)' is not a header name" }
            if has(value, { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) { return "the value of the header '\(name)' contains a line break" }
            if name.utf8.count == 14 || name.utf8.count == 17, ["content-length", "transfer-encoding"].contains(name.lowercased()) {
                return "the header '\(name)' is not the caller's to set"
            }
        }
        return nil
    }

    private func setBody(_ request: HTTPRequest) throws(HTTPError) {
        let hasBody = !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        if request.method == "HEAD", !hasBody {
            try set(CURLOPT_NOBODY, 1, "NOBODY")
            try set(CURLOPT_CUSTOMREQUEST, nil, "CUSTOMREQUEST")
            return
        }
        if !hasBody {
            try set(CURLOPT_HTTPGET, 1, "HTTPGET")
            try set(CURLOPT_CUSTOMREQUEST, request.method == "GET" ? nil : request.method, "CUSTOMREQUEST")
            return
        }
        try set(CURLOPT_POST, 1, "POST")
        try set(CURLOPT_CUSTOMREQUEST, request.method == "POST" ? nil : request.method, "CUSTOMREQUEST")
        try check(ccurl_set_offset(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)), "POSTFIELDSIZE")
        if request.body.isEmpty {
            try set(CURLOPT_COPYPOSTFIELDS, "", "COPYPOSTFIELDS")
        } else if request.body.count <= Self.inlineBodyLimit {
            let code = request.body.withUnsafeBytes { ccurl_set_pointer(raw, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            try check(code, "COPYPOSTFIELDS")
        } else {
            // Read from the request through the callback, without a copy.
            try check(ccurl_set_pointer(raw, CURLOPT_POSTFIELDS, nil), "POSTFIELDS")
        }
    }

    private func setHeaders(_ request: HTTPRequest) throws(HTTPError) {
        ccurl_slist_free_all(headerList)
        headerList = nil
        var line: [UInt8] = []
        line.reserveCapacity(128)
        func add() throws(HTTPError) {
            let appended = line.withUnsafeBufferPointer { line in
                line.withMemoryRebound(to: CChar.self) { ccurl_slist_append(headerList, $0.baseAddress!) }
            }
            guard let list = appended else {
                throw HTTPError(.other, "out of memory", requestWasSent: false)
            }
            headerList = list
        }
        var hasContentType = false
        for (name, value) in request.headers {
            line.removeAll(keepingCapacity: true)
            line.append(contentsOf: name.utf8)
            // libcurl takes `Name:` for "leave it out" and `Name;` for an empty value.
            line.append(UInt8(ascii: value.isEmpty ? ";" : ":"))
            if !value.isEmpty { line.append(0x20) }
            line.append(contentsOf: value.utf8)
            line.append(0)
            try add()
            if name.utf8.count == 12, name.lowercased() == "content-type" { hasContentType = true }
        }
        if !hasContentType, !request.body.isEmpty {
            // Else libcurl would claim that it is a form.
            line = Array("Content-Type:\0".utf8)
            try add()
        }
        if request.body.count > Self.inlineBodyLimit {
            // No `100 Continue` round trip, on which many servers stall.
            line = Array("Expect:\0".utf8)
            try add()
        }
        try check(ccurl_set_pointer(raw, CURLOPT_HTTPHEADER, headerList), "HTTPHEADER")
    }

    /// Lets libcurl read on; it may hand over at once what it kept.
    ///
    /// - Returns: whether it could. If not, libcurl ends the transfer with the error.
    func readOn() -> Bool { ccurl_easy_pause(raw, CURLPAUSE_CONT) == CURLE_OK }

    /// Lets go of the request's memory; the handle can be used again.
    func release() {
        transfer = nil
        // Frees libcurl's copy of the body. Neither call can fail: they only clear.
        _ = ccurl_set_pointer(raw, CURLOPT_POSTFIELDS, nil)
        _ = ccurl_set_pointer(raw, CURLOPT_HTTPHEADER, nil)
        ccurl_slist_free_all(headerList)
        headerList = nil
    }

    // MARK: What libcurl knows

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_get_offset(raw, info, &value) == CURLE_OK ? Int(value) : 0
    }

    var timings: HTTPTimings {
        HTTPTimings(
            connect: offset(CURLINFO_CONNECT_TIME_T), firstByte: offset(CURLINFO_STARTTRANSFER_TIME_T),
            total: offset(CURLINFO_TOTAL_TIME_T))
    }

    /// libcurl's own words about the failure.
    func message(for code: CURLcode) -> String {
        // libcurl says that it could not connect, and not why.
        if [CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST].contains(code), let why = OpenFileLimit.explanation(of: Int32(clamping: long(CURLINFO_OS_ERRNO))) { return why }
        return errorText[0] != 0 ? String(cString: errorText) : String(cString: ccurl_easy_strerror(code))
    }

    // MARK: Called from libcurl

    func noteActivity() {
        guard let transfer, transfer.request.idleTimeout != nil else { return }
        transfer.lastActivity = EventLoop.now()
        if transfer.idleTimer == nil { driver.watchIdle(transfer) }
    }

    /// libcurl resends a request by itself when a reused connection ends without an answer. The server may have acted on
    /// it, and been paid for it, so a second attempt is refused here, whatever its body and however much of it was sent.
    func allowAttempt() -> Bool {
        guard let transfer else { return false }
        transfer.attempts += 1
        if transfer.attempts > 1 {
            transfer.refusal = .resend
            return false
        }
        driver.nameIsResolved(by: transfer)
        return true
    }

    func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if let transfer, transfer.attempts > 0 {
            transfer.refusal = .resend
            return -1
        }
        // Close-on-exec, which libcurl forgets: a child process must not hold connections open.
        let descriptor = socket(
            address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
        if descriptor >= 0 { driver.loop.track(descriptor) }
        return descriptor
    }
}

private func handle(_ context: UnsafeMutableRawPointer?) -> EasyHandle {
    Unmanaged<EasyHandle>.fromOpaque(context!).takeUnretainedValue()
}

/// Any count but the given one is an error to libcurl; this one cannot be mistaken for a pause.
private let refused = Int(CURL_WRITEFUNC_ERROR)

private func receiveBody(bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?) -> Int {
    let handle = handle(context)
    handle.noteActivity()
    guard let transfer = handle.transfer else { return refused }
    if transfer.isPaused {
        // libcurl keeps these bytes and comes again with them.
        transfer.isHeldBack = true
        return Int(CURL_WRITEFUNC_PAUSE)
    }
    let accepted = transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
        handle.offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
    }
    return accepted ? size * count : refused
}

private func receiveHeader(bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?) -> Int {
    let handle = handle(context)
    handle.noteActivity()
    guard let transfer = handle.transfer else { return refused }
    return transfer.receive(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : refused
}

private func sendBody(bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?) -> Int {
    handle(context).transfer?.send(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? Int(CURL_READFUNC_ABORT)
}

/// A body that was begun is not begun again: libcurl reports `CURLE_SEND_FAIL_REWIND`.
private func refuseSeek(context: UnsafeMutableRawPointer?, offset: curl_off_t, origin: Int32) -> Int32 {
    CURL_SEEKFUNC_FAIL
}

private func allowOneAttempt(
    context: UnsafeMutableRawPointer?, remote: UnsafeMutablePointer<CChar>?, local: UnsafeMutablePointer<CChar>?,
    remotePort: Int32, localPort: Int32
) -> Int32 {
    handle(context).allowAttempt() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private func openSocket(
    context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    handle(context).open(address!)
}

private func closeSocket(context: UnsafeMutableRawPointer?, descriptor: curl_socket_t) -> Int32 {
    Unmanaged<CurlDriver>.fromOpaque(context!).takeUnretainedValue().loop.forget(descriptor)
    return close(descriptor)
}
