import Glibc
import Values

import struct Synchronization.Atomic

/// A fast fake of an OpenAI-compatible server on a port of 127.0.0.1, for tests and benchmarks.
///
///     let server = try StubModelServer(StubOptions(content: .text("hello")))
///     defer { server.stop() }
///     // … POST to server.baseURL + "/chat/completions"
///     #expect(server.requestCount == 1)
///
/// One thread and one epoll serve HTTP/1.1 with keep-alive. A script, the name of the model (see `StubBehaviour`) or the
/// options choose the answer, in this order.
public final class StubModelServer: Sendable {
    /// Chooses an answer on the server's thread; `nil` leaves it to the model's name and the options.
    public typealias Script = @Sendable (StubRequest) -> StubResponse?

    struct State {
        var counters = StubCounters()
        var requests: [StubRequest] = []
        var waiters: [(isMet: @Sendable (StubCounters) -> Bool, continuation: CheckedContinuation<StubCounters, Never>)] = []
        var thread: pthread_t?
    }

    public let port: UInt16
    private let state: Mutex<State>
    private let wake: Int32
    private let mustStop = Atomic<Bool>(false)

    /// `http://127.0.0.1:PORT`
    public var rootURL: String { "http://127.0.0.1:\(port)" }
    /// `http://127.0.0.1:PORT/v1`
    public var baseURL: String { rootURL + "/v1" }
    /// `http://127.0.0.1:PORT/v1/chat/completions`
    public var completionsURL: String { baseURL + "/chat/completions" }

    /// Listens and starts to serve.
    ///
    /// - Throws: `StubServerError` when the port is taken.
    public init(_ options: StubOptions = StubOptions(), script: Script? = nil) throws(StubServerError) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = options.port.bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16_384) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else {
            let reason = String(cString: strerror(errno))
            close(listener)
            throw StubServerError(description: "cannot listen on 127.0.0.1:\(options.port): \(reason)")
        }
        port = UInt16(bigEndian: address.sin_port)
        wake = Epoll.makeWakeUp()
        state = Mutex(State())
        Self.raiseDescriptorLimit()

        let context = Unmanaged.passRetained(StubServingThread(server: self, listener: listener, wake: wake, options: options, script: script))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<StubServingThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        precondition(status == 0, "pthread_create: \(String(cString: strerror(status)))")
        state.withLock { $0.thread = thread }
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Closes all connections and joins the thread. Any number of times.
    public func stop() {
        guard let thread = state.withLock({ $0.thread.take() }) else { return }
        mustStop.store(true, ordering: .sequentiallyConsistent)
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
        pthread_join(thread, nil)
        close(wake)
    }

    // MARK: What it has seen

    public var counters: StubCounters { state.withLock { $0.counters } }
    /// Requests read completely.
    public var requestCount: Int { counters.requests }
    /// In order of arrival, unless the options say not to record.
    public var requests: [StubRequest] { state.withLock { $0.requests } }
    /// How many requests carried this `x-agentctl-call-id`.
    public func requestCount(callID: String) -> Int { requests.count { $0.callID == callID } }

    /// Waits until `count` requests have been read.
    public func waitForRequests(_ count: Int) async {
        await wait { $0.requests >= count }
    }

    /// Waits until what has been seen satisfies `condition`.
    @discardableResult
    public func wait(until condition: @escaping @Sendable (StubCounters) -> Bool) async -> StubCounters {
        await withCheckedContinuation { continuation in
            let met = state.withLock { state -> StubCounters? in
                if condition(state.counters) { return state.counters }
                state.waiters.append((condition, continuation))
                return nil
            }
            if let met { continuation.resume(returning: met) }
        }
    }

    // MARK: For the thread

    var isStopping: Bool { mustStop.load(ordering: .relaxed) }

    /// Changes the counters and wakes those who waited for it.
    @discardableResult
    func note(_ request: StubRequest? = nil, _ change: (inout StubCounters) -> Void) -> StubCounters {
        let (counters, woken) = state.withLock { state in
            change(&state.counters)
            if let request { state.requests.append(request) }
            guard !state.waiters.isEmpty else { return (state.counters, [CheckedContinuation<StubCounters, Never>]()) }
            let counters = state.counters
            let met = state.waiters.filter { $0.isMet(counters) }.map(\.continuation)
            state.waiters.removeAll { $0.isMet(counters) }
            return (counters, met)
        }
        for continuation in woken { continuation.resume(returning: counters) }
        return counters
    }
}
