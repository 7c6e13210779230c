import Values

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process that owns one model server: starts it, and ends it when no user is left.
///
/// It is this same executable under a hidden command. It leads a session of its own, so that a Ctrl-C at a user's
/// terminal does not reach the server. That the server ends with it, however it ends, is for a second process to see to,
/// ``ModelServerWatch``; where both were killed, the next guard finds the server by its record and ends it before it starts one.
public enum ModelServerGuard {
    public static let commandName = "model-server-guard"

    /// - Parameter arguments: the state's folder, the project's root, `--`, and the server's command.
    /// - Returns: the exit code.
    public static func main(_ arguments: [String]) -> Int32 {
        guard arguments.count >= 4, arguments[2] == "--" else { return 2 }
        // Whatever the starting process had open must not stay open as long as the server runs.
        for descriptor in Int32(3)..<1024 { close(descriptor) }
        let redactor = ServerLog.takeOver(from: 0)
        let state = ServerState(folder: arguments[0])
        let own = open(state.guardPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard own >= 0, isAlone(own) else { return 0 }
        // First of all: where the one before was killed, its port still stands there.
        unlink(state.portPath)
        if let orphan = state.server, orphan.lives { orphan.end(reap: false) }
        state.clear()
        guard let port = freePort() else {
            state.write("no free port on 127.0.0.1\n", to: state.failurePath)
            return 1
        }
        // Before the server: there is no moment at which it has nobody.
        guard let watch = Watch(state, lock: own) else {
            state.write("the server's watch could not be started: \(String(cString: strerror(errno)))\n", to: state.failurePath)
            return 1
        }
        let command = arguments[3...].map { $0.replacingBytes(of: ServerState.portPlaceholder, with: String(port)) }
        guard chdir(arguments[1]) == 0, let log = ServerLog(to: 1, without: redactor),
            let pid = spawn(Array(command), descriptors: [(log.descriptor, 1), (log.descriptor, 2)])
        else {
            state.write("'\(command[0])' could not be started: \(String(cString: strerror(errno)))\n", to: state.failurePath)
            watch.end()
            return 1
        }
        if let server = ServerProcess(pid) {
            watch.say(server.text)
            state.write(server.text, to: state.serverPath)
        }
        state.write("\(port)\n", to: state.portPath)
        let users = open(state.usersPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.watch(pid, state, log, users: users)
        unlink(state.serverPath)
        watch.end()
        // In this order: who gets the users' lock next must see that no guard is at work. Left to the process's end, the
        // kernel would drop the locks in an order of its own.
        close(own)
        close(users)
        return 0
    }

    /// False when another guard was faster. A starting user probes the lock for a moment, so one refusal says nothing.
    private static func isAlone(_ own: Int32) -> Bool {
        for _ in 0..<20 {
            if flock(own, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(10_000)
        }
        return false
    }

    private static func watch(_ server: pid_t, _ state: ServerState, _ log: ServerLog, users: Int32) {
        defer { log.drain() }
        while true {
            var status: Int32 = 0
            if waitpid(server, &status, WNOHANG) == server {
                log.drain()
                state.write((state.lastLogLines + ["the server ended by itself"]).joined(separator: "\n") + "\n", to: state.failurePath)
                unlink(state.portPath)
                // What it has started may have outlived it.
                kill(-server, SIGKILL)
                return
            }
            // Polled rather than waited for, because the server's end must be seen as well.
            if users >= 0, flock(users, LOCK_EX | LOCK_NB) == 0 { break }
            usleep(200_000)
        }
        // Users that come now wait for the lock until the port is withdrawn, and then start anew.
        unlink(state.portPath)
        ServerProcess.end(server, reap: true)
    }

    /// The second process, with the pipe to it.
    private struct Watch {
        private let pid: pid_t
        private let outlet: Int32

        init?(_ state: ServerState, lock: Int32) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { return nil }
            // There is one thread: nothing is spawned in between.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            defer { close(ends[0]) }
            // The lock belongs to what is open, and is held until both have let go of it.
            let arguments = [ServerState.executable, ModelServerWatch.commandName, state.folder]
            guard let pid = ModelServerGuard.spawn(arguments, descriptors: [(ends[0], 0), (lock, 3)]) else {
                close(ends[1])
                return nil
            }
            self.pid = pid
            outlet = ends[1]
        }

        func say(_ text: String) { _ = text.withCString { write(outlet, $0, strlen($0)) } }

        /// Lets it go: the server has ended, or was never there.
        func end() {
            say(ModelServerWatch.farewell)
            close(outlet)
            waitpid(pid, nil, 0)
        }
    }

    /// Starts a program as the leader of a process group of its own.
    ///
    /// - Parameter descriptors: what it has open besides the standard ones, and under which numbers.
    private static func spawn(_ command: [String], descriptors: [(own: Int32, its: Int32)] = []) -> pid_t? {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (own, its) in descriptors { posix_spawn_file_actions_adddup2(&actions, own, its) }
        var pointers: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, pointers, environ)
        if code != 0 { errno = code }
        return code == 0 ? pid : nil
    }

    /// A port that the kernel chose and that was free a moment ago.
    private static func freePort() -> UInt16? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0 else { return nil }
                return pointer.pointee.sin_port.bigEndian
            }
        }
    }
}
