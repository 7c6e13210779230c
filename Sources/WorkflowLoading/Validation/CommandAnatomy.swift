import Expressions

/// Which words of a command are programs: read by a shell or an interpreter, or run.
struct CommandAnatomy {
    /// What a shell or an interpreter reads as its program.
    private var lines: [Template] = []
    /// What names a program, or a script.
    private var programs: [Template] = []

    private init(_ argv: [Template]) {
        self.argv = argv
        look(at: 0)
    }

    /// Whether a shell or an interpreter is started that is given no program by its words: it reads one from its input.
    private var readsProgram = false

    static func words(of argv: [Template]) -> (lines: [Template], programs: [Template], readsProgram: Bool) {
        let anatomy = CommandAnatomy(argv)
        return (anatomy.lines, anatomy.programs, anatomy.readsProgram)
    }

    /// Whether a word names a shell, which knows `"$NAME"`.
    static func isShell(_ program: Template) -> Bool {
        guard let name = program.literalText, case .interpreter(let interpreter)? = kind(name) else { return false }
        return interpreter.isShell
    }

    private let argv: [Template]

    private enum Kind {
        /// Runs the program that its words name.
        case wrapper(valued: Set<String>, operands: Int)
        case interpreter(Interpreter)
        /// Joins its words behind the host to a line for a shell there.
        case remoteShell(valued: Set<String>)
        /// Joins its words to a line for a shell.
        case lines(valued: Set<String>)
    }

    fileprivate struct Interpreter {
        /// Letters of options behind which a program stands, also at the end of a cluster: `-lc`.
        var letters: Set<Character> = []
        /// The same as words, in lower case.
        var words: Set<String> = []
        /// Options with a value of their own.
        var valued: Set<String> = []
        /// Options that name what is run, so that no script follows.
        var ending: Set<String> = []
        /// Whether the letter may stand anywhere in the cluster.
        var isShell = false
        /// Whether the first word is a program, not the name of one.
        var takesProgram = false
        /// Whether words without options are something else: a user, a database.
        var namesNothing = false
    }

    private static let kinds: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        let shell = Interpreter(letters: ["c"], words: ["--command"], valued: ["-o", "+o", "-O", "+O", "--rcfile", "--init-file"], isShell: true)
        for name in ["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh"] { kinds[name] = .interpreter(shell) }
        let python = Interpreter(letters: ["c"], valued: ["-W", "-X"], ending: ["-m"])
        for name in ["python", "pypy"] { kinds[name] = .interpreter(python) }
        kinds["perl"] = .interpreter(Interpreter(letters: ["e", "E"], valued: ["-I"]))
        kinds["ruby"] = .interpreter(Interpreter(letters: ["e"], valued: ["-I", "-r"]))
        let node = Interpreter(letters: ["e", "p"], words: ["--eval", "--print"], valued: ["-r", "--require", "--import"])
        for name in ["node", "nodejs", "bun"] { kinds[name] = .interpreter(node) }
        kinds["deno"] = .interpreter(Interpreter(words: ["eval"]))
        kinds["php"] = .interpreter(Interpreter(letters: ["r"], valued: ["-d", "-c"], ending: ["-f"]))
        kinds["lua"] = .interpreter(Interpreter(letters: ["e"], valued: ["-l"]))
        let powershell = Interpreter(
            words: ["-command", "-c", "-encodedcommand", "-ec", "-e"], valued: ["-ExecutionPolicy", "-WorkingDirectory"], ending: ["-file", "-f", "-File", "-F"])
        for name in ["pwsh", "powershell"] { kinds[name] = .interpreter(powershell) }
        let awk = Interpreter(valued: ["-F", "-v"], ending: ["-f", "--file"], takesProgram: true)
        for name in ["awk", "gawk", "mawk", "nawk"] { kinds[name] = .interpreter(awk) }
        kinds["env"] = .wrapper(valued: ["-u", "--unset", "-C", "--chdir"], operands: 0)
        kinds["sudo"] = .wrapper(valued: ["-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-D", "-R"], operands: 0)
        kinds["doas"] = .wrapper(valued: ["-u", "-C"], operands: 0)
        kinds["nice"] = .wrapper(valued: ["-n", "--adjustment"], operands: 0)
        kinds["timeout"] = .wrapper(valued: ["-k", "--kill-after", "-s", "--signal"], operands: 1)
        kinds["xargs"] = .wrapper(valued: ["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a"], operands: 0)
        kinds["stdbuf"] = .wrapper(valued: ["-i", "-o", "-e"], operands: 0)
        for name in ["nohup", "setsid", "time", "exec", "busybox", "command", "npx", "bunx", "uvx"] { kinds[name] = .wrapper(valued: [], operands: 0) }
        let script = Interpreter(letters: ["e"])
        for name in ["Rscript", "julia", "osascript"] { kinds[name] = .interpreter(script) }
        for name in ["su", "runuser", "flock", "script"] { kinds[name] = .interpreter(Interpreter(letters: ["c"], words: ["--command"], namesNothing: true)) }
        for name in ["psql", "duckdb", "clickhouse-client"] { kinds[name] = .interpreter(Interpreter(letters: ["c", "q"], words: ["--command", "--query"], namesNothing: true)) }
        for name in ["mysql", "mariadb"] { kinds[name] = .interpreter(Interpreter(letters: ["e"], words: ["--execute"], namesNothing: true)) }
        kinds["make"] = .interpreter(Interpreter(words: ["--eval"], namesNothing: true))
        // Words behind the database are statements, `.shell …` among them.
        kinds["sqlite3"] = .remoteShell(valued: ["-cmd", "-init", "-separator", "-newline", "-nullvalue", "-vfs", "-maxsize", "-mmap"])
        kinds["sed"] = .interpreter(Interpreter(letters: ["e"], words: ["--expression"], ending: ["-f", "--file"], takesProgram: true))
        for name in ["watch", "parallel"] { kinds[name] = .lines(valued: ["-n", "--interval", "-j", "--jobs"]) }
        kinds["ssh"] = .remoteShell(valued: Set("BbcDEeFIiJLlmOopQRSWw".map { "-\($0)" }))
        return kinds
    }()

    /// `python3.11`, `/usr/bin/perl5.36`, `pwsh.exe`.
    private static func kind(_ program: String) -> Kind? {
        guard var name = program.parts(at: UInt8(ascii: "/")).last else { return nil }
        if name.hasSuffix(".exe") { name = name.dropLast(4) }
        if let kind = kinds[String(name)] { return kind }
        while let last = name.last, last == "." || last == "-" || last.isNumber { name = name.dropLast() }
        return kinds[String(name)]
    }

    private mutating func look(at index: Int) {
        guard index < argv.count else { return }
        guard let program = argv[index].literalText else { return programs.append(argv[index]) }
        switch Self.kind(program) {
        case .wrapper(let valued, let operands):
            var next = index + 1
            var left = operands
            while next < argv.count {
                let start = lead(next)
                if start.hasPrefix("-") {
                    next += valued.contains(start) ? 2 : 1
                } else if start.utf8.contains(UInt8(ascii: "=")) {
                    next += 1
                } else if left > 0 {
                    (left, next) = (left - 1, next + 1)
                } else {
                    return look(at: next)
                }
            }
        case .interpreter(let interpreter): read(interpreter, from: index + 1)
        case .remoteShell(let valued):
            var next = index + 1
            while next < argv.count, lead(next).hasPrefix("-") { next += valued.contains(lead(next)) ? 2 : 1 }
            lines += argv[min(next + 1, argv.count)...]
            // `ssh host` and `sqlite3 file` alone.
            readsProgram = next + 1 >= argv.count
        case .lines(let valued):
            var next = index + 1
            while next < argv.count, lead(next).hasPrefix("-") { next += valued.contains(lead(next)) ? 2 : 1 }
            lines += argv[min(next, argv.count)...]
        case nil:
            // A program that is not known may start another: `docker run image sh -c …`.
            for next in argv.indices.dropFirst(index + 1) {
                guard let word = argv[next].literalText, case .interpreter(let interpreter)? = Self.kind(word), !interpreter.takesProgram else { continue }
                var inner = self
                inner.read(interpreter, from: next + 1)
                guard inner.lines.count > lines.count else { continue }
                return lines = inner.lines
            }
        }
    }

    /// The text with which a word begins, whatever is evaluated behind it.
    private func lead(_ index: Int) -> String {
        if case .text(let text)? = argv[index].parts.first { text } else { "" }
    }

    private mutating func read(_ interpreter: Interpreter, from start: Int) {
        var index = start
        var hasProgram = false
        while index < argv.count {
            let word = lead(index)
            if let isAttached = interpreter.announces(word) {
                hasProgram = true
                // `-c…` and `--eval=…` in one word.
                if isAttached || argv[index].literalText == nil { lines.append(argv[index]) } else if index + 1 < argv.count { lines.append(argv[index + 1]) }
                // What follows the program of a shell are its arguments.
                if interpreter.isShell { return }
                index += isAttached || argv[index].literalText == nil ? 1 : 2
            } else if interpreter.ending.contains(word) {
                if index + 1 < argv.count, !interpreter.takesProgram { programs.append(argv[index + 1]) }
                return
            } else if interpreter.namesNothing {
                index += 1
            } else if word == "-" || interpreter.isShell && word == "-s" {
                return readsProgram = !hasProgram
            } else if word.hasPrefix("-") || word.hasPrefix("+") {
                index += interpreter.valued.contains(word) ? 2 : 1
            } else {
                if interpreter.takesProgram { if !hasProgram { lines.append(argv[index]) } } else if !hasProgram { programs.append(argv[index]) }
                return
            }
        }
        // `sh`, `python3` and `psql` alone.
        readsProgram = !hasProgram && !interpreter.takesProgram && !interpreter.namesNothing
    }
}

extension CommandAnatomy.Interpreter {
    /// Whether a program stands behind this option, or in it (`--eval=…`); `nil` for any other word.
    fileprivate func announces(_ word: String) -> Bool? {
        if words.contains(word.lowercased()) { return false }
        if let (option, _) = word.cut(at: UInt8(ascii: "=")), words.contains(option.lowercased()) { return true }
        guard word.hasPrefix("-"), !word.hasPrefix("--"), word.count > 1, !letters.isEmpty, !valued.contains(word), !ending.contains(word) else { return nil }
        let cluster = word.dropFirst()
        guard cluster.allSatisfy(\.isLetter) || cluster.dropLast().allSatisfy({ $0.isLetter || $0.isNumber }) else { return nil }
        return (isShell ? cluster.contains(where: letters.contains) : letters.contains(cluster.last!)) ? false : nil
    }
}
