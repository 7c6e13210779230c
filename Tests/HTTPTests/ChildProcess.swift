import Glibc

/// A program that a test needs beside it, whose first lines of output say that it is ready.
final class ChildProcess {
    private let pid: pid_t
    private let output: UnsafeMutablePointer<FILE>
    private let input: Int32

    /// - Returns: `nil` when the program does not exist.
    init?(_ arguments: [String]) {
        var fromChild: [Int32] = [0, 0]
        var toChild: [Int32] = [0, 0]
        guard pipe(&fromChild) == 0, pipe(&toChild) == 0 else { return nil }
        // No other child may hold the pipes open.
        for descriptor in fromChild + toChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pid = pid_t()
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        let status = posix_spawnp(&pid, arguments[0], &actions, nil, &argv, environ)
        close(fromChild[1])
        close(toChild[0])
        guard status == 0 else {
            close(fromChild[0])
            close(toChild[1])
            return nil
        }
        self.pid = pid
        output = fdopen(fromChild[0], "r")
        input = toChild[1]
    }

    /// The next line without its end; `nil` at the end of the output.
    func readLine() -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        let count = getline(&line, &capacity, output)
        guard count > 0, let line else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: line, count: count).prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// Reads lines until one contains `mark`, and returns what follows it.
    func readLine(after mark: String) -> String? {
        while let line = readLine() {
            if let range = line.firstRange(of: mark) { return String(line[range.upperBound...]) }
        }
        return nil
    }

    /// Waits for the end; true when the program succeeded.
    @discardableResult
    func wait() -> Bool {
        close(input)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        fclose(output)
        return status == 0
    }

    func stop() {
        kill(pid, SIGKILL)
        wait()
    }
}

/// A fresh folder, removed with its files at the end.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/http-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("mkdtemp") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { ChildProcess(["rm", "-rf", path])?.wait() }
    try await body(path)
}
