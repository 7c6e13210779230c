import Glibc

/// Tries inputs one after another, in a process of its own: what one of them breaks ends this process and no other.
struct Worker {
    /// The most that the process may come to hold.
    static let megabytes = 256

    private let options: FuzzOptions
    private let corpus: Corpus
    private let folder: String

    init(_ options: FuzzOptions) {
        self.options = options
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        corpus = Corpus(root: root)
        // Of a worker that died the supervisor knows where it left its files.
        folder = options.worker.map { $0.progress + ".inputs" } ?? TemporaryFolder.make()
        TemporaryFolder.remove(folder)
        guard mkdir(folder, 0o700) == 0, chdir(folder) == 0, mkdir("prompts", 0o700) == 0, mkdir("schemas", 0o700) == 0 else {
            stop("cannot make a folder for the inputs: \(String(cString: strerror(errno)))")
        }
        // A runaway must not take the machine with it: past this an allocation fails, which ends the process.
        var limit = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }

    private func input(_ index: Int) -> (target: Int, input: FuzzInput) {
        let target = options.targets[index % options.targets.count]
        var random = FuzzRandom(seed: options.seed, input: index)
        var input = FuzzTargets.all[target].input(&random, corpus)
        input.limit(to: options.maximumBytes)
        return (target, input)
    }

    private func trial(_ index: Int, _ target: Int, _ input: FuzzInput) -> (trial: Trial, isAccepted: Bool) {
        for (name, bytes) in input.files {
            guard let file = fopen(name, "w") else { continue }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        let trial = Trial(timeLimit: options.milliseconds == 0 ? nil : Double(options.milliseconds) / 1000)
        let isAccepted = FuzzTargets.all[target].run(input, trial)
        if Self.peakMegabytes > Self.megabytes { trial.report("the process came to hold \(Self.peakMegabytes) MB") }
        for (name, _) in input.files { unlink(name) }
        return (trial, isAccepted)
    }

    private static var peakMegabytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    /// - Returns: the exit code: 0, 1 with findings.
    func run(_ progress: Progress, index worker: Int) -> Int32 {
        var found = 0
        for index in stride(from: options.first + worker, to: options.first + options.inputs, by: options.workers) {
            let (target, input) = input(index)
            progress[.current] = index
            progress[.isRunning] = 1
            let (trial, isAccepted) = trial(index, target, input)
            progress[.isRunning] = 0
            progress.count(target, isAccepted: isAccepted)
            for finding in trial.findings {
                print("input \(index), \(FuzzTargets.all[target].name): \(finding)")
                found += 1
            }
            if !trial.findings.isEmpty { fflush(nil) }
            progress[.findings] += trial.findings.isEmpty ? 0 : 1
            // The peak stays; another process begins at nothing.
            if Self.peakMegabytes > Self.megabytes { break }
        }
        TemporaryFolder.remove(folder)
        return found == 0 ? 0 : 1
    }

    /// Prints an input and tries it here, so that a debugger sees it.
    func replay(_ index: Int) -> Int32 {
        let (target, input) = input(index)
        for (name, bytes) in input.files {
            print("--- \(name), \(bytes.count) bytes")
            fflush(nil)
            write(STDOUT_FILENO, bytes, bytes.count)
            print()
        }
        fflush(nil)
        let (trial, isAccepted) = trial(index, target, input)
        TemporaryFolder.remove(folder)
        print(trial.printed, terminator: "")
        print("--- \(FuzzTargets.all[target].name): \(isAccepted ? "accepted" : "refused"), slowest: \(trial.slowest.what) \(Int(trial.slowest.seconds * 1e6)) us, peak \(Self.peakMegabytes) MB")
        for finding in trial.findings { print(finding) }
        return trial.findings.isEmpty ? 0 : 1
    }
}
