import ArgumentParser
import Economics
import Glibc
import Values
import WorkflowModel

/// The exit codes, in bands.
enum ExitCodes {
    /// `fmt --check` found files to format.
    static let unformatted: Int32 = 1
    /// A document that breaks the schema that it is held against.
    static let invalidDocument: Int32 = 1
    /// `prices diff` or `replay` found a difference.
    static let differs: Int32 = 1
    static let usage: Int32 = 2
    /// `replay` found no difference, and could not compare what was taken out.
    static let redacted: Int32 = 6
    /// `doctor` found a problem.
    static let unhealthy: Int32 = 3
    static let invalidWorkflow: Int32 = 10
    /// The run waits for a person.
    static let waiting: Int32 = 4
    static let interrupted: Int32 = 130

    static func code(_ kind: FailureKind) -> Int32 {
        switch kind {
        case .expression, .attachment, .secret: return 11
        case .outputInvalid, .notAccepted: return 12
        case .command, .commandNotFound: return 13
        case .items: return 14
        case .inputLimit: return 15
        case .truncated: return 16
        case .refusal, .emptyAnswer: return 17
        case .cancelled: return 18
        case .budget: return 20
        case .unpriced: return 21
        case .configuration: return 30
        case .authentication: return 31
        case .quota: return 32
        case .rateLimit: return 33
        case .timeout, .deadline: return 34
        case .connection: return 35
        case .serverError: return 36
        case .malformedResponse: return 37
        case .modelNotFound: return 38
        case .badRequest, .contextLength: return 39
        }
    }

    /// Some runs of a batch did not succeed.
    static let batchFailures: Int32 = 19

    static func code(_ code: JournalError.Code) -> Int32 {
        switch code {
        case .other: return 40
        case .diskFull: return 41
        case .readOnly: return 42
        case .busy: return 43
        case .corrupt: return 44
        case .tooNew: return 45
        case .lostOwnership: return 46
        case .cannotOpen, .replaced: return 47
        case .owned: return 48
        case .hasEnded: return 49
        case .unknownRun: return usage
        }
    }
}

/// The end of a command that has printed what it had to say.
struct CommandEnd: Error {
    let code: Int32
}

/// A mistake in how a command was called.
struct UsageError: Error {
    let message: String
    let hint: String?
    let code: Int32

    init(_ message: String, hint: String? = nil, code: Int32 = ExitCodes.usage) {
        self.message = message
        self.hint = hint
        self.code = code
    }
}

/// The one place that turns an error into text and an exit code.
enum Failures {
    static func exit(_ error: any Error, help: (any Error) -> String, code: (any Error) -> Int32) -> Never {
        let (text, code) = describe(error, help: help, code: code)
        if code != 0, !text.isEmpty { Settings.learnSecrets() }
        if code == 0 { Output.write(text) } else if !text.isEmpty { Output.note(styled: text) }
        Output.flush()
        Glibc.exit(code)
    }

    private static func describe(_ error: any Error, help: (any Error) -> String, code: (any Error) -> Int32) -> (String, Int32) {
        switch error {
        case let end as CommandEnd: return ("", end.code)
        case let usage as UsageError:
            return (line("error", usage.message) + hint(usage.hint), usage.code)
        case let diagnostics as Diagnostics:
            return (text(diagnostics), ExitCodes.invalidWorkflow)
        case let failure as StepFailure:
            return (line("error", failure.message) + failure.details.map { "  \(TerminalText.harmless($0))\n" }.joined(), ExitCodes.code(failure.kind))
        case let journal as JournalError:
            return (line("error", journal.description), ExitCodes.code(journal.code))
        case let price as PriceError:
            return (line("error", price.description), ExitCodes.usage)
        default:
            let status = code(error)
            // ArgumentParser's own: help and version are successes, a wrong flag is EX_USAGE (64).
            return (TerminalText.harmless(help(error)) + "\n", status == 0 ? 0 : ExitCodes.usage)
        }
    }

    /// For a command that goes on with something else.
    static func text(of error: any Error) -> String { describe(error, help: { "\($0)" }, code: { _ in ExitCodes.usage }).0 }

    static func code(of error: any Error) -> Int32 { describe(error, help: { "\($0)" }, code: { _ in ExitCodes.usage }).1 }

    /// What is printed of many problems; commands without the flag name one that has it.
    static let extent = Mutex(DiagnosticFormatter.Extent.first(all: "agentctl validate --all"))

    /// Frames as the terminal wants them.
    static func text(_ diagnostics: Diagnostics) -> String {
        let style = Output.errorStyle
        return DiagnosticFormatter(usesColor: style.usesColor, width: style.width ?? 100).format(diagnostics, extent.withLock { $0 })
    }

    private static func line(_ label: String, _ message: String) -> String {
        (Output.errorStyle.usesColor ? "\u{1B}[31;1m\(label)\u{1B}[0m" : label) + ": \(TerminalText.harmless(message))\n"
    }

    private static func hint(_ text: String?) -> String { text.map { "  hint: \(TerminalText.harmless($0))\n" } ?? "" }
}
