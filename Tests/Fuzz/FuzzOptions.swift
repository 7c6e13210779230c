import Glibc

func stop(_ message: String) -> Never {
    let line = "fuzz: \(message)\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(2)
}

/// What is tried, and how it is judged.
struct FuzzOptions {
    var inputs = 20_000
    var seed: UInt64 = 1
    var workers = 1
    /// The first input; the others follow.
    var first = 0
    /// One input alone, in this process, printed before it runs.
    var replayed: Int?
    /// Larger inputs are cut.
    var maximumBytes = 64 * 1024
    /// Processor time of one operation, in milliseconds; 0: not judged.
    var milliseconds = 0
    /// Seconds without progress after which a worker counts as hanging.
    var patience = 60
    var targets: [Int] = Array(FuzzTargets.all.indices)
    /// Set by the supervisor for its workers: which one this is, and its file of progress.
    var worker: (index: Int, progress: String)?

    static let usage = """
        usage: fuzz [--inputs N] [--first N] [--seed N] [--workers N] [--only TARGET] [--max-bytes N] [--time-limit-ms N] [--patience SECONDS]
               fuzz --replay INPUT [--seed N] [--max-bytes N] [--time-limit-ms N]

        Feeds made and broken inputs to the readers of workflows, projects, YAML, expressions, templates, schemas, JSON and answers, and
        checks what has to hold: no crash, no hang, no more than \(Worker.megabytes) MB, and what each target promises. The same seed and
        number give the same input, as long as the repository's own examples are the same.

        """

    init(_ arguments: [String]) {
        var arguments = arguments[...]
        func number(_ flag: String) -> Int {
            guard let text = arguments.popFirst(), let value = Int(text), value >= 0 else { stop("\(flag) needs a number") }
            return value
        }
        while let argument = arguments.popFirst() {
            switch argument {
            case "--inputs": inputs = number(argument)
            case "--first": first = number(argument)
            case "--seed": seed = UInt64(number(argument))
            case "--workers": workers = max(1, number(argument))
            case "--replay": replayed = number(argument)
            case "--max-bytes": maximumBytes = number(argument)
            case "--time-limit-ms": milliseconds = number(argument)
            case "--patience": patience = number(argument)
            case "--only":
                guard let name = arguments.popFirst(), let index = FuzzTargets.all.firstIndex(where: { $0.name == name }) else {
                    stop("--only takes one of \(FuzzTargets.all.map(\.name).joined(separator: ", "))")
                }
                targets = [index]
            case "--worker":
                let index = number(argument)
                guard let path = arguments.popFirst() else { stop("--worker needs a file") }
                worker = (index, path)
            case "--help", "-h":
                print(Self.usage, terminator: "")
                exit(0)
            default: stop("unknown argument '\(argument)'")
            }
        }
    }
}
