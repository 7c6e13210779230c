import Dispatch
import Glibc
import HTTP
import Tools
import Values
import WorkflowModel

/// Where the process begins. It is not `async`, so that what must come first comes before the runtime starts its threads.
@main
enum Program {
    static func main() {
        // A reader that goes away (`agentctl audit | head`) is an error of the write, not a death by signal.
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == ModelServerGuard.commandName { exit(ModelServerGuard.main(Array(arguments.dropFirst()))) }
        if arguments.first == ModelServerWatch.commandName { exit(ModelServerWatch.main(Array(arguments.dropFirst()))) }
        // Two names that are not UTF-8 would be one, and another one than was meant.
        if let number = CommandLine.firstNotUTF8 {
            Output.note(
                """
                error: argument \(number) is not UTF-8 text: \(CommandLine.arguments[number])
                hint: a text in another encoding is made UTF-8 first, such as with iconv; a file gets a name in UTF-8

                """)
            exit(ExitCodes.usage)
        }
        if let name = Environment.firstNotUTF8 {
            Output.note("error: the environment variable \(name) is not UTF-8 text\n")
            exit(ExitCodes.usage)
        }
        // The runtime's own event loops trap where they cannot be opened, whenever a thread first needs one.
        if let refusal = OpenFileLimit.current.refusal(below: OpenFileLimit.toStart) {
            Output.note(styled: Failures.text(of: refusal))
            exit(ExitCodes.code(refusal.kind))
        }
        Task { @MainActor in
            await Agentctl.command(arguments)
            exit(0)
        }
        dispatchMain()
    }
}

extension CommandLine {
    /// The place of the first argument that was changed to become text.
    fileprivate static var firstNotUTF8: Int? {
        (0..<Int(argc)).first { index in
            guard let bytes = unsafeArgv[index] else { return false }
            return String(validatingCString: bytes) == nil
        }
    }
}

private enum Environment {
    /// The name of the first of our own variables whose value would be changed to become text.
    static var firstNotUTF8: String? {
        var next = environ
        while let variable = next.pointee {
            if strncmp(variable, "AGENTCTL_", 9) == 0, String(validatingCString: variable) == nil {
                return String(cString: variable).cut(at: UInt8(ascii: "="))?.before
            }
            next += 1
        }
        return nil
    }
}

extension OpenFileLimit {
    /// The standard streams, the event loops of the runtime's threads, and the few files that any command reads.
    static var toStart: Int { 32 }

    /// Why nothing that needs so many can be done.
    func refusal(below least: Int) -> StepFailure? {
        guard count < least else { return nil }
        return StepFailure(
            .configuration, "this process may have \(count) files open, and needs \(least) at the least: raise the limit (ulimit -n)",
            details: ["in the shell that starts it: ulimit -n 256"])
    }
}
