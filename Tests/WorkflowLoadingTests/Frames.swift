import Foundation
import TestSupport
import Testing
import Values
import WorkflowLoading
import WorkflowModel

/// Loads a workflow that is wrong and compares what is printed, paths from the project's folder on.
///
/// With `AGENTCTL_RECORD` set to a folder, what is printed is written there, to be looked at and pasted.
func expectFrames(
    of yaml: String, files: [String: String] = [:], secrets: [String]? = nil, _ expected: String, name: String = #function,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let project = try TemporaryProject(files.merging(["w.yaml": yaml]) { $1 })
    try expect(project, name, expected, sourceLocation) { () throws(Diagnostics) in
        _ = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, secrets: secrets)
    }
}

/// Loads a project file that is right and compares what it names as not run.
func expectProjectRemarks(
    of yaml: String, _ expected: String, name: String = #function, sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let project = try TemporaryProject(["agentctl.yaml": yaml])
    try expect(project, name, expected, sourceLocation) { () throws(Diagnostics) in
        throw try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root).notExecuted
    }
}

/// Loads a project file that is wrong and compares what is printed.
func expectProjectFrames(
    of yaml: String, _ expected: String, name: String = #function, sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let project = try TemporaryProject(["agentctl.yaml": yaml])
    try expect(project, name, expected, sourceLocation) { () throws(Diagnostics) in
        _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root)
    }
}

private func expect(
    _ project: TemporaryProject, _ name: String, _ expected: String, _ sourceLocation: Testing.SourceLocation,
    refused: Bool = true, _ load: () throws(Diagnostics) -> Void
) throws {
    do throws(Diagnostics) {
        try load()
        Issue.record("it was accepted", sourceLocation: sourceLocation)
    } catch {
        #expect(error.hasErrors == refused, sourceLocation: sourceLocation)
        let printed = project.printed(error)
        if let folder = ProcessInfo.processInfo.environment["AGENTCTL_RECORD"] {
            try printed.write(toFile: "\(folder)/\(name.dropLast(2)).txt", atomically: true, encoding: .utf8)
        } else {
            #expect(printed == expected, sourceLocation: sourceLocation)
        }
    }
}

extension TemporaryProject {
    /// Diagnostics as a terminal shows them, without the folder's own name.
    func printed(_ diagnostics: Diagnostics) -> String {
        var text = DiagnosticFormatter().format(diagnostics).replacing(root + "/", with: "").replacing("(\(root))", with: "(ROOT)")
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

/// Loads a workflow that is right and compares what is remarked.
func expectWarnings(
    of yaml: String, files: [String: String] = [:], _ expected: String, name: String = #function, sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let project = try TemporaryProject(files.merging(["w.yaml": yaml]) { $1 })
    try expect(project, name, expected, sourceLocation, refused: false) { () throws(Diagnostics) in
        let loaded = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true)
        throw loaded.warnings
    }
}

/// The codes of what is wrong in a workflow.
func codesOfErrors(in yaml: String) throws -> [String] {
    let project = try TemporaryProject(["w.yaml": yaml])
    do throws(Diagnostics) {
        _ = try WorkflowLoader.load(project.path("w.yaml"), root: project.root)
        return []
    } catch {
        return error.all.map { "\($0.code) \($0.message)" }
    }
}
