import Values
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads the files of a project as text, remembers them for code frames and for the workflow's hash, and keeps every path
/// inside the project.
final class SourceFiles {
    /// A larger file is not a workflow, a prompt or a schema.
    static let maximumBytes = 8 << 20

    let root: String
    private(set) var texts: TextTable<String> = [:]
    private var attached: TextTable<AttachedFile> = [:]
    private var order: [String] = []
    private var documents: TextTable<YAMLNode> = [:]
    /// Contents that stand in for files, by path.
    private let recorded: TextTable<[UInt8]>

    /// - Parameters:
    ///   - root: a folder; links in its path are resolved, as they are in the paths that it is compared with.
    ///   - recorded: what is taken in place of the files at these paths, whatever they say now.
    init(root: String, recorded: TextTable<[UInt8]> = [:]) {
        self.root = Self.realPath(root) ?? root
        self.recorded = recorded
    }

    /// Says that a file was read as a YAML document: comments and layout in it mean nothing.
    func noteDocument(_ path: String, _ node: YAMLNode) { documents[path] = node }

    /// SHA-256 over names and texts of all files read so far, in the order of reading.
    var hash: ContentHash {
        var hash: ContentHash?
        for path in order { hash = ContentHash(chaining: hash, attached[path]?.hash.bytes ?? Array(texts[path]!.utf8)) }
        return hash ?? ContentHash(of: [])
    }

    /// All files read so far.
    ///
    /// - Parameter path: the workflow's own.
    func sources(of path: String) -> GraphSources {
        let folder = path.folderWithSlash
        let sources = order.map { path in
            let name = path.startsWithBytes(of: folder) ? String(Substring(path.utf8.dropFirst(folder.utf8.count))) : path
            return attached[path].map { GraphSources.File(path: name, content: Blob($0.bytes, hash: $0.hash)) } ?? GraphSources.File(path: name, text: texts[path]!)
        }
        return GraphSources(
            location: Self.realPath(path) ?? path, files: sources,
            meaning: WorkflowMeaning.hash(of: sources, documents: order.map { attached[$0] == nil ? documents[$0] : nil }), isRecorded: !recorded.isEmpty)
    }

    /// The text of a file, or what is wrong with it.
    ///
    /// - Parameters:
    ///   - path: as the user knows it, relative to the working directory or absolute.
    ///   - place: where the file is named, for the message.
    func read(_ path: String, namedAt place: SourceRange? = nil) throws(Diagnostics) -> String {
        if let known = texts[path] { return known }
        func failure(_ message: String, hint: String? = nil) -> Diagnostics {
            Diagnostics([Diagnostic(code: "AW001", message, at: place, hint: hint)], sources: texts)
        }
        var bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = if let recorded = recorded[path] { recorded } else { try RegularFile.bytes(of: path, atMost: Self.maximumBytes) }
        } catch {
            throw failure(error.message, hint: error.hint)
        }
        bytes.removeFirst(ByteOrderMark.count(in: bytes))
        if bytes.contains(0) { throw failure("\(path) is a binary file, not text") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("\(path) is not UTF-8 text: \(Self.firstInvalid(bytes))", hint: "save it as UTF-8")
        }
        texts[path] = text
        if attached[path] == nil { order.append(path) }
        return text
    }

    /// The content of a file that a workflow attaches to a prompt.
    ///
    /// - Throws: `RegularFile.Problem`.
    func readAttachment(_ path: String) throws(RegularFile.Problem) -> AttachedFile {
        if let known = attached[path] { return known }
        if let recorded = recorded[path] {
            let file = AttachedFile(recorded)
            attached[path] = file
            if texts[path] == nil { order.append(path) }
            return file
        }
        let file = AttachedFile(try RegularFile.bytes(of: path, atMost: AttachedFile.maximumBytes))
        attached[path] = file
        if texts[path] == nil { order.append(path) }
        return file
    }

    private static func firstInvalid(_ bytes: [UInt8]) -> String {
        var line = 1
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue("\n"): line += 1
            case .scalarValue: continue
            case .emptyInput: return "at its end"
            case .error: return "on line \(line)"
            }
        }
    }

    /// A path that a workflow names, joined to the folder of the file that names it.
    ///
    /// - Throws: `Diagnostics` when it is absolute or leaves the project, by `..` or by a link.
    func resolve(_ name: String, besides file: String, at place: SourceRange) throws(Diagnostics) -> String {
        func failure(_ message: String) -> Diagnostics {
            Diagnostics([
                Diagnostic(
                    code: "AW002", message, at: place, hint: "files of a workflow are inside the project (\(root)), named relative to the workflow's own file")
            ])
        }
        guard ![UInt8(ascii: "/"), UInt8(ascii: "~")].contains(name.utf8.first ?? 0) else { throw failure("'\(name)' is not a path inside the project") }
        let path = file.folderWithSlash + name
        // By bytes: another folder may be called almost the same.
        if let real = Self.realPath(path), !real.startsWithBytes(of: root == "/" ? "/" : root + "/") { throw failure("'\(name)' is outside the project") }
        return path
    }

    /// The absolute path without links; `nil` when nothing is there.
    static func realPath(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
