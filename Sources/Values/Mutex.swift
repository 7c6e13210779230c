#if THREAD_SANITIZER
    import Glibc

    /// The lock of the standard library as far as it is used here, made of one that the thread sanitizer knows: what waits for the
    /// library's own, waits in the kernel, where the sanitizer does not see that the one comes after the other.
    public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        private final class Storage {
            let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
            var value: Value

            init(_ value: consuming Value) {
                pthread_mutex_init(lock, nil)
                self.value = value
            }

            deinit {
                pthread_mutex_destroy(lock)
                lock.deallocate()
            }
        }

        private let storage: Storage

        public init(_ value: consuming sending Value) { storage = Storage(value) }

        public borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(storage.lock)
            defer { pthread_mutex_unlock(storage.lock) }
            return try body(&storage.value)
        }
    }
#else
    public import Synchronization

    /// The lock of the standard library. Named here so that a build for the thread sanitizer can put one in its place that the
    /// sanitizer understands.
    public typealias Mutex<Value: ~Copyable> = Synchronization.Mutex<Value>
#endif
