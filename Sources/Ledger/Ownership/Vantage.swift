import Glibc
import Values

/// From where a process looks at others: who it is, and its clocks. Tests give it another one.
struct Vantage: Sendable {
    var identity: ProcessIdentity
    /// The wall clock, which jumps: by a person, by NTP, by a virtual machine that slept.
    var now: @Sendable () -> Timestamp
    /// Microseconds since the boot, with the time that the machine slept; nobody sets it. The same for all processes of one boot and
    /// one time namespace.
    var uptime: @Sendable () -> Int64
    var sighting: @Sendable (_ pid: Int64) -> ProcessSighting

    static let current = Vantage(identity: .current, now: { .now() }, uptime: { bootClock() }, sighting: { .of(pid: $0) })

    private static func bootClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Whether a process can be believed to live.
    ///
    /// Known at once it is only where both count processes alike: on the same boot, in the same namespaces. Everywhere else the beat
    /// decides: by the clock that nobody sets on the same boot, by the wall clocks of two machines, which may differ, with twice the time.
    func verdict(on process: ProcessRecord) -> ProcessVerdict {
        let other = process.identity
        let sharesClock = identity.boot != nil && other.boot == identity.boot && other.timeNamespace == identity.timeNamespace
        if sharesClock, let namespace = identity.pidNamespace, other.pidNamespace == namespace {
            switch sighting(other.pid) {
            case .none: return .gone
            case .started(let start): if start != other.start { return .gone }
            case .hidden: break
            }
        }
        let silence: TimeSpan
        var allowance = process.lease
        if sharesClock, let beat = process.beatUptime {
            silence = TimeSpan(milliseconds: (uptime() - beat) / 1000)
        } else {
            silence = now().since(process.beat)
            allowance = TimeSpan(milliseconds: process.lease.milliseconds * 2)
        }
        let rest = TimeSpan(milliseconds: allowance.milliseconds - silence.milliseconds)
        return rest.milliseconds > 0 ? .lives(silence: silence, rest: rest) : .silent(silence)
    }

    /// `process 4711 on build-3`, and what makes it another machine's or container's.
    func name(of process: ProcessRecord) -> String {
        let other = process.identity
        let name = other.pid == 0 ? other.host : "process \(other.pid) on \(other.host)"
        guard let boot = other.boot, let own = identity.boot else { return name }
        if boot != own { return other.host == identity.host ? name + ", before its restart or on another machine of that name" : name }
        return other.pidNamespace == identity.pidNamespace ? name : name + ", in another container"
    }
}

/// What can be said of a process.
enum ProcessVerdict: Sendable, Hashable {
    /// It was heard of `silence` ago; without another sign it counts as gone when `rest` has passed.
    case lives(silence: TimeSpan, rest: TimeSpan)
    /// It was not heard of for longer than it may be silent. It may wake up, and finds then that its runs are another's.
    case silent(TimeSpan)
    /// It is known that it does not live any more.
    case gone

    var isAlive: Bool { if case .lives = self { true } else { false } }

    /// When it was last heard of, and until when to wait.
    var text: String {
        switch self {
        case .lives(let silence, let rest):
            "heard of \(TimeSpan.milliseconds(max(0, silence.milliseconds))) ago; without another sign of life it is free in \(rest)"
        case .silent(let silence): "silent for \(silence)"
        case .gone: "which is gone"
        }
    }
}
