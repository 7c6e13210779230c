import Foundation
import Values

/// A process that a test ends as it likes. Confined to one thread, which blocks while it waits.
final class CrashProcess {
    let id: pid_t
    private let out: String
    private let err: String
    private var status: Int32?

    /// How much room a process has for its ledger.
    enum Room {
        case plenty
        /// No file may be larger than so many blocks of 512 bytes; the write beyond that is the end of the process.
        case deadly(blocks: Int)
        /// The same, and it is told so by the write.
        case files(blocks: Int)
        /// A disk of so many blocks, mounted on the folder `small`; what is on it at the end is copied out of it.
        case disk(blocks: Int)
    }

    init(_ arguments: [String], in folder: String, log: String, room: Room = .plenty) {
        (out, err) = (folder + "/" + log + ".out", folder + "/" + log + ".err")
        var script = "cd '\(folder)' && exec >'\(out)' 2>'\(err)' </dev/null && "
        let program = "\"$0\" \"$@\""
        switch room {
        case .plenty: script += "exec \(program)"
        case .deadly(let blocks): script += "ulimit -c 0 && ulimit -f \(blocks) && exec \(program)"
        case .files(let blocks): script += "trap '' XFSZ && ulimit -f \(blocks) && exec \(program)"
        case .disk(let blocks):
            let inside = "mount -t tmpfs -o size=\(blocks * 512) tmpfs small || exit 99; \(program); code=$?; cp small/ledger.db* . ; exit $code"
            script += "mkdir -p small && exec unshare -Urm /bin/sh -c '\(inside)' \(program)"
        }
        let argv = (["/bin/sh", "-c", script, Sandbox.program] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var environment = [strdup("NO_COLOR=1")]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] { if let value = getenv(name) { environment.append(strdup("\(name)=\(String(cString: value))")) } }
        environment.append(nil)
        defer { for text in environment { free(text) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // Out of the terminal's group, so that a Ctrl-C ends the tests and not one process by chance.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        defer { posix_spawnattr_destroy(&attributes) }
        var spawned: pid_t = 0
        let code = posix_spawn(&spawned, "/bin/sh", nil, &attributes, argv, environment)
        precondition(code == 0, "posix_spawn: \(String(cString: strerror(code)))")
        id = spawned
    }

    /// Whether this system lets everybody mount a small disk for one process.
    static let hasDisks: Bool = {
        let process = CrashProcess(["--version"], in: NSTemporaryDirectory(), log: "agentctl-disk-\(getpid())", room: .disk(blocks: 128))
        return process.wait() == 0
    }()

    deinit { if status == nil { end(with: SIGKILL) } }

    /// Whether it is over.
    var hasEnded: Bool {
        if status != nil { return true }
        var found: Int32 = 0
        guard waitpid(id, &found, WNOHANG) == id else { return false }
        status = found
        return true
    }

    func send(_ signal: Int32) { if status == nil { kill(id, signal) } }

    /// Stops it where it is; when this returns, none of its threads runs.
    func standStill() {
        send(SIGSTOP)
        var found: Int32 = 0
        while status == nil, waitpid(id, &found, WUNTRACED) != id {}
        if status == nil, found & 0xFF != 0x7F { status = found }
    }

    @discardableResult
    func wait() -> Int {
        if status == nil {
            var found: Int32 = 0
            while waitpid(id, &found, 0) != id {}
            status = found
        }
        return code
    }

    func end(with signal: Int32) {
        send(signal)
        wait()
    }

    /// Its exit code, or the signal that ended it as a negative number.
    var code: Int {
        guard let status else { preconditionFailure("it still runs") }
        return status & 0x7F == 0 ? Int(status >> 8 & 0xFF) : -Int(status & 0x7F)
    }

    var output: String { Self.text(out) }
    var errors: String { Self.text(err) }
    var json: JSONValue? { try? JSONParser.parse(output) }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
