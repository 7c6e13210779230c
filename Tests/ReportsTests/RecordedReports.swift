import Foundation
import Testing

/// Compares what a report prints.
///
/// With `AGENTCTL_RECORD` set to a folder, what is printed is written there, to be looked at and pasted.
func expectReport(_ text: String, _ expected: String, name: String = #function, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    if let folder = ProcessInfo.processInfo.environment["AGENTCTL_RECORD"] {
        try text.write(toFile: "\(folder)/\(name.dropLast(2)).txt", atomically: true, encoding: .utf8)
    } else {
        #expect(text == expected + "\n", sourceLocation: sourceLocation)
    }
}
