import Values

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who may have written a file that nobody named.
///
/// Trusted are this user, root, and under `sudo` the user who called it. The file, what a link leads to, and the folder that it is in
/// must be theirs: who owns the folder can put another file in its place.
enum FileOwner {
    /// The owner who is not trusted; `nil`: none of them.
    static func foreign(of path: String) -> String? {
        let folder = path.cut(atLast: UInt8(ascii: "/")).map { $0.before.isEmpty ? "/" : $0.before } ?? "."
        var owners: [uid_t] = []
        var info = stat()
        if lstat(path, &info) == 0 { owners.append(info.st_uid) }
        if stat(path, &info) == 0 { owners.append(info.st_uid) }
        if stat(folder, &info) == 0 { owners.append(info.st_uid) }
        return owners.first { !isTrusted($0, as: geteuid(), sudo: getenv("SUDO_UID").flatMap { uid_t(String(cString: $0)) }) }.map(name)
    }

    static func isTrusted(_ owner: uid_t, as user: uid_t, sudo: uid_t?) -> Bool {
        owner == user || owner == 0 || (user == 0 && owner == sudo)
    }

    private static func name(of user: uid_t) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "uid \(user)" }
        return String(cString: name)
    }
}
