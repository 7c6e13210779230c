import Glibc

/// epoll, which the Glibc module leaves out: looked up by name, with the kernel's packed event laid out by hand.
struct Epoll {
    static let readable: UInt32 = 0x001
    static let writable: UInt32 = 0x004

    private typealias Create = @convention(c) (Int32) -> Int32
    private typealias Control = @convention(c) (Int32, Int32, Int32, UnsafeMutableRawPointer?) -> Int32
    private typealias Wait = @convention(c) (Int32, UnsafeMutableRawPointer, Int32, UnsafePointer<timespec>?, UnsafeRawPointer?) -> Int32
    private typealias EventFD = @convention(c) (UInt32, Int32) -> Int32

    private static func symbol<T>(_ name: String, as type: T.Type) -> T {
        guard let address = dlsym(nil, name) else { fatalError("this system has no \(name)") }
        return unsafeBitCast(address, to: type)
    }

    private static let create = symbol("epoll_create1", as: Create.self)
    private static let control = symbol("epoll_ctl", as: Control.self)
    // The one with nanoseconds: a fixed latency must not be rounded to the next millisecond.
    private static let wait = symbol("epoll_pwait2", as: Wait.self)
    private static let eventFD = symbol("eventfd", as: EventFD.self)

    #if arch(x86_64)
        private static let stride = 12, dataOffset = 4
    #else
        private static let stride = 16, dataOffset = 8
    #endif
    private static let capacity = 256

    private let descriptor: Int32
    private let events: UnsafeMutableRawPointer

    init() {
        descriptor = Self.create(Int32(O_CLOEXEC))
        precondition(descriptor >= 0, "epoll_create1: \(String(cString: strerror(errno)))")
        events = .allocate(byteCount: Self.stride * Self.capacity, alignment: 8)
    }

    func tearDown() {
        close(descriptor)
        events.deallocate()
    }

    /// A descriptor that wakes the wait when eight bytes are written to it.
    static func makeWakeUp() -> Int32 { eventFD(0, Int32(O_CLOEXEC | O_NONBLOCK)) }

    func add(_ fd: Int32, _ mask: UInt32) { set(1, fd, mask) }
    func modify(_ fd: Int32, _ mask: UInt32) { set(3, fd, mask) }

    private func set(_ operation: Int32, _ fd: Int32, _ mask: UInt32) {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { event in
            event.storeBytes(of: mask, as: UInt32.self)
            event.storeBytes(of: UInt64(UInt32(bitPattern: fd)), toByteOffset: Self.dataOffset, as: UInt64.self)
            _ = Self.control(descriptor, operation, fd, event.baseAddress)
        }
    }

    /// Waits until `deadline` (monotonic nanoseconds; `nil` for ever) and calls `body` with each ready descriptor.
    func poll(until deadline: UInt64?, _ body: (_ fd: Int32, _ mask: UInt32) -> Void) {
        var count: Int32
        if let deadline {
            let now = monotonicNanoseconds()
            let rest = deadline > now ? deadline - now : 0
            var timeout = timespec(tv_sec: Int(rest / 1_000_000_000), tv_nsec: Int(rest % 1_000_000_000))
            count = Self.wait(descriptor, events, Int32(Self.capacity), &timeout, nil)
        } else {
            count = Self.wait(descriptor, events, Int32(Self.capacity), nil, nil)
        }
        count = max(count, 0)
        for index in 0..<Int(count) {
            let event = events + index * Self.stride
            body(Int32(truncatingIfNeeded: event.loadUnaligned(fromByteOffset: Self.dataOffset, as: UInt64.self)), event.load(as: UInt32.self))
        }
    }
}

func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
