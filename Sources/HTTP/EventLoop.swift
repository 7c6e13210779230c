import CCurl
import Glibc
import Values

import struct Synchronization.Atomic

/// One thread that runs tasks, timers and sockets in turn.
///
/// It is a `TaskExecutor`: work started with `Task(executorPreference: loop)` runs on the same thread as the transfers
/// of the `HTTPClient`s on it, so that a finished call continues its task without a lock, a wake-up or a system call.
///
///     let loop = try EventLoop()
///     let client = HTTPClient(loop: loop)
///     let task = Task(executorPreference: loop) { try await client.send(request) }
///
/// A turn: run the waiting jobs (a bounded batch), start and time out transfers, fire timers, wait for sockets,
/// complete transfers. The loop lives until `stop()`.
///
/// Unchecked: the inbox is behind a mutex, and every other variable is confined to the loop's thread.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var work: [@Sendable () -> Void] = []
        var isStopped = false
        var thread: pthread_t?
    }

    /// More jobs than this wait for the next turn, so that a crowd of tasks does not starve the sockets.
    private static let jobsPerTurn = 512

    private let poller: Int32
    private let wake: Int32
    private let inbox = Mutex(Inbox())
    /// Set while the thread waits or is about to: who clears it writes to the eventfd, and nobody else does.
    private let isAsleep = Atomic<Bool>(false)
    private let mustStop = Atomic<Bool>(false)
    /// `pthread_self()` of the loop's thread, 0 before it runs.
    private let threadID = Atomic<UInt>(0)

    private var jobs: [UnownedJob] = []
    private var work: [@Sendable () -> Void] = []
    private var timers = TimerHeap()
    private var watches: [Watch] = []
    private var participants: [any LoopParticipant] = []

    /// Starts the thread. Also raises the soft limit on open files to the hard one, as each transfer needs a descriptor.
    ///
    /// - Throws: `SystemError` when the kernel refuses a descriptor or the thread.
    public init() throws(SystemError) {
        _ = OpenFileLimit.current
        poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw SystemError("epoll_create1") }
        wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wake >= 0 else { throw SystemError("eventfd") }
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wake))
        guard epoll_ctl(poller, EPOLL_CTL_ADD, wake, &event) == 0 else { throw SystemError("epoll_ctl") }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                // The thread owns the loop until it ends.
                let loop = Unmanaged<EventLoop>.fromOpaque(context!).takeRetainedValue()
                loop.run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw SystemError("pthread_create", code: status)
        }
        inbox.withLock { $0.thread = thread }
    }

    deinit {
        close(poller)
        close(wake)
    }

    // MARK: From any thread

    /// Whether the caller is on the loop's thread.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
            return
        }
        let accepted = inbox.withLock { inbox in
            if inbox.isStopped { return false }
            inbox.jobs.append(job)
            return true
        }
        if accepted {
            wakeUp()
        } else {
            // A task outlived the loop it prefers: it goes on elsewhere rather than hang.
            globalConcurrentExecutor.enqueue(ExecutorJob(job))
        }
    }

    /// Runs `body` on the loop's thread, in a later turn. `body` must not block: nothing else moves while it runs.
    ///
    /// - Returns: false when the loop has stopped; then `body` never runs.
    @discardableResult
    public func post(_ body: @escaping @Sendable () -> Void) -> Bool {
        if isCurrent {
            work.append(body)
            return true
        }
        let accepted = inbox.withLock { inbox in
            if inbox.isStopped { return false }
            inbox.work.append(body)
            return true
        }
        if accepted { wakeUp() }
        return accepted
    }

    /// Calls `body` on the loop's thread once `span` has passed, unless the timer is cancelled or the loop stopped before.
    @discardableResult
    public func schedule(after span: TimeSpan, _ body: @escaping @Sendable () -> Void) -> LoopTimer {
        let timer = LoopTimer(deadline: deadline(after: span), loop: self) { if $0 { body() } }
        post { self.arm(timer) }
        return timer
    }

    /// Waits without holding a thread.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the loop stops.
    public func sleep(for span: TimeSpan) async throws(CancellationError) {
        let gate = SleepGate()
        let timer = LoopTimer(deadline: deadline(after: span), loop: self) { gate.continuation?.resume(returning: $0) }
        let fired = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                gate.continuation = continuation
                if !self.post({ self.arm(timer) }) { continuation.resume(returning: false) }
            }
        } onCancel: {
            timer.cancel()
        }
        if !fired { throw CancellationError() }
    }

    /// `sleep(for:)` in milliseconds.
    public func sleep(milliseconds: Int64) async throws(CancellationError) {
        try await sleep(for: .milliseconds(milliseconds))
    }

    /// Fails what is in flight, wakes sleepers with `CancellationError`, and joins the thread.
    ///
    /// Tasks that prefer the loop go on on the global executor. Does not wait when called on the loop's own thread.
    public func stop() {
        mustStop.store(true, ordering: .sequentiallyConsistent)
        guard let thread = inbox.withLock({ $0.thread.take() }) else { return }
        if isCurrent {
            pthread_detach(thread)
        } else {
            wakeUp()
            pthread_join(thread, nil)
        }
    }

    private func wakeUp() {
        guard isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return }
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    private func deadline(after span: TimeSpan) -> UInt64 {
        let (nanoseconds, overflow) = UInt64(max(span.milliseconds, 0)).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : Self.now().addingReportingOverflow(nanoseconds).partialValue
    }

    /// Nanoseconds of the monotonic clock.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: On the loop's thread

    func join(_ participant: any LoopParticipant) {
        participants.append(participant)
    }

    func leave(_ participant: any LoopParticipant) {
        participants.removeAll { $0 === participant }
    }

    private func arm(_ timer: LoopTimer) {
        guard timer.state == .new, !mustStop.load(ordering: .relaxed) else {
            timer.finish(fired: false)
            return
        }
        timer.state = .armed
        timers.insert(timer)
    }

    func disarm(_ timer: LoopTimer) {
        switch timer.state {
        case .armed:
            timers.remove(timer)
            timer.finish(fired: false)
        case .new:
            // Cancelled before it was armed, which a task that was cancelled early does.
            timer.state = .done
        case .done: break
        }
    }

    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        // OpenSSL writes to connections that the peer has closed; that must be an error, not the end of the process.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        let executor = asUnownedTaskExecutor()
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
            while !mustStop.load(ordering: .sequentiallyConsistent) {
                takeInbox()
                runWork()
                runJobs(on: executor, limit: Self.jobsPerTurn)
                let now = Self.now()
                for participant in participants { participant.turn(now: now) }
                while let timer = timers.popDue(at: now) { timer.finish(fired: true) }
                wait(events)
                for participant in participants { participant.complete() }
            }
        }
        takeInbox()
        shutDown(executor)
    }

    private func takeInbox() {
        inbox.withLock { inbox in
            if !inbox.jobs.isEmpty {
                // Swapped when possible, so that both arrays keep their storage.
                if jobs.isEmpty { swap(&jobs, &inbox.jobs) } else { jobs += inbox.jobs; inbox.jobs.removeAll(keepingCapacity: true) }
            }
            if !inbox.work.isEmpty {
                if work.isEmpty { swap(&work, &inbox.work) } else { work += inbox.work; inbox.work.removeAll() }
            }
        }
    }

    private func runWork() {
        guard !work.isEmpty else { return }
        let batch = work
        work = []
        for body in batch { body() }
    }

    private func runJobs(on executor: UnownedTaskExecutor, limit: Int) {
        // Jobs add jobs while they run.
        var next = 0
        while next < jobs.count, next < limit {
            let job = jobs[next]
            next += 1
            job.runSynchronously(on: executor)
        }
        if next == jobs.count { jobs.removeAll(keepingCapacity: true) } else { jobs.removeFirst(next) }
    }

    private func wait(_ events: UnsafeMutableBufferPointer<epoll_event>) {
        var timeout: Int32 = 0
        if jobs.isEmpty, work.isEmpty {
            isAsleep.store(true, ordering: .sequentiallyConsistent)
            let hasMail = inbox.withLock { !$0.jobs.isEmpty || !$0.work.isEmpty }
            if hasMail || mustStop.load(ordering: .sequentiallyConsistent) {
                isAsleep.store(false, ordering: .relaxed)
            } else {
                timeout = timeoutUntilNextDeadline()
            }
        }
        let count = epoll_wait(poller, events.baseAddress!, Int32(events.count), timeout)
        isAsleep.store(false, ordering: .relaxed)
        guard count > 0 else { return }
        for event in events[..<Int(count)] {
            let descriptor = event.data.fd
            if descriptor == wake {
                var value: UInt64 = 0
                _ = read(wake, &value, 8)
            } else {
                dispatch(descriptor, event.events)
            }
        }
    }

    private func timeoutUntilNextDeadline() -> Int32 {
        var deadline = timers.nextDeadline
        for participant in participants { deadline = min(deadline, participant.deadline) }
        if deadline == .max { return -1 }
        let now = Self.now()
        if deadline <= now { return 0 }
        // Rounded up: waking early would spin through the last millisecond.
        return Int32(min((deadline - now + 999_999) / 1_000_000, 3_600_000))
    }

    private func shutDown(_ executor: UnownedTaskExecutor) {
        // What the failures resume runs here; tasks that never rest do not keep the loop alive for ever.
        var turns = 0
        while turns < 100, failEverything() {
            turns += 1
            runWork()
            runJobs(on: executor, limit: Self.jobsPerTurn)
            takeInbox()
        }
        inbox.withLock { $0.isStopped = true }
        takeInbox()
        runWork()
        _ = failEverything()
        threadID.store(0, ordering: .relaxed)
        for job in jobs { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
        jobs = []
    }

    /// Fails transfers and sleepers; whether there is anything to run.
    private func failEverything() -> Bool {
        for participant in participants { participant.shutDown() }
        while let timer = timers.popAny() { timer.finish(fired: false) }
        return !jobs.isEmpty || !work.isEmpty
    }

    // MARK: Descriptors

    private struct Watch {
        /// What epoll knows.
        var registered: UInt32 = 0
        /// What the watcher wants.
        var wanted: UInt32 = 0
        /// Whether the watcher tells when the descriptor is closed; only then may `registered` outlive `wanted`.
        var isTracked = false
        // Strong: an optional of this struct with an unowned existential in it is laid out wrongly in debug builds.
        var watcher: (any DescriptorWatcher)?
    }

    /// A descriptor was opened that `forget` will be called for: its registration may be kept while nobody waits for it.
    ///
    /// A kept-alive connection is watched, left and watched again by each transfer; this saves both system calls.
    func track(_ descriptor: Int32) {
        reserve(descriptor)
        watches[Int(descriptor)] = Watch(isTracked: true)
    }

    /// The descriptor is about to be closed.
    func forget(_ descriptor: Int32) {
        guard Int(descriptor) < watches.count else { return }
        // Not left to `close`: a process forked in between would keep the registration alive.
        if watches[Int(descriptor)].registered != 0 { epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, nil) }
        watches[Int(descriptor)] = Watch()
    }

    /// Watches for `events` (level-triggered); 0 ends it.
    func watch(_ descriptor: Int32, for events: UInt32, by watcher: any DescriptorWatcher) {
        reserve(descriptor)
        let index = Int(descriptor)
        watches[index].wanted = events
        watches[index].watcher = events == 0 ? nil : watcher
        guard watches[index].registered != events, events != 0 || !watches[index].isTracked else { return }
        register(descriptor, events)
    }

    private func register(_ descriptor: Int32, _ events: UInt32) {
        let index = Int(descriptor)
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        if events == 0 {
            epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, nil)
        } else if watches[index].registered == 0 {
            if epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0, errno == EEXIST {
                epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event)
            }
        } else if epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event) != 0, errno == ENOENT {
            epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
        }
        watches[index].registered = events
    }

    private func dispatch(_ descriptor: Int32, _ events: UInt32) {
        let watch = watches[Int(descriptor)]
        guard watch.wanted != 0, let watcher = watch.watcher else {
            // An idle connection has news (the server closed it): looked at when it is to be used again.
            register(descriptor, 0)
            return
        }
        watcher.ready(descriptor, events: events)
    }

    private func reserve(_ descriptor: Int32) {
        let missing = Int(descriptor) + 1 - watches.count
        if missing > 0 { watches.append(contentsOf: repeatElement(Watch(), count: max(missing, 64))) }
    }
}

/// Carries a continuation from the task that waits to the loop's thread; written before it is handed over.
private final class SleepGate: @unchecked Sendable {
    var continuation: UnsafeContinuation<Bool, Never>?
}
