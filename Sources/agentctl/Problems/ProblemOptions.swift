import ArgumentParser
import Values

/// How much is printed of what is wrong, of commands that read what a user wrote.
struct ProblemOptions: ParsableArguments {
    @Flag(name: .customLong("all"), help: "Print every problem; otherwise three of each code, and how many more there are.") var showsAll = false

    /// Wherever the command comes upon problems: the one place that prints them knows it from here.
    func validate() { Failures.extent.withLock { $0 = showsAll ? .all : .first(all: "--all") } }
}
