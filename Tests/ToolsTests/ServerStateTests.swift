import Foundation
import Testing
import Values
import WorkflowModel

@testable import Tools

/// The folder by which processes share a model server.
@Suite struct ServerStateTests {
    private let state: ServerState

    init() throws {
        state = ServerState(folder: NSTemporaryDirectory() + "server-state-" + UUID().uuidString)
        try state.createFolder()
    }

    private func lock(_ path: String, _ kind: Int32) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(descriptor, kind | LOCK_NB) == 0)
        return descriptor
    }

    /// Let go by name: a child that another test starts at this moment may hold the descriptor, too.
    private func release(_ descriptor: Int32) {
        #expect(flock(descriptor, LOCK_UN) == 0)
        close(descriptor)
    }

    @Test func oneCommandInOneProjectIsOneServer() {
        func folder(_ command: [String], ready: String = "/health", root: String = "/p", timeout: Int64 = 60) -> String {
            ServerState(
                folder: "/s", serve: ServeConfiguration(command: command, ready: ready, startTimeout: .seconds(timeout)), root: root
            ).folder
        }
        #expect(folder(["serve", "a"]) == folder(["serve", "a"]))
        #expect(folder(["serve", "a"]) == folder(["serve", "a"], timeout: 5), "how long it is waited for is no other server")
        let others = [folder(["serve", "a"]), folder(["serve a"]), folder(["serve", "b"]), folder(["serve", "a"], ready: "/up"), folder(["serve", "a"], root: "/q")]
        #expect(Set(others).count == others.count)
        #expect(others.allSatisfy { $0.hasPrefix("/s/") })
    }

    @Test func onlyItsUserReadsIt() throws {
        state.write("8080\n", to: state.portPath)
        for (path, mode) in [(state.folder, 0o700), (state.portPath, 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? Int) == mode, "\(path)")
        }
    }

    @Test func aGuardIsKnownByItsLock() {
        #expect(!state.isServed)
        let held = lock(state.guardPath, LOCK_EX)
        #expect(state.isServed)
        release(held)
        #expect(!state.isServed)
    }

    /// While one is left the server stays: a guard that wants to end it does not get the lock alone.
    @Test func usersShareTheirLock() throws {
        let (first, second) = (try state.lockAsUser(), try state.lockAsUser())
        let alone = open(state.usersPath, O_RDWR | O_CLOEXEC)
        defer { close(alone) }
        #expect(flock(alone, LOCK_EX | LOCK_NB) != 0)
        release(first)
        #expect(flock(alone, LOCK_EX | LOCK_NB) != 0)
        release(second)
        #expect(flock(alone, LOCK_EX | LOCK_NB) == 0)
    }

    @Test func whatTheGuardTellsIsReadWhole() {
        #expect(state.port == nil && state.failure == nil && state.lastLogLines == [])
        state.write("  \n", to: state.portPath)
        #expect(state.port == nil, "nothing is no port")
        state.write("40123\n", to: state.portPath)
        state.write("it ended\nwith 1\n", to: state.failurePath)
        state.write((1...7).map { "line \($0)\n" }.joined(), to: state.logPath)
        #expect(state.port == "40123" && state.failure == ["it ended", "with 1"])
        #expect(state.lastLogLines == (3...7).map { "log: line \($0)" })
        state.clear()
        #expect(state.port == nil && state.failure == nil)
        #expect(state.lastLogLines.count == 5, "the log stays")
    }
}
