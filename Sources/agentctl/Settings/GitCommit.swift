import Foundation

/// The commit that is checked out, read from the files of its repository: no program is started for it.
enum GitCommit {
    /// Of the repository that a folder lies in; `nil` where there is none, or nothing is committed.
    static func head(of folder: String) -> String? {
        var place = URL(fileURLWithPath: folder).standardizedFileURL
        while true {
            if let found = repository(at: place.appendingPathComponent(".git")) { return commit(of: found) }
            let parent = place.deletingLastPathComponent()
            if parent.path == place.path { return nil }
            place = parent
        }
    }

    /// A folder, or, in a further working tree and in a submodule, a file that names one.
    private static func repository(at place: URL) -> URL? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { return nil }
        if isFolder.boolValue { return place }
        guard let line = text(place), line.hasPrefix("gitdir: ") else { return nil }
        return URL(fileURLWithPath: String(line.dropFirst(8)), relativeTo: place.deletingLastPathComponent()).standardizedFileURL
    }

    private static func commit(of repository: URL) -> String? {
        guard let head = text(repository.appendingPathComponent("HEAD")) else { return nil }
        guard head.hasPrefix("ref: ") else { return hash(head) }
        let reference = String(head.dropFirst(5))
        // What working trees share lies in the first of them.
        let common =
            text(repository.appendingPathComponent("commondir"))
            .map { URL(fileURLWithPath: $0, relativeTo: repository).standardizedFileURL } ?? repository
        for place in [repository, common] {
            if let found = text(place.appendingPathComponent(reference)).flatMap(hash) { return found }
        }
        guard let packed = text(common.appendingPathComponent("packed-refs")) else { return nil }
        return packed.lines.first { String($0).endsWithBytes(of: " \(reference)") }.flatMap { $0.cut(at: 0x20) }.flatMap { hash($0.before) }
    }

    private static func hash(_ text: String) -> String? {
        [40, 64].contains(text.utf8.count) && text.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 6 } ? text : nil
    }

    private static func text(_ place: URL) -> String? {
        guard let data = FileManager.default.contents(atPath: place.path), data.count < 16 << 20 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
