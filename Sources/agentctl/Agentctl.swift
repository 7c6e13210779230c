import ArgumentParser
import Providers
import WorkflowModel

/// The program's version; `make` and releases change it here.
enum Version {
    static let number = "0.1.0"
    static let program = "agentctl/\(number)"
}

struct Agentctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agentctl",
        abstract: "Runs agent workflows whose cost is known: planned, capped, recorded, audited.",
        discussion: """
            A workflow is a YAML file of steps that form a graph. Try:
              agentctl init     demo --template triage && cd demo
              agentctl doctor
              agentctl validate triage.yaml
              agentctl plan     triage.yaml
              agentctl run      triage.yaml --inputs inputs/ticket.json
              agentctl show     last
              agentctl audit
            Results go to stdout, everything else to stderr. Exit codes: 0 success, 1 something to format or a document that breaks its \
            schema, 2 usage, 3 doctor found a problem, 4 a run waits for a person, 6 a replay could not compare what was taken out, 10-19 the workflow, 20-29 the budget, 30-39 a provider, 40-49 the ledger, 130 interrupted.
            """,
        version: Version.number,
        subcommands: [
            Init.self, Doctor.self, Validate.self, Explain.self, Format.self, SchemaCommand.self, GraphCommand.self, Try.self, PlanCommand.self, GateCommand.self, CacheCommand.self,
            WhatIfCommand.self, Run.self, Resume.self, Replay.self, Approvals.self, Approve.self, Cancel.self, Follow.self, Runs.self, Show.self, DiffCommand.self, Outputs.self, Audit.self,
            OutcomeCommand.self, Verify.self, ExportCommand.self, ImportCommand.self, Redact.self, Db.self, Collect.self, Prices.self, Completions.self,
        ])

    /// What the argument parser says, with what was meant where it does not know that.
    private static func message(for error: any Error, _ arguments: [String]) -> String {
        let message = fullMessage(for: error)
        return message + (FlagGuess.hint(arguments, message).map { "\n  hint: \($0)" } ?? "")
    }

    /// One command, to its exit code.
    static func command(_ arguments: [String]) async {
        // Also of commands that look at no project.
        Output.secrets.add(Project.none.knownSecrets(besides: WellKnownProviders.all, variable: Output.variable))
        do {
            if let error = CommandGuess.error(arguments) { throw error }
            var command = try parseAsRoot(TryExpr.arranged(arguments))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Output.flush()
            if let failure = Output.failure { throw failure }
        } catch {
            Failures.exit(error, help: { Self.message(for: $0, arguments) }, code: { Self.exitCode(for: $0).rawValue })
        }
    }
}
