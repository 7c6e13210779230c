import Glibc

enum TemporaryFolder {
    static func make() -> String {
        var template = Array((getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp").utf8CString.dropLast()) + "/agentctl-fuzz-XXXXXX".utf8CString
        guard let made = mkdtemp(&template) else { stop("cannot make a temporary folder: \(String(cString: strerror(errno)))") }
        return String(cString: made)
    }

    /// With all that is in it, whoever left it there.
    static func remove(_ folder: String) {
        guard let handle = opendir(folder) else { return }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let path = folder + "/" + name
            if entry.pointee.d_type == UInt8(DT_DIR) { remove(path) } else { unlink(path) }
        }
        closedir(handle)
        rmdir(folder)
    }
}
