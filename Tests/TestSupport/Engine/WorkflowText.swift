import Foundation
import Values
import WorkflowLoading
import WorkflowModel

/// A project folder that lives as long as this object.
public final class TemporaryProject {
    public let root: String

    /// - Parameter files: text by path, folders made as needed.
    public init(_ files: [String: String] = [:]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("agentctl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        root = folder.resolvingSymlinksInPath().path
        for (path, text) in files { try write(Array(text.utf8), to: path) }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    public func path(_ name: String) -> String { "\(root)/\(name)" }

    public func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    public func load(_ name: String = "w.yaml") throws -> WorkflowLoader.Loaded { try WorkflowLoader.load(path(name), root: root) }
}

/// The graph of a workflow that is written in a test.
///
/// - Throws: `Diagnostics`, as for a file.
public func workflow(_ yaml: String, files: [String: String] = [:]) throws -> WorkflowGraph {
    try TemporaryProject(files.merging(["w.yaml": yaml]) { $1 }).load().graph
}
