/// A deadline on an `EventLoop`, made by `EventLoop.schedule(after:_:)`.
///
/// Everything but `cancel()` is confined to the loop's thread, which is why it can cross threads unchecked.
public final class LoopTimer: @unchecked Sendable {
    enum State { case new, armed, done }

    /// Nanoseconds of the monotonic clock.
    let deadline: UInt64
    var state = State.new
    /// Its place in the heap while armed.
    var index = -1
    private let loop: EventLoop
    private var action: (@Sendable (_ fired: Bool) -> Void)?

    init(deadline: UInt64, loop: EventLoop, action: @escaping @Sendable (_ fired: Bool) -> Void) {
        self.deadline = deadline
        self.loop = loop
        self.action = action
    }

    /// Takes the timer back. From any thread, any number of times; too late when it has fired.
    public func cancel() {
        loop.post { self.loop.disarm(self) }
    }

    func finish(fired: Bool) {
        state = .done
        let action = self.action
        self.action = nil
        action?(fired)
    }
}
