import Values

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that can be checked and formatted.
public struct LanguageFile: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case workflow, project
    }

    /// As the user knows it.
    public let path: String
    public let kind: Kind

    public init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// Finds the files of the language in a project.
public enum ProjectFiles {
    /// Folders that hold what others made.
    private static let passedOver: Set<String> = ["node_modules", "venv", "vendor", "target", "build"]
    private static let maximumDepth = 32

    /// The files that paths name: a file itself, of a folder the workflows and the project file in it and below.
    ///
    /// In a folder, a workflow is a YAML file with the keys `version` and `steps` at the start of a line. Hidden folders and links
    /// to folders are passed over.
    ///
    /// - Returns: each file once, in the order of the paths and then of names, and what is wrong with paths where nothing is.
    public static func find(_ paths: [String]) -> (files: [LanguageFile], problems: [Diagnostic]) {
        var files: [LanguageFile] = []
        var problems: [Diagnostic] = []
        for path in paths {
            var info = stat()
            if stat(path, &info) != 0 {
                problems.append(Diagnostic(code: "AW001", "cannot read \(path): \(String(cString: strerror(errno)))", at: nil))
            } else if info.st_mode & S_IFMT == S_IFDIR {
                walk(path, depth: 0, &files)
            } else {
                files.append(LanguageFile(path: path, kind: ProjectLoader.fileNames.contains(name(of: path)) ? .project : .workflow))
            }
        }
        var seen: TextSet = []
        return (files.filter { seen.insert(SourceFiles.realPath($0.path) ?? $0.path).inserted }, problems)
    }

    /// The nearest folder from the working directory upward with a project file, which need not be right; else the working directory.
    public static var projectFolder: String { path(of: root(searchingFrom: ".") ?? ".") }

    /// The nearest folder upward with a project file, which need not be right.
    public static func root(searchingFrom start: String) -> String? {
        var folder = (SourceFiles.realPath(start) ?? "")[...]
        while !folder.isEmpty {
            if let name = ProjectLoader.fileNames.first(where: { access("\(folder)/\($0)", F_OK) == 0 }) {
                // What is somebody else's makes no project of the folders below.
                return FileOwner.foreign(of: "\(folder)/\(name)") == nil ? String(folder) : nil
            }
            folder = folder[..<(folder.utf8.lastIndex(of: UInt8(ascii: "/")) ?? folder.startIndex)]
        }
        return nil
    }

    /// Whether a path names the file of an absolute path.
    public static func isSame(_ path: String, _ absolute: String) -> Bool { SourceFiles.realPath(path)?.hasSameBytes(as: absolute) == true }

    /// An absolute path as it is named from the working directory, where that is shorter.
    public static func shortened(_ path: String) -> String {
        guard let here = SourceFiles.realPath("."), let real = SourceFiles.realPath(path) else { return path }
        return real.inside(here) ?? path
    }

    /// A folder as it is named from the working directory, where that is shorter.
    private static func path(of folder: String) -> String {
        guard let here = SourceFiles.realPath("."), let real = SourceFiles.realPath(folder) else { return folder }
        if real.hasSameBytes(as: here) { return "." }
        return real.inside(here) ?? folder
    }

    private static func walk(_ folder: String, depth: Int, _ files: inout [LanguageFile]) {
        guard depth < maximumDepth, let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        for name in names.sorted() where name != "." && name != ".." {
            let path = folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var info = stat()
            guard lstat(path, &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                if !name.hasPrefix("."), !passedOver.contains(name) { walk(path, depth: depth + 1, &files) }
            } else if ProjectLoader.fileNames.contains(name) {
                files.append(LanguageFile(path: path, kind: .project))
            } else if !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml"), isWorkflow(path) {
                files.append(LanguageFile(path: path, kind: .workflow))
            }
        }
    }

    /// Looked at as text, because a workflow that is no YAML is one that should be reported.
    private static func isWorkflow(_ path: String) -> Bool {
        guard let text = try? SourceFiles(root: "/").read(path) else { return false }
        let lines = text.utf8.split(separator: 0x0A)
        return ["version:", "steps:"].allSatisfy { key in lines.contains { $0.starts(with: key.utf8) } }
    }

    private static func name(of path: String) -> String { path.lastPathPart }
}

extension String {
    /// An absolute path below a folder, as it is named from there.
    func inside(_ folder: String) -> String? { startsWithBytes(of: folder + "/") ? String(Substring(utf8.dropFirst(folder.utf8.count + 1))) : nil }
}
