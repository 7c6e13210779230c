import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The folder of one model server: `users` and `guard` are locks, `port` and `failure` what its guard tells, `server` the process that it
/// has started, `log` what the server prints.
struct ServerState {
    static let portPlaceholder = "${{ port }}"

    let folder: String

    /// Servers with the same command in the same project are one server.
    init(folder: String, serve: ServeConfiguration, root: String) {
        let key = ContentHash(of: ([root, serve.ready] + serve.command).joined(separator: "\u{0}")).hex.prefix(16)
        self.folder = "\(folder)/\(key)"
    }

    init(folder: String) { self.folder = folder }

    var usersPath: String { folder + "/users" }
    var guardPath: String { folder + "/guard" }
    var portPath: String { folder + "/port" }
    var failurePath: String { folder + "/failure" }
    var serverPath: String { folder + "/server" }
    var logPath: String { folder + "/log" }

    func createFolder() throws(StepFailure) {
        // What models are asked stands in their servers' logs.
        if let part = PrivateFolder.create(folder) { throw StepFailure(.configuration, "cannot create \(part): \(String(cString: strerror(errno)))") }
        for path in [folder, logPath, failurePath] { PrivateFolder.tighten(path) }
    }

    /// The shared lock that keeps the server alive. Waits while a guard that lost its last user shuts the server down.
    func lockAsUser() throws(StepFailure) -> Int32 {
        let descriptor = open(usersPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_SH) == 0 else {
            throw StepFailure(.configuration, "cannot lock \(usersPath): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Whether a guard is at work. It holds its own lock for as long as it lives.
    var isServed: Bool {
        let descriptor = open(guardPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    var port: String? { text(portPath).map { $0.filter { !$0.isWhitespace } }.flatMap { $0.isEmpty ? nil : $0 } }

    /// The server that was started last, unless its end was seen.
    var server: ServerProcess? { text(serverPath).flatMap(ServerProcess.init(text:)) }

    var failure: [String]? { text(failurePath)?.lines.filter { !$0.isBlank }.map(String.init) }

    var lastLogLines: [String] {
        (text(logPath) ?? "").lines.filter { !$0.isBlank }.suffix(5).map { "log: \($0)" }
    }

    private func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 4 << 20 {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes whole or not at all.
    func write(_ text: String, to path: String) {
        let temporary = path + ".\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { return }
        fputs(text, file)
        fclose(file)
        rename(temporary, path)
    }

    func clear() {
        unlink(portPath)
        unlink(serverPath)
        unlink(failurePath)
    }

    /// This program, as the kernel names it: it may have been moved since it started.
    static let executable = "/proc/self/exe"

    /// Starts the guard, detached from this process's terminal and descriptors.
    ///
    /// - Parameters:
    ///   - secrets: what the guard keeps out of the log.
    ///   - withheld: variables of the environment that neither it nor the server sees.
    func spawnGuard(program: String, serve: ServeConfiguration, root: String, secrets: [Secret], withheld: TextSet) throws(StepFailure) {
        unlink(failurePath)
        // Through a pipe, as arguments and variables can be read by others.
        guard let input = ServerLog.handOver(secrets) else {
            throw StepFailure(.configuration, "the guard of a model server could not be started: \(String(cString: strerror(errno)))")
        }
        defer { close(input) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which glibc's <spawn.h> shows only under _GNU_SOURCE.
        let newSession: Int16 = 0x80
        posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let argv = [program, ModelServerGuard.commandName, folder, root, "--"] + serve.command
        var pointers: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var variables = Self.environment(without: withheld)
        defer { for variable in variables { free(variable) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, program, &actions, &attributes, pointers, &variables)
        guard code == 0 else {
            throw StepFailure(.configuration, "the guard of a model server could not be started: \(String(cString: strerror(code)))")
        }
        // Nobody waits for it: when it ends before us it is reaped with us.
    }

    private static func environment(without withheld: TextSet) -> [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var next = environ
        while let variable = next.pointee {
            let text = String(cString: variable)
            if !withheld.contains(text.cut(at: UInt8(ascii: "="))?.before ?? text) { variables.append(strdup(variable)) }
            next += 1
        }
        return variables + [nil]
    }
}
