/// Who shares an event loop's turns. All calls are on the loop's thread.
protocol LoopParticipant: AnyObject {
    /// When `turn` must be called again at the latest: nanoseconds of the monotonic clock, `.max` for never.
    var deadline: UInt64 { get }
    /// Once per turn, after the jobs and before the wait.
    func turn(now: UInt64)
    /// Once per turn, after the descriptors.
    func complete()
    /// The loop ends: fail what is in flight.
    func shutDown()
}

/// Who watches descriptors.
protocol DescriptorWatcher: AnyObject {
    /// A watched descriptor has `events`.
    func ready(_ descriptor: Int32, events: UInt32)
}
