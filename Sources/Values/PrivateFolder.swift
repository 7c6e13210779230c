#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Folders for what others must not read: ledgers, and the logs of model servers.
public enum PrivateFolder {
    /// The folder of a project that only this program writes to.
    public static let name = ".agentctl"

    /// Creates what is missing of a path, for this user alone; a folder of our own that was left open to others is closed to them.
    ///
    /// - Returns: the part that could not be made, with `errno` set.
    public static func create(_ folder: String) -> String? {
        var path = folder.hasPrefix("/") ? "/" : ""
        for part in folder.parts(at: UInt8(ascii: "/")) {
            path += (path.isEmpty || path.hasSuffix("/") ? "" : "/") + part
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { return path }
            if part == name { tighten(path) }
        }
        return nil
    }

    /// Takes the rights of others from a file or folder of this user.
    public static func tighten(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_uid == geteuid(), info.st_mode & 0o077 != 0 else { return }
        if [S_IFREG, S_IFDIR].contains(info.st_mode & S_IFMT) { chmod(path, info.st_mode & 0o700) }
    }
}
