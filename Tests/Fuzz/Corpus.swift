import Glibc

/// Texts that the repository itself has: its workflows, templates, schemas and prompts, the examples of its pages, and what its
/// tests are written with.
struct Corpus {
    private(set) var workflows: [[UInt8]] = []
    /// Pieces of workflows too.
    private(set) var yaml: [[UInt8]] = []
    private(set) var projects: [[UInt8]] = []
    private(set) var schemas: [[UInt8]] = []
    private(set) var expressions: [[UInt8]] = []
    private(set) var prompts: [[UInt8]] = []

    /// - Parameter root: the repository's folder.
    init(root: String) {
        for path in Self.files(under: root + "/Workflows") + Self.files(under: root + "/Sources/agentctl/Templates") { add(path, Self.read(path)) }
        for path in Self.files(under: root + "/Docs") + [root + "/README.md"] where path.hasSuffix(".md") {
            for block in Self.stretches(of: Self.read(path), from: "```yaml\n", to: "\n```") { addYAML(block) }
        }
        for path in Self.files(under: root + "/Tests") where path.hasSuffix("Tests.swift") {
            let text = Self.read(path)
            if path.contains("/WorkflowLoadingTests/") || path.contains("/EngineTests/") {
                for block in Self.stretches(of: text, from: "\"\"\"\n", to: "\"\"\"") where block.contains(UInt8(ascii: ":")) { addYAML(Self.unindented(block)) }
            }
            if path.contains("/ExpressionsTests/") { expressions += Self.literals(in: text) }
            if path.contains("/JSONSchemaTests/") { schemas += Self.stretches(of: text, from: "(#\"", to: "\"#)") }
        }
        // Where the repository is not there the generators still work.
        if workflows.isEmpty { workflows = [Array("version: 1\nname: w\nsteps: [{ id: a, value: 1 }]\n".utf8)] }
        if yaml.isEmpty { yaml = workflows }
        if projects.isEmpty { projects = [Array("version: 1\n".utf8)] }
        if schemas.isEmpty { schemas = [Array("{\"type\": \"object\"}".utf8)] }
        if expressions.isEmpty { expressions = [Array("inputs.n > 3".utf8)] }
        if prompts.isEmpty { prompts = [Array("About ${{ inputs.topic }}.\n".utf8)] }
    }

    private mutating func add(_ path: String, _ text: [UInt8]) {
        if path.hasSuffix(".yaml") { addYAML(text) }
        if path.hasSuffix(".json") { schemas.append(text) }
        if path.hasSuffix(".md") { prompts.append(text) }
    }

    private mutating func addYAML(_ text: [UInt8]) {
        // What tests expect to be printed is no YAML.
        if Self.place(of: "error[", in: text, from: 0) != nil || Self.place(of: "warning[", in: text, from: 0) != nil { return }
        let isProject = ["providers:", "prices:", "ledger:"].contains { Self.place(of: $0, in: text, from: 0) != nil }
        yaml.append(text)
        if isProject {
            projects.append(text)
        } else if text.starts(with: "version: 1".utf8) {
            workflows.append(text)
        }
    }

    // MARK: Files

    private static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    /// In the order of their paths, so that the same tree gives the same corpus.
    private static func files(under folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var files: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = folder + "/" + name
            files += entry.pointee.d_type == UInt8(DT_DIR) ? Self.files(under: path) : [path]
        }
        return files.sorted()
    }

    // MARK: Pieces of text

    private static func place(of text: String, in bytes: [UInt8], from start: Int) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count, start <= bytes.count - wanted.count else { return nil }
        return (start...bytes.count - wanted.count).first { bytes[$0] == wanted[0] && bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    private static func stretches(of bytes: [UInt8], from opening: String, to closing: String) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var position = 0
        while let start = place(of: opening, in: bytes, from: position).map({ $0 + opening.utf8.count }), let end = place(of: closing, in: bytes, from: start) {
            if end - start > 4 { found.append(Array(bytes[start..<end])) }
            position = end + closing.utf8.count
        }
        return found
    }

    /// A multi-line literal without the indentation that its last line takes away.
    private static func unindented(_ block: [UInt8]) -> [UInt8] {
        let lines = block.split(separator: 0x0A, omittingEmptySubsequences: false)
        let margin = lines.last?.count ?? 0
        return Array(lines.dropLast().map { $0.dropFirst(min(margin, $0.prefix { $0 == 0x20 }.count)) }.joined(separator: [0x0A])) + [0x0A]
    }

    /// The string literals of Swift code, as far as lines show them.
    private static func literals(in bytes: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for line in bytes.split(separator: 0x0A) {
            var literal: [UInt8]?
            var escapes = false
            for byte in line {
                if escapes {
                    literal?.append(byte == UInt8(ascii: "n") ? 0x0A : byte)
                    escapes = false
                } else if byte == UInt8(ascii: "\\"), literal != nil {
                    escapes = true
                } else if byte == UInt8(ascii: "\"") {
                    if let done = literal, done.count > 2 { found.append(done) }
                    literal = literal == nil ? [] : nil
                } else {
                    literal?.append(byte)
                }
            }
        }
        return found
    }
}
