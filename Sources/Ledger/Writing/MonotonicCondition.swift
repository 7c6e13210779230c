import Glibc
import Values

/// A lock with a condition whose waits nobody shortens or lengthens by setting the clock: a beat that is waited for by the wall clock
/// would be an hour late when that is set back by an hour, and the process would count as gone.
///
/// Unchecked: what it guards is for its user to guard with it.
final class MonotonicCondition: @unchecked Sendable {
    /// Nanoseconds of the monotonic clock.
    struct Deadline: Comparable {
        let nanoseconds: Int64

        static func after(_ span: TimeSpan) -> Deadline {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Deadline(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) + span.milliseconds * 1_000_000)
        }

        static var now: Deadline { after(.milliseconds(0)) }
        static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }
    func signal() { pthread_cond_signal(condition) }

    /// Lets go of the lock meanwhile; may also come back early for no reason.
    ///
    /// - Returns: false when the deadline has passed.
    func wait(until deadline: Deadline) -> Bool {
        var time = timespec(tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }
}
