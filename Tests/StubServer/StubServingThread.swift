import Glibc
import Values

/// The thread of a stub server. Everything here is confined to it.
final class StubServingThread {
    private let server: StubModelServer
    private let listener: Int32
    private let wake: Int32
    private let options: StubOptions
    private let script: StubModelServer.Script?
    private let epoll = Epoll()
    private var behaviour: StubBehaviour
    private var connections: [StubConnection?] = []
    private var timers = StubTimerHeap()
    private var accepted = 0
    private var requests = 0
    private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 << 10)

    /// An endless stream waits when the client does not read.
    private static let backlogLimit = 1 << 20

    init(server: StubModelServer, listener: Int32, wake: Int32, options: StubOptions, script: StubModelServer.Script?) {
        self.server = server
        self.listener = listener
        self.wake = wake
        self.options = options
        self.script = script
        behaviour = StubBehaviour(options: options)
    }

    func run() {
        epoll.add(listener, Epoll.readable)
        epoll.add(wake, Epoll.readable)
        while !server.isStopping {
            epoll.poll(until: timers.next) { descriptor, mask in
                if descriptor == listener {
                    acceptAll()
                } else if descriptor != wake, let connection = connection(at: descriptor) {
                    if mask & Epoll.writable != 0 { flush(connection) }
                    if mask & ~Epoll.writable != 0, self.connection(at: descriptor) === connection { read(connection) }
                }
            }
            if timers.next != nil {
                let now = monotonicNanoseconds()
                while let due = timers.popDue(at: now) {
                    if let connection = connection(at: due.descriptor), connection.number == due.connection { proceed(connection) }
                }
            }
        }
        for connection in connections { if let connection { close(connection.descriptor) } }
        close(listener)
        epoll.tearDown()
        buffer.deallocate()
    }

    private func connection(at descriptor: Int32) -> StubConnection? {
        Int(descriptor) < connections.count ? connections[Int(descriptor)] : nil
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            accepted += 1
            let missing = Int(descriptor) + 1 - connections.count
            if missing > 0 { connections.append(contentsOf: repeatElement(nil, count: max(missing, 64))) }
            connections[Int(descriptor)] = StubConnection(descriptor: descriptor, number: accepted)
            epoll.add(descriptor, Epoll.readable)
            server.note {
                $0.connections += 1; $0.openConnections += 1
            }
        }
    }

    private func closeConnection(_ connection: StubConnection, isAbandoned: Bool = false) {
        connections[Int(connection.descriptor)] = nil
        close(connection.descriptor)
        var isBusy = true
        if case .idle = connection.phase { isBusy = false }
        server.note {
            $0.openConnections -= 1
            if isBusy { $0.inFlight -= 1 }
            if isBusy, isAbandoned { $0.abandoned += 1 }
        }
    }

    // MARK: Requests

    private func read(_ connection: StubConnection) {
        while true {
            let count = recv(connection.descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else {
                if count == 0 || (errno != EAGAIN && errno != EINTR) { closeConnection(connection, isAbandoned: true) }
                return
            }
            var bytes = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[..<count])
            // Nearly always a whole request is in the buffer, and is understood there without a copy.
            if connection.input.isEmpty {
                while case .idle = connection.phase, let used = take(connection, bytes), used > 0 {
                    bytes = UnsafeBufferPointer(rebasing: bytes[used...])
                }
                if self.connection(at: connection.descriptor) !== connection { return }
                connection.input.append(contentsOf: bytes)
            } else {
                connection.input.append(contentsOf: bytes)
                takeFromInput(connection)
                if self.connection(at: connection.descriptor) !== connection { return }
            }
            if count < buffer.count { return }
        }
    }

    private func takeFromInput(_ connection: StubConnection) {
        // An answer that is written at once ends here again while its request is being served.
        guard !connection.isDraining else { return }
        connection.isDraining = true
        defer { connection.isDraining = false }
        while case .idle = connection.phase, !connection.input.isEmpty, !connection.closesWhenWritten {
            switch connection.input.withUnsafeBufferPointer(StubConnection.parse) {
            case .incomplete: return
            case .malformed: return closeConnection(connection)
            case .message(let message):
                if message.length == connection.input.count { connection.input = [] } else { connection.input.removeFirst(message.length) }
                serve(message, on: connection)
            }
        }
    }

    /// Serves the request at the beginning of `bytes`: how many it took, 0 when it is not complete, `nil` when it is none.
    private func take(_ connection: StubConnection, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        switch StubConnection.parse(bytes) {
        case .incomplete: return 0
        case .malformed:
            closeConnection(connection)
            return nil
        case .message(let message):
            serve(message, on: connection)
            return message.length
        }
    }

    private func serve(_ message: StubConnection.Message, on connection: StubConnection) {
        requests += 1
        var path = Substring(message.target)
        if !path.hasPrefix("/"), let scheme = path.firstRange(of: "://") {
            let rest = path[scheme.upperBound...]
            path = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        if let query = path.utf8.firstIndex(of: UInt8(ascii: "?")) { path = path[..<query] }
        let request = StubRequest(
            method: message.method, path: String(path), target: message.target, headerLines: message.headerLines,
            body: message.body, number: requests, connection: connection.number)
        connection.phase = .waiting
        server.note(options.recordsRequests ? request : nil) {
            $0.requests += 1
            $0.inFlight += 1
            $0.peakInFlight = max($0.peakInFlight, $0.inFlight)
        }
        let response: StubResponse
        if let scripted = script?(request) { response = scripted } else { (response, connection.write) = behaviour.respond(to: request) }
        connection.response = response
        let latency = response.latency ?? options.latencyMilliseconds
        if latency > 0 { schedule(connection, after: latency) } else { begin(connection, response) }
    }

    private func schedule(_ connection: StubConnection, after milliseconds: Int) {
        timers.insert(
            at: monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000, connection.descriptor, connection: connection.number)
    }

    // MARK: Answers

    private func proceed(_ connection: StubConnection) {
        guard let response = connection.response else { return }
        switch connection.phase {
        case .waiting: begin(connection, response)
        case .streaming(let sent): sendChunk(connection, response, sent)
        case .idle, .ending: break
        }
    }

    private func begin(_ connection: StubConnection, _ response: StubResponse) {
        switch response.ending {
        case .noAnswer: return closeConnection(connection)
        case .silence:
            if case .bytes = response.body {
                connection.phase = .ending
                return
            }
        case .raw:
            if case .bytes(let bytes) = response.body { connection.output.append(contentsOf: bytes) }
            return end(connection, closes: true)
        case .complete, .close, .cut: break
        }
        if let write = connection.write.take() { behaviour.begin(write) }
        writeHead(connection, response)
        switch response.body {
        case .bytes(let bytes):
            if case .cut(let count) = response.ending {
                connection.output.append(contentsOf: bytes.prefix(count))
            } else {
                connection.output.append(contentsOf: bytes)
            }
            finish(connection, response)
        case .chunks(let chunks, let interval) where interval <= 0:
            for chunk in chunks { writeChunk(connection, chunk) }
            finish(connection, response)
        case .chunks, .endless:
            sendChunk(connection, response, 0)
        }
    }

    private func sendChunk(_ connection: StubConnection, _ response: StubResponse, _ sent: Int) {
        switch response.body {
        case .chunks(let chunks, let interval):
            guard sent < chunks.count else { return finish(connection, response) }
            writeChunk(connection, chunks[sent])
            connection.phase = .streaming(sent + 1)
            guard flush(connection) else { return }
            schedule(connection, after: interval)
        case .endless(let chunk, let interval):
            if connection.output.count - connection.outputOffset < Self.backlogLimit { writeChunk(connection, chunk) }
            connection.phase = .streaming(sent + 1)
            guard flush(connection) else { return }
            schedule(connection, after: max(1, interval))
        case .bytes: break
        }
    }

    private func writeHead(_ connection: StubConnection, _ response: StubResponse) {
        var output = connection.output
        connection.output = []
        func add(_ text: StaticString) { output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }
        add("HTTP/1.1 ")
        JSONEncoding.write(Int64(response.status), to: &output)
        add(" \r\nContent-Type: ")
        output.append(contentsOf: response.contentType.utf8)
        for (name, value) in response.headers {
            add("\r\n")
            output.append(contentsOf: name.utf8)
            add(": ")
            output.append(contentsOf: value.utf8)
        }
        if case .bytes(let bytes) = response.body {
            add("\r\nContent-Length: ")
            JSONEncoding.write(Int64(bytes.count), to: &output)
        } else {
            add("\r\nTransfer-Encoding: chunked")
        }
        if case .close = response.ending { add("\r\nConnection: close") }
        add("\r\n\r\n")
        connection.output = output
    }

    private func writeChunk(_ connection: StubConnection, _ bytes: [UInt8]) {
        // An empty chunk would be the end mark.
        guard !bytes.isEmpty else { return }
        connection.output.append(contentsOf: String(bytes.count, radix: 16).utf8)
        connection.output.append(contentsOf: "\r\n".utf8)
        connection.output.append(contentsOf: bytes)
        connection.output.append(contentsOf: "\r\n".utf8)
    }

    private func finish(_ connection: StubConnection, _ response: StubResponse) {
        var isChunked = true
        if case .bytes = response.body { isChunked = false }
        switch response.ending {
        case .cut: end(connection, closes: true)
        case .silence:
            connection.phase = .ending
            flush(connection)
        case .close:
            if isChunked { connection.output.append(contentsOf: "0\r\n\r\n".utf8) }
            end(connection, closes: true)
        case .complete, .noAnswer, .raw:
            if isChunked { connection.output.append(contentsOf: "0\r\n\r\n".utf8) }
            end(connection, closes: false)
        }
    }

    private func end(_ connection: StubConnection, closes: Bool) {
        connection.phase = .idle
        connection.response = nil
        connection.write = nil
        connection.closesWhenWritten = closes
        server.note { $0.inFlight -= 1 }
        guard flush(connection), !connection.input.isEmpty else { return }
        takeFromInput(connection)
    }

    /// Writes what the socket takes; false when the connection is gone.
    @discardableResult
    private func flush(_ connection: StubConnection) -> Bool {
        while connection.outputOffset < connection.output.count {
            let count = connection.output.withUnsafeBytes {
                send(connection.descriptor, $0.baseAddress! + connection.outputOffset, $0.count - connection.outputOffset, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                connection.outputOffset += count
            } else if errno == EAGAIN {
                watch(connection, Epoll.readable | Epoll.writable)
                return true
            } else if errno != EINTR {
                closeConnection(connection, isAbandoned: true)
                return false
            }
        }
        connection.output = []
        connection.outputOffset = 0
        watch(connection, Epoll.readable)
        if connection.closesWhenWritten {
            closeConnection(connection)
            return false
        }
        return true
    }

    private func watch(_ connection: StubConnection, _ mask: UInt32) {
        guard connection.mask != mask else { return }
        connection.mask = mask
        epoll.modify(connection.descriptor, mask)
    }
}
