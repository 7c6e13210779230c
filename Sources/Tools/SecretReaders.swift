import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads secrets where the project file says they are. What it reads is never logged.
public enum SecretReaders {
    /// What programs printed: each is asked once, as a password manager may ask its user.
    private static let printed = Mutex<[[TextKey]: String]>([:])

    public static func read(_ source: SecretSource, root: String) -> Result<String, StepFailure> {
        switch source {
        case .value(let value): return .success(value)
        case .environment(let name):
            guard let bytes = getenv(name), bytes[0] != 0 else {
                return .failure(StepFailure(.configuration, "the environment variable \(name) is not set", details: ["it holds the provider's API key: export \(name)=…"]))
            }
            guard let value = String(validatingCString: bytes) else {
                return .failure(StepFailure(.configuration, "the environment variable \(name) is not UTF-8 text"))
            }
            return .success(value)
        case .command(let argv):
            let asked = ([root] + argv).map { TextKey($0) }
            if let known = printed.withLock({ $0[asked] }) { return .success(known) }
            let answer = command(argv, root: root)
            if case .success(let key) = answer { printed.withLock { $0[asked] = key } }
            return answer
        }
    }

    /// Synchronous on purpose: keys are read once, before the first call, from wherever that is prepared.
    private static func command(_ argv: [String], root: String) -> Result<String, StepFailure> {
        let line = argv.map(ShellQuoting.quote).joined(separator: " ")
        // What it says besides is kept for a failure: on its way to the terminal nobody would look at it.
        let said = tmpfile()
        defer { if let said { fclose(said) } }
        let errors = said.map { "/proc/self/fd/\(fileno($0))" } ?? "/dev/null"
        guard let pipe = popen("cd \(ShellQuoting.quote(root)) && exec \(line) 2>\(errors)", "r") else {
            return .failure(StepFailure(.configuration, "the key command '\(argv[0])' could not be started"))
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 65_536 {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        let status = pclose(pipe)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(StepFailure(.configuration, "the key command '\(argv[0])' gave a key that is not UTF-8 text"))
        }
        let key = text.withoutByteOrderMark.lines.first { !$0.isBlank }.map(String.init) ?? ""
        guard status == 0, !key.isEmpty else {
            return .failure(StepFailure(.configuration, "the key command '\(argv[0])' gave no key", details: ["it must print the key on its first line and exit with 0"] + lines(of: said)))
        }
        return .success(key)
    }
}

extension SecretReaders {
    /// The last lines that a program wrote to its stderr.
    private static func lines(of file: UnsafeMutablePointer<FILE>?) -> [String] {
        guard let file else { return [] }
        rewind(file)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).lines.filter { !$0.isBlank }.suffix(6).map { "stderr: \($0)" }
    }
}

/// Words for a POSIX shell.
public enum ShellQuoting {
    public static func quote(_ word: String) -> String { "'" + word.replacingBytes(of: "'", with: "'\\''") + "'" }
}
