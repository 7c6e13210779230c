import Foundation

/// Recognises file systems on which SQLite's locks do not hold between hosts.
///
/// By the mount table: `statfs` is not in Swift's Glibc module, and could not tell a remote FUSE file system from a local.
enum NetworkFileSystem {
    /// The types as `/proc/self/mounts` has them; those under FUSE stand after `fuse.` there.
    private static let remote: Set<String> = [
        "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph", "lustre", "gfs2", "ocfs2", "gpfs",
        "sshfs", "s3fs", "rclone", "davfs", "glusterfs", "gcsfuse", "goofys", "curlftpfs", "juicefs",
    ]

    /// The kind of network file system that a folder lies on, or `nil` when it is local.
    static func name(at folder: String) -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return nil }
        return name(of: URL(fileURLWithPath: folder).resolvingSymlinksInPath().path, mounts: mounts)
    }

    static func name(of path: String, mounts: String) -> String? {
        var best: (length: Int, type: Substring)?
        for line in mounts.lines {
            let fields = line.parts(at: 0x20)
            guard fields.count >= 3 else { continue }
            let point = String(fields[1]).replacingBytes(of: "\\040", with: " ")
            guard point == "/" || path.hasSameBytes(as: point) || path.startsWithBytes(of: point + "/") else { continue }
            // Of two mounts on one point the later one is seen.
            if point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, fields[2]) }
        }
        guard let type = best?.type else { return nil }
        let name = String(type.hasPrefix("fuse.") ? type.dropFirst(5) : type)
        return remote.contains(name) ? name : nil
    }
}
