import Foundation

/// How much is to be tried, from the environment.
enum CrashOptions {
    private static func variable(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }

    static let isAsked = variable("AGENTCTL_CRASH_KILLS") != nil
    static let kills = Int(variable("AGENTCTL_CRASH_KILLS") ?? 320)
    static let seed = variable("AGENTCTL_CRASH_SEED") ?? 1
    /// Whether more was asked for than a test run has time for.
    static var isLong: Bool { kills > 1000 }
    static func scaled(_ count: Int) -> Int { isLong ? count * kills / 320 : count }
}
