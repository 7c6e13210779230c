import Foundation
import Glibc
import WorkflowModel

extension SystemUser {
    /// Who runs this process.
    static var current: SystemUser {
        let uid = getuid()
        // The kernel sets it at the login, once; 2^32 - 1 is nobody. See proc_pid_loginuid(5).
        let login = (try? String(contentsOfFile: "/proc/self/loginuid", encoding: .utf8)).flatMap { UInt32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        let loginUID = login == .max ? nil : login
        return SystemUser(
            uid: Int(uid), name: name(of: uid), loginUID: loginUID.map(Int.init), loginName: loginUID.flatMap(name),
            sudoUser: Output.variable("SUDO_USER"), host: host)
    }

    private static func name(of uid: uid_t) -> String? {
        guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return nil }
        return String(cString: name)
    }

    // Not `ProcessInfo.hostName`, which may ask the network.
    private static var host: String {
        var name = [UInt8](repeating: 0, count: 256)
        _ = name.withUnsafeMutableBytes { gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 255) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
}
