#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process that ends a model server when its guard was killed and could not do it itself.
///
/// It reads a pipe that its guard holds open: first the server's process, then nothing. The pipe's end without a word is the guard's.
/// It holds the guard's lock as well, so that no other guard starts a second server while the first still goes down.
public enum ModelServerWatch {
    public static let commandName = "model-server-watch"
    /// Said by a guard that has ended the server itself.
    static let farewell = "done\n"

    /// - Parameter arguments: the state's folder. The pipe is standard input, the lock descriptor 3.
    public static func main(_ arguments: [String]) -> Int32 {
        guard let folder = arguments.first else { return 2 }
        // A signal to the terminal or to the guard's group is not meant for it.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { signal(number, SIG_IGN) }
        let words = readAll()
        if words.hasSuffix(farewell) { return 0 }
        let state = ServerState(folder: folder)
        // Who asks for the server from now on waits until the lock is free, and then starts anew.
        unlink(state.portPath)
        guard let line = words.lines.first(where: { !$0.isBlank }), let server = ServerProcess(text: String(line)) else { return 0 }
        server.end(reap: false)
        unlink(state.serverPath)
        return 0
    }

    private static func readAll() -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256)
        while true {
            let count = read(0, &chunk, chunk.count)
            if count > 0 { bytes += chunk[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
