// Feeds made and broken inputs to every reader of the program; `fuzz --help` says how. See Docs/Architecture.md, "Errors and tests".
import Glibc

let options = FuzzOptions(Array(CommandLine.arguments.dropFirst()))
if let input = options.replayed {
    exit(Worker(options).replay(input))
} else if let (index, path) = options.worker {
    exit(Worker(options).run(Progress(path: path), index: index))
} else {
    exit(Supervisor(options).run())
}
