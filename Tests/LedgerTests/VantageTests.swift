import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// A machine of a test: its clocks go when it says so.
final class Machine: Sendable {
    private let clocks = Mutex((wall: Timestamp(rfc3339: "2026-11-21T10:00:00Z")!, uptime: Int64(5_000_000_000)))
    private let living: Mutex<[Int64: Int64]>

    /// - Parameter living: processes by number, with their starts.
    init(living: [Int64: Int64] = [:]) { self.living = Mutex(living) }

    func vantage(_ pid: Int64, start: Int64? = 100, host: String = "build-3", boot: String? = "boot-a", namespace: Int64? = 1, time: Int64? = 7) -> Vantage {
        if let start { living.withLock { $0[pid] = start } }
        let identity = ProcessIdentity(host: host, boot: boot, pidNamespace: namespace, timeNamespace: time, pid: pid, start: start)
        return Vantage(
            identity: identity, now: { self.clocks.withLock { $0.wall } }, uptime: { self.clocks.withLock { $0.uptime } },
            sighting: { pid in self.living.withLock { $0[pid] }.map { .started(at: $0) } ?? .none })
    }

    func pass(_ span: TimeSpan) {
        setClock(by: span)
        clocks.withLock { $0.uptime += span.milliseconds * 1000 }
    }

    /// Somebody sets the wall clock.
    func setClock(by span: TimeSpan) { clocks.withLock { $0.wall = $0.wall.adding(span) } }

    func kill(_ pid: Int64) { living.withLock { $0[pid] = nil } }
}

/// Case A3: who is believed to live.
@Suite struct VantageTests {
    private let machine = Machine()

    private func record(_ vantage: Vantage, uptime: Int64? = 5_000_000_000) -> ProcessRecord {
        ProcessRecord(id: 1, identity: vantage.identity, beat: vantage.now(), beatUptime: uptime, lease: .seconds(60))
    }

    @Test func oneThatCanBeSeenIsKnownAtOnce() {
        let here = machine.vantage(1)
        let other = record(machine.vantage(2, start: 200))
        #expect(here.verdict(on: other) == .lives(silence: .seconds(0), rest: .seconds(60)))
        machine.kill(2)
        #expect(here.verdict(on: other) == .gone)
        // Another one has its number by now.
        _ = machine.vantage(2, start: 201)
        #expect(here.verdict(on: other) == .gone)
    }

    /// In a container another process has its number, or none: neither says anything.
    @Test(arguments: [nil, 1, 2] as [Int64?]) func aContainerCannotSeeThoseOutside(namespace: Int64?) {
        let outside = record(machine.vantage(4711, namespace: 9))
        machine.kill(4711)
        let inside = machine.vantage(1, namespace: namespace)
        #expect(inside.verdict(on: outside).isAlive)
        machine.pass(.milliseconds(59_999))
        #expect(inside.verdict(on: outside) == .lives(silence: .milliseconds(59_999), rest: .milliseconds(1)))
        machine.pass(.milliseconds(1))
        #expect(inside.verdict(on: outside) == .silent(.seconds(60)))
    }

    @Test(arguments: [86_400, -86_400] as [Int64]) func aClockThatJumpsTakesOverNothing(seconds: Int64) {
        let here = machine.vantage(1, namespace: 2)
        let other = record(machine.vantage(2))
        machine.setClock(by: .seconds(seconds))
        #expect(here.verdict(on: other) == .lives(silence: .seconds(0), rest: .seconds(60)))
        machine.pass(.seconds(60))
        #expect(!here.verdict(on: other).isAlive)
    }

    /// Another machine under the same name, or this one before its restart; a clock of its own; one that was recorded without.
    @Test(arguments: ["boot", "no boot", "time", "no clock"]) func withoutACommonClockThereIsTwiceTheTime(difference: String) {
        let other: ProcessRecord
        switch difference {
        case "boot": other = record(machine.vantage(2, boot: "boot-b"))
        case "no boot": other = record(machine.vantage(2, boot: nil))
        case "time": other = record(machine.vantage(2, time: 8))
        default: other = record(machine.vantage(2, namespace: 2), uptime: nil)
        }
        machine.kill(2)
        let here = machine.vantage(1)
        machine.pass(.seconds(119))
        #expect(here.verdict(on: other) == .lives(silence: .seconds(119), rest: .seconds(1)))
        machine.pass(.seconds(1))
        #expect(here.verdict(on: other) == .silent(.seconds(120)))
    }

    @Test func namesTellWhereItIs() {
        let here = machine.vantage(1)
        #expect(here.name(of: record(machine.vantage(2))) == "process 2 on build-3")
        #expect(here.name(of: record(machine.vantage(2, namespace: 2))) == "process 2 on build-3, in another container")
        #expect(here.name(of: record(machine.vantage(2, boot: "boot-b"))) == "process 2 on build-3, before its restart or on another machine of that name")
        #expect(here.name(of: record(machine.vantage(2, host: "build-4", boot: "boot-b"))) == "process 2 on build-4")
    }

    @Test func thisProcessSeesItself() throws {
        let own = Vantage.current
        #expect(own.identity.pid == Int64(getpid()) && own.identity.start != nil)
        #expect(own.sighting(own.identity.pid) == .started(at: try #require(own.identity.start)))
        #expect(own.sighting(0x3FFF_FFFF) == .none)
        #expect(own.verdict(on: record(own, uptime: own.uptime())).isAlive)
        #expect(own.uptime() > 0)
    }
}
