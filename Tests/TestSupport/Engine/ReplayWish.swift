import Foundation

/// Whether every run of an ``EngineRig`` is replayed when it has ended. It takes as long again, so that it is asked for: `AGENTCTL_TEST_REPLAY=1 swift test`.
enum ReplayWish {
    static let isThere = ProcessInfo.processInfo.environment["AGENTCTL_TEST_REPLAY"] != nil
}
