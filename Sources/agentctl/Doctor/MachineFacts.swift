import Glibc
import HTTP
import Reports

/// What the operating system tells.
enum MachineFacts {
    static func machine() -> HealthFacts.Machine {
        var limit = rlimit()
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let pages = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
        return HealthFacts.Machine(
            openFiles: (UInt64(limit.rlim_cur), UInt64(limit.rlim_max)), cores: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            memory: pages * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))))
    }

    /// What the client would check servers by, under these options.
    static func certificates(_ options: HTTPClientOptions) -> HealthFacts.Certificates {
        if let path = options.caFile {
            let variable = Output.variable("CURL_CA_BUNDLE") != nil ? "CURL_CA_BUNDLE" : "SSL_CERT_FILE"
            return HealthFacts.Certificates(path: path, variable: variable, state: state(ofFile: path))
        }
        if let path = options.caDirectory { return HealthFacts.Certificates(path: path, variable: "SSL_CERT_DIR", state: isFolder(path) ? .folder : .unreadable) }
        if let path = HTTPLibrary.caFile { return HealthFacts.Certificates(path: path, variable: nil, state: state(ofFile: path)) }
        let path = HTTPLibrary.caDirectory
        return HealthFacts.Certificates(path: path, variable: nil, state: path.map(isFolder) == true ? .folder : .unreadable)
    }

    private static func state(ofFile path: String) -> HealthFacts.Certificates.State {
        guard isFile(path), let file = fopen(path, "r") else { return .unreadable }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var count = 0
        while fgets(&line, Int32(line.count), file) != nil {
            if strncmp(line, "-----BEGIN", 10) == 0, strstr(line, "CERTIFICATE-----") != nil { count += 1 }
        }
        return ferror(file) == 0 ? .file(count: count) : .unreadable
    }

    /// A pipe would be waited for.
    private static func isFile(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    private static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// As commands are found: a path with a slash starts at the project's root, a bare word is searched in `PATH`.
    static func isProgram(_ word: String, root: String) -> Bool {
        func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 && !isFolder(path) }
        if word.utf8.contains(UInt8(ascii: "/")) { return isExecutable(word.hasPrefix("/") ? word : "\(root)/\(word)") }
        return (Output.variable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").parts(at: UInt8(ascii: ":")).contains { isExecutable("\($0)/\(word)") }
    }
}
