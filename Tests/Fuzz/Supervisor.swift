import Glibc

/// Starts workers, notes which input one of them died of or hangs at, and starts it anew behind that.
struct Supervisor {
    /// After so many the rest would say little more.
    private static let mostFindings = 50

    private let options: FuzzOptions
    private let folder: String

    init(_ options: FuzzOptions) {
        self.options = options
        folder = TemporaryFolder.make()
    }

    private struct Child {
        var process: pid_t
        let progress: Progress
        var lastInput = -1
        var lastChange = 0
    }

    private func path(_ worker: Int) -> String { "\(folder)/worker-\(worker)" }

    private func start(_ worker: Int, from first: Int) -> pid_t {
        // Inputs are dealt by their distance from the first, so that distance stays a multiple.
        var arguments = [
            "/proc/self/exe", "--worker", "\(worker)", path(worker), "--first", "\(first)", "--inputs", "\(options.first + options.inputs - first)", "--seed", "\(options.seed)",
            "--workers", "\(options.workers)", "--max-bytes", "\(options.maximumBytes)", "--time-limit-ms", "\(options.milliseconds)",
        ]
        if options.targets.count == 1 { arguments += ["--only", FuzzTargets.all[options.targets[0]].name] }
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        guard posix_spawn(&process, "/proc/self/exe", nil, nil, &pointers, environ) == 0 else {
            stop("cannot start a worker")
        }
        return process
    }

    /// - Returns: the exit code: 0, 1 when something was found.
    func run() -> Int32 {
        let began = time(nil)
        var children: [Int: Child] = [:]
        var (found, crashes) = (0, 0)
        let progress = (0..<options.workers).map { Progress(path: path($0)) }
        for worker in 0..<options.workers { children[worker] = Child(process: start(worker, from: options.first), progress: progress[worker], lastChange: time(nil)) }
        while !children.isEmpty {
            usleep(20_000)
            for (worker, child) in children {
                var child = child
                var status: Int32 = 0
                let input = child.progress[.current]
                if input != child.lastInput { (child.lastInput, child.lastChange) = (input, time(nil)) }
                children[worker] = child
                if waitpid(child.process, &status, WNOHANG) == 0 {
                    guard time(nil) - child.lastChange > options.patience, child.progress[.isRunning] == 1 else { continue }
                    print("input \(input), \(name(of: input)): no end after \(options.patience) s")
                    crashes += 1
                    kill(child.process, SIGKILL)
                    waitpid(child.process, &status, 0)
                } else if child.progress[.isRunning] == 1 {
                    print("input \(input), \(name(of: input)): the process died of signal \(status & 0x7F)")
                    crashes += 1
                } else if status >> 8 & 0xFF > 1 {
                    return 2
                }
                child.progress[.isRunning] = 0
                fflush(nil)
                found = crashes + progress.reduce(0) { $0 + $1[.findings] }
                // Behind the input that was the last, unless all are done.
                let next = input + options.workers
                guard next < options.first + options.inputs, found < Self.mostFindings else {
                    children[worker] = nil
                    continue
                }
                children[worker] = Child(process: start(worker, from: next - worker), progress: child.progress, lastChange: time(nil))
            }
        }
        summary(progress, found, seconds: time(nil) - began)
        TemporaryFolder.remove(folder)
        return found == 0 ? 0 : 1
    }

    private func name(of input: Int) -> String { FuzzTargets.all[options.targets[input % options.targets.count]].name }

    private func summary(_ progress: [Progress], _ found: Int, seconds: Int) {
        var total = 0
        var words: [String] = []
        for target in options.targets {
            let counts = progress.map { $0.counts(of: target) }
            let (inputs, accepted) = (counts.reduce(0) { $0 + $1.inputs }, counts.reduce(0) { $0 + $1.accepted })
            total += inputs
            words.append("\(FuzzTargets.all[target].name) \(inputs) (\(inputs == 0 ? 0 : accepted * 100 / inputs)% accepted)")
        }
        print("fuzz: \(total) inputs in \(seconds) s, seed \(options.seed): \(words.joined(separator: ", "))")
        if found == 0 { return print("fuzz: nothing found") }
        print("fuzz: \(found) inputs fail; see one with: fuzz --replay INPUT --seed \(options.seed) --max-bytes \(options.maximumBytes)" + (options.targets.count == 1 ? " --only \(FuzzTargets.all[options.targets[0]].name)" : ""))
    }
}
